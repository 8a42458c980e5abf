"""Manage vectors."""

import math
from typing import Any

import pytest
from pyspark.ml.linalg import Vectors
from pyspark.sql import SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

OPERATOR = "sagemaker.spark.manage_vectors_0.1"


def assemble(*names: str) -> dict[str, Any]:
    block = {"input_column": list(names), "output_column": "all"}
    return {"operator": "Assemble", "assemble_parameters": block}


def flatten(name: str = "v", **members: Any) -> dict[str, Any]:
    return {
        "operator": "Flatten",
        "flatten_parameters": {"input_column": name, "output_prefix": "p"} | members,
    }


def test_assembles_numbers_and_vectors(spark: SparkSession, apply: Apply) -> None:
    # The example of the documentation: two columns of numbers and one of vectors.
    frame = spark.createDataFrame(
        [(1, 2.5, Vectors.dense(3, 4)), (None, 2.5, Vectors.dense(3, 4))], ["a.b", "c", "v"]
    )
    result = apply(frame, OPERATOR, assemble("a.b", "v", "c"))
    assert result.columns == ["a.b", "c", "v", "all"]
    first, second = (list(row["all"].toArray()) for row in result.collect())
    assert first == [1, 3, 4, 2.5]
    assert math.isnan(second[0])
    assert second[1:] == [3, 4, 2.5]


def test_flattens_to_the_length_of_the_first_vector(spark: SparkSession, apply: Apply) -> None:
    rows = [(None,), ([1.0, 2.0],), ([3.0],), ([4.0, 5.0, 6.0],)]
    frame = spark.createDataFrame(rows, "v array<double>")
    result = apply(frame, OPERATOR, flatten(method="Length of first vector"))
    assert result.columns == ["v", "p_0", "p_1"]
    values = [(str(row.p_0), str(row.p_1)) for row in result.collect()]
    assert values == [("nan", "nan"), ("1.0", "2.0"), ("3.0", "nan"), ("4.0", "5.0")]


def test_flattens_sparse_vectors(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([(Vectors.sparse(3, {1: 7.0}),)], ["v"])
    assert apply(frame, OPERATOR, flatten()).head()[1:] == (0.0, 7.0, 0.0)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (assemble("text"), "`text` is neither a number nor a vector"),
        (flatten("text"), "`text` is neither a vector nor an array of numbers"),
        (flatten("none"), "`none` has no vector"),
        (flatten("none", method="Fixed number"), r"flatten_parameters\.method is not supported"),
    ],
)
def test_refuses_columns(spark: SparkSession, apply: Apply, parameters: dict[str, Any], message: str) -> None:
    frame = spark.createDataFrame([("a", None)], "text string, none array<double>")
    with pytest.raises(FlowError, match=message):
        apply(frame, OPERATOR, parameters)
