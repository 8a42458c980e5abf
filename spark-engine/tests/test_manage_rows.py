"""Manage rows."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

ROWS = "sagemaker.spark.manage_rows_0.1"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"sort_parameters": {"sort_by": "n", "order": "Ascending"}}, [None, 1, 2, 2]),
        ({"sort_parameters": {"conditions": [{"sort_by": "n", "order": "Descending"}]}}, [2, 2, 1, None]),
    ],
)
def test_sorts(
    spark: SparkSession, apply: Apply, parameters: dict[str, Any], expected: list[int | None]
) -> None:
    frame = spark.createDataFrame([(2,), (None,), (1,), (2,)], "n bigint")
    result = apply(frame, ROWS, {"operator": "Sort", **parameters})
    assert [row["n"] for row in result.collect()] == expected


def test_drops_duplicates(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([(2, "a"), (2, "a"), (2, "b")], "n bigint, s string")
    assert apply(frame, ROWS, {"operator": "Drop duplicates"}).count() == 2


def test_drops_rows_without_any_value(spark: SparkSession, apply: Apply) -> None:
    rows = [(None, float("nan"), None), (1, None, None), (None, None, ""), (None, None, None)]
    frame = spark.createDataFrame(rows, "n bigint, `x.y` double, s string")
    result = apply(frame, ROWS, {"operator": "Drop empty", "drop_empty_parameters": {}})
    assert result.collect() == [(1, None, None), (None, None, "")]


def test_refuses_filter(spark: SparkSession, apply: Apply) -> None:
    with pytest.raises(FlowError, match="operator `Filter` is not supported"):
        apply(spark.range(1), ROWS, {"operator": "Filter", "filter_parameters": {}})


def test_shuffles_without_losing_rows(spark: SparkSession, apply: Apply) -> None:
    frame = spark.range(50)
    result = apply(frame, ROWS, {"operator": "Shuffle"})
    shuffled = [row["id"] for row in result.collect()]
    assert result.columns == ["id"]
    assert sorted(shuffled) == list(range(50))
