"""Custom formulas."""

import pytest
from pyspark.sql import SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

FORMULA = "sagemaker.spark.custom_formula_0.1"


def test_computes_a_column(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([(1, 2.5)], "a bigint, b double")
    result = apply(frame, FORMULA, {"output_column": "c", "formula": "a * b"})
    assert result.dtypes == [("a", "bigint"), ("b", "double"), ("c", "double")]
    assert [tuple(row) for row in result.collect()] == [(1, 2.5, 2.5)]


@pytest.mark.parametrize("formula", ["a +", "missing + 1"])
def test_names_the_node_of_a_wrong_formula(spark: SparkSession, apply: Apply, formula: str) -> None:
    frame = spark.createDataFrame([(1,)], "a bigint")
    with pytest.raises(FlowError, match=r"^node node-1 \(sagemaker.spark.custom_formula_0.1\): .*formula"):
        apply(frame, FORMULA, {"output_column": "c", "formula": formula})
