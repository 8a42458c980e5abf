"""Balance data."""

from typing import Any

import pytest
from pyspark.ml.linalg import Vectors
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

OPERATOR = "sagemaker.spark.balance_data_0.1"


def balance(kind: str, ratio: float = 1, **smote: Any) -> dict[str, Any]:
    return {"operator": kind, "ratio": ratio, "smote_params": smote, "target_column": "fraud"}


def frauds(spark: SparkSession) -> DataFrame:
    """Return 20 rows without fraud and 4 with it."""
    rows = [(at, 0.0, "no", 0) for at in range(20)]
    rows += [(20, 1.0, "a", 1), (21, 2.0, "b", 1), (22, 4.0, "a", 1), (23, 8.0, "b", 1)]
    return spark.createDataFrame(rows, "id int, amount double, kind string, fraud long").coalesce(1)


def test_repeats_rows_of_the_smaller_class(spark: SparkSession, apply: Apply) -> None:
    rows = apply(frauds(spark), OPERATOR, balance("Random oversample", 0.5)).collect()
    assert [row.id for row in rows[:24]] == list(range(24))
    # 6 more rows: each once, and two of them once more.
    added = [row.id for row in rows[24:]]
    assert sorted(added[:4]) == [20, 21, 22, 23]
    assert added[4:] == added[:2]
    assert apply(frauds(spark), OPERATOR, balance("Random oversample", 0.5)).collect() == rows


def test_removes_rows_of_the_larger_class(spark: SparkSession, apply: Apply) -> None:
    rows = apply(frauds(spark), OPERATOR, balance("Random undersample", 0.8)).collect()
    ids = [row.id for row in rows]
    # 4 / 0.8 rows without fraud stay, in the order of the data.
    assert len(ids) == 9
    assert ids == sorted(ids)
    assert ids[5:] == [20, 21, 22, 23]
    assert apply(frauds(spark), OPERATOR, balance("Random undersample", 0.8)).collect() == rows


@pytest.mark.parametrize("normalize", [False, True])
def test_adds_rows_between_neighbors(spark: SparkSession, apply: Apply, normalize: bool) -> None:
    parameters = balance("SMOTE", num_neighbors=2, normalize=normalize)
    result = apply(frauds(spark), OPERATOR, parameters)
    assert result.dtypes == [("id", "int"), ("amount", "float"), ("kind", "string"), ("fraud", "float")]
    rows = result.collect()
    assert len(rows) == 40
    for row in rows[24:]:
        assert 1 <= row.amount <= 8
        assert row.kind in ("a", "b")
        assert row.id in (20, 21, 22, 23)
        assert row.fraud == 1
    assert len({row.amount for row in rows[24:]}) == 16
    assert apply(frauds(spark), OPERATOR, parameters).collect() == rows


def test_imputes_missing_numbers_only_for_distances(spark: SparkSession, apply: Apply) -> None:
    frame = frauds(spark).selectExpr(
        "id", "if(id = 20, null, amount) as amount", "id * 1.0D as other", "fraud"
    )
    rows = apply(frame, OPERATOR, balance("SMOTE")).collect()
    assert len(rows) == 40
    assert any(row.amount is None for row in rows[24:])
    assert all(20 <= row.other <= 23 for row in rows[24:])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (balance("Random oversample", 0.2), "`fraud` already has the ratio 0.2"),
        (balance("Random undersample", 1.5), "ratio must be above 0 and at most 1"),
        (balance("Random oversample") | {"target_column": "id"}, "`id` must have two different values"),
        (
            balance("Random oversample") | {"target_column": "gap"},
            "`gap` must have two different values, and none",
        ),
        (balance("SMOTE", num_neighbors=0), "num_neighbors must be at least 1"),
        (balance("Other"), "operator `Other` is not supported"),
    ],
)
def test_refuses_what_cannot_be_balanced(
    spark: SparkSession, apply: Apply, parameters: dict[str, Any], message: str
) -> None:
    frame = frauds(spark).selectExpr("*", "if(id < 5, null, 1) as gap")
    with pytest.raises(FlowError, match=message):
        apply(frame, OPERATOR, parameters)


def test_refuses_to_interpolate_vectors_or_text_alone(spark: SparkSession, apply: Apply) -> None:
    text = frauds(spark).selectExpr("kind", "cast(fraud as string) as fraud")
    with pytest.raises(FlowError, match="SMOTE needs a column of numbers"):
        apply(text, OPERATOR, balance("SMOTE"))
    vectors = spark.createDataFrame(
        [(1, Vectors.dense(1)), (0, Vectors.dense(2)), (0, Vectors.dense(2))], ["fraud", "v"]
    )
    with pytest.raises(FlowError, match="`v` is a vector"):
        apply(vectors, OPERATOR, balance("SMOTE"))
