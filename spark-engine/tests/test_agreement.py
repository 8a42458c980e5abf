"""Both engines agree on everything that both support.

The native engine's tests compare it with the files of `crates/flow-engine/tests/oracle`. Here, the Spark
engine computes the same files.
"""

import json

import pytest
from pyspark.sql import SparkSession

from cases import FIXTURES, run

CASES = sorted(path.name.removesuffix(".case.json") for path in FIXTURES.glob("*.case.json"))


@pytest.mark.parametrize("name", CASES)
def test_computes_what_the_native_engine_computes(spark: SparkSession, name: str) -> None:
    # Without compiled queries, duplicates are found in another order.
    compiled = "true" if name.startswith("drop-duplicate") else "false"
    spark.conf.set("spark.sql.codegen.wholeStage", compiled)
    spark.conf.set("spark.sql.codegen.factoryMode", "FALLBACK" if compiled == "true" else "NO_CODEGEN")
    case = json.loads((FIXTURES / f"{name}.case.json").read_text())
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text())
    assert run(spark, case) == expected
