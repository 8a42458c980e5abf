"""A Spark session for all tests of a process, and a helper that applies one operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_engine import session
from spark_engine.clock import Clock
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, Result, registered

Apply = Callable[..., Any]


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    started = session.start(master="local[1]", memory="1g", partitions=1)
    # Compiling queries takes longer than running them on a few rows.
    started.conf.set("spark.sql.codegen.wholeStage", "false")
    started.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    yield started
    started.stop()


@pytest.fixture
def apply(spark: SparkSession) -> Apply:
    """Return a function that applies an operator to a frame or a list of frames."""

    def run(
        frame: DataFrame | list[DataFrame],
        operator: str,
        parameters: dict[str, Any],
        trained: Any = None,
        *,
        refit: bool = False,
        clock: Clock | None = None,
    ) -> Result:
        found = registered(operator)
        assert found is not None, f"no operator {operator}"
        frames = frame if isinstance(frame, list) else [frame]
        read = Parameters("node-1", operator, parameters, trained=None if refit else trained)
        return found.apply(frames, read, Context(spark, refit=refit, clock=clock))

    return run
