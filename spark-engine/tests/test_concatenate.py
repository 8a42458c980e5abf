"""Concatenation."""

import pytest
from pyspark.sql import SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

CONCATENATE = "sagemaker.spark.concatenate_0.1"


def test_appends_rows_by_column_names(spark: SparkSession, apply: Apply) -> None:
    left = spark.createDataFrame([(1, "a")], "n bigint, s string")
    right = spark.createDataFrame([("b", 2), ("a", 1)], "s string, n bigint")
    result = apply([left, right], CONCATENATE, {"remove_duplicates": False})
    assert [tuple(row) for row in result.collect()] == [(1, "a"), (2, "b"), (1, "a")]


@pytest.mark.parametrize("schema", ["n string, s string", "n bigint", "n bigint, s string, t string"])
def test_refuses_sides_that_differ(spark: SparkSession, apply: Apply, schema: str) -> None:
    left = spark.createDataFrame([], "n bigint, s string")
    with pytest.raises(FlowError, match=r"the sides differ in columns or their types \(1 differ\)"):
        apply([left, spark.createDataFrame([], schema)], CONCATENATE, {})


def test_refuses_options_by_name(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([], "n bigint")
    with pytest.raises(FlowError, match=r"parameters.remove_duplicates is not supported"):
        apply([frame, frame], CONCATENATE, {"remove_duplicates": True})
