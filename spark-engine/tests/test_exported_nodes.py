"""Nodes in the forms that Data Wrangler and Canvas export."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply

NODES = json.loads((Path(__file__).parent / "fixtures" / "nodes.json").read_text())
ROWS = 12
START = datetime(2020, 1, 1)


def value(kind: str, row: int) -> Any:
    """Return a value. A column of whole numbers is 0 in the first four rows, and 1 in the others."""
    return {
        "timestamp": START + timedelta(hours=row),
        "bigint": int(row >= 4),
        "double": float(row * row),
        "string": f"word {row % 3}",
    }[kind]


def rows(spark: SparkSession, schema: str) -> DataFrame:
    kinds = [field.split()[1] for field in schema.split(", ")]
    return spark.createDataFrame([tuple(value(kind, row) for kind in kinds) for row in range(ROWS)], schema)


@pytest.mark.parametrize("node", NODES, ids=[f"{at}-{node['operator']}" for at, node in enumerate(NODES)])
def test_runs_the_node(spark: SparkSession, apply: Apply, node: dict[str, Any]) -> None:
    frame = rows(spark, node["schema"])
    result = apply(frame, node["operator"], node["parameters"])
    parts = result if isinstance(result, Mapping) else {"default": result}
    for part in parts.values():
        assert part.columns == [*frame.columns, *node["adds"]]
        assert part.count() > 0
