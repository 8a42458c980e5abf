"""Dimensionality reduction."""

from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from conftest import Apply
from spark_engine.errors import FlowError

OPERATOR = "sagemaker.spark.dimensionality_reduction_0.1"
ROWS = [(1.0, 2.1, 9.0), (2.0, 3.9, 1.0), (3.0, 6.2, 5.0), (4.0, 7.8, 2.0), (5.0, 10.1, 7.0)]


def pca(**members: Any) -> dict[str, Any]:
    block = {"input_column": ["a", "b", "c"], "output_format": "Columns", "output_column": "p"} | members
    return {"operator": "PCA", "pca_parameters": block}


def test_computes_as_many_components_as_explain_enough(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("x", *row) for row in ROWS], ["id", "a", "b", "c"])
    result = apply(frame, OPERATOR, pca())
    # Two of the columns say nearly the same, so two components explain more than 95 %.
    assert result.columns == ["id", "p_0", "p_1"]
    expected = PCA(n_components=2).fit_transform(StandardScaler().fit_transform(np.array(ROWS)))
    # Spark divides by the deviation of a sample, and a component may have either sign.
    expected *= np.sqrt((len(ROWS) - 1) / len(ROWS))
    got = np.array([row[1:] for row in result.collect()])
    assert np.abs(got) == pytest.approx(np.abs(expected), abs=1e-12)


def test_obeys_the_threshold_of_the_variance(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame(ROWS, ["a", "b", "c"])
    assert apply(frame, OPERATOR, pca(variance_threshold_percentage=100)).columns == ["p_0", "p_1", "p_2"]
    assert apply(frame, OPERATOR, pca(variance_threshold_percentage=50)).columns == ["p_0"]


def test_obeys_the_number_of_components(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame(ROWS, ["a", "b", "c"])
    parameters = pca(
        number_of_principal_components=1,
        output_format="Vector",
        keep_input_columns=True,
        center=False,
        scale=False,
    )
    result = apply(frame, OPERATOR, parameters)
    assert result.columns == ["a", "b", "c", "p"]
    data = np.array(ROWS)
    axis = np.linalg.eigh(np.cov(data.T))[1][:, -1]
    got = [row.p.toArray()[0] for row in result.collect()]
    assert np.abs(got) == pytest.approx(np.abs(data @ axis), abs=1e-12)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"number_of_principal_components": 4}, "must be from 1 to 3"),
        ({"variance_threshold_percentage": 101}, "must be above 0 and at most 100"),
        ({"output_column": ""}, "output_column is missing"),
        ({"input_column": ["a", "gap"]}, "`gap` has missing values"),
        ({"other": 1}, r"pca_parameters\.other is not supported"),
    ],
)
def test_refuses_what_has_no_components(
    spark: SparkSession, apply: Apply, members: dict[str, Any], message: str
) -> None:
    frame = spark.createDataFrame([(*row, None) for row in ROWS], "a double, b double, c double, gap double")
    with pytest.raises(FlowError, match=message):
        apply(frame, OPERATOR, pca(**members))
