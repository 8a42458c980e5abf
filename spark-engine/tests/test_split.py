"""Split data and sampling."""

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

OPERATOR = "sagemaker.spark.split_0.1"
SAMPLING = "sagemaker.spark.sampling_0.1"
TWO = [{"name": "Train", "percentage": 0.8}, {"name": "Test", "percentage": 0.2}]
THREE = [
    {"name": "Train", "percentage": 0.7},
    {"name": "Test", "percentage": 0.2},
    {"name": "Validate", "percentage": 0.1},
]
BLOCKS = {
    "Randomized split": "randomized_split_parameters",
    "Ordered split": "ordered_split_parameters",
    "Stratified split": "stratified_split_parameters",
    "Split by key": "split_by_key_parameters",
}


def split(kind: str, **members: Any) -> dict[str, Any]:
    return {"operator": kind, BLOCKS[kind]: {"splits": TWO, "error": 0} | members}


def ids(frame: DataFrame) -> list[int]:
    return [row.id for row in frame.collect()]


def test_splits_at_random_without_overlap(spark: SparkSession, apply: Apply) -> None:
    frame = spark.range(1000)
    parts = apply(frame, OPERATOR, split("Randomized split", splits=THREE, error=0.0001))
    assert list(parts) == ["default", "Train", "Test", "Validate"]
    assert ids(parts["default"]) == ids(parts["Train"])
    sizes = [parts[name].count() for name in ("Train", "Test", "Validate")]
    assert sizes == pytest.approx([700, 200, 100], abs=1)
    assert sorted(ids(parts["Train"]) + ids(parts["Test"]) + ids(parts["Validate"])) == list(range(1000))


def test_repeats_a_split_with_the_same_seed(spark: SparkSession, apply: Apply) -> None:
    frame = spark.range(200)
    default = ids(apply(frame, OPERATOR, split("Randomized split"))["Train"])
    assert ids(apply(frame, OPERATOR, split("Randomized split"))["Train"]) == default
    assert ids(apply(frame, OPERATOR, split("Randomized split", seed=838257247))["Train"]) == default
    assert ids(apply(frame, OPERATOR, split("Randomized split", seed=7))["Train"]) != default


def test_splits_by_the_order_of_rows(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([(9,), (8,), (7,), (6,), (5,)], "id int").coalesce(1)
    parts = apply(frame, OPERATOR, split("Ordered split"))
    assert ids(parts["Train"]) == [9, 8, 7, 6]
    assert ids(parts["Test"]) == [5]


def test_splits_by_the_order_of_a_column(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([(9,), (8,), (7,), (6,), (5,)], "id int")
    parts = apply(frame, OPERATOR, split("Ordered split", input_column="id"))
    assert ids(parts["Train"]) == [8, 7, 6, 5]
    assert ids(parts["Test"]) == [9]


def test_splits_equal_values_only_if_asked(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([(1,)] * 10, "id int")
    with pytest.raises(FlowError, match=r"the part Test of the split is empty; .*handle duplicates"):
        apply(frame, OPERATOR, split("Ordered split", input_column="id"))
    parts = apply(frame, OPERATOR, split("Ordered split", input_column="id", handle_duplicates=True))
    assert parts["Train"].count() == 8


def test_splits_each_stratum(spark: SparkSession, apply: Apply) -> None:
    # The example of the documentation: about 80 % of the 1s, of the 2s and of the 3s are in the first part.
    values = [1] * 10 + [2] * 20 + [3] * 30
    frame = spark.createDataFrame([*enumerate(values)], "id int, value int")
    parts = apply(frame, OPERATOR, split("Stratified split", input_column="value"))
    counted = {row.value: row["count"] for row in parts["Train"].groupBy("value").count().collect()}
    assert counted == {1: 8, 2: 16, 3: 24}
    assert parts["Train"].columns == ["id", "value"]
    assert sorted(ids(parts["Train"]) + ids(parts["Test"])) == list(range(60))


def test_keeps_rows_of_a_key_together(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([(number, number % 50) for number in range(500)], "id int, customer int")
    parts = apply(frame, OPERATOR, split("Split by key", key_columns=["customer"]))
    train, test = ({row.customer for row in parts[name].collect()} for name in ("Train", "Test"))
    assert not train & test
    assert len(train) == 40
    assert len(test) == 10


@pytest.mark.parametrize(
    ("kind", "members", "message"),
    [
        ("Randomized split", {"splits": TWO[:1]}, "has 1 parts, but must have 2 or 3"),
        ("Randomized split", {"splits": [TWO[0], TWO[0]]}, "are not unique"),
        ("Randomized split", {"splits": [TWO[0], {"name": "default", "percentage": 0.2}]}, "is `default`"),
        ("Randomized split", {"splits": [TWO[0], {"name": "b", "percentage": 0.3}]}, "sum to 1"),
        ("Randomized split", {"error": -1}, "error is negative"),
        ("Ordered split", {"input_column": "text"}, "`text` is no column of numbers"),
        ("Ordered split", {"input_column": "gap"}, "`gap` has missing values, whose rows no part would get"),
        ("Stratified split", {"input_column": "gap"}, "`gap` has missing values"),
        ("Split by key", {"key_columns": []}, "key_columns is missing"),
    ],
)
def test_refuses_splits(
    spark: SparkSession, apply: Apply, kind: str, members: dict[str, Any], message: str
) -> None:
    frame = spark.createDataFrame([("a", None), ("b", 1)], "text string, gap int")
    with pytest.raises(FlowError, match=message):
        apply(frame, OPERATOR, split(kind, **members))


def test_refuses_too_many_strata(spark: SparkSession, apply: Apply) -> None:
    with pytest.raises(FlowError, match="`id` has 1001 values, and Data Wrangler supports 1000 strata"):
        apply(spark.range(1001), OPERATOR, split("Stratified split", input_column="id"))


def test_samples_the_first_rows(spark: SparkSession, apply: Apply) -> None:
    parameters = {"operator": "Limit", "limit_parameters": {"limit_rows": 3}}
    assert ids(apply(spark.range(10), SAMPLING, parameters)) == [0, 1, 2]


def test_samples_at_random(spark: SparkSession, apply: Apply) -> None:
    parameters = {"operator": "Randomized", "randomized_parameters": {"sample_size": 100, "seed": 3}}
    sampled = ids(apply(spark.range(1000), SAMPLING, parameters))
    assert ids(apply(spark.range(1000), SAMPLING, parameters)) == sampled
    assert len(sampled) == pytest.approx(100, abs=30)
    parameters["randomized_parameters"] = {"sample_size": 5000}
    assert apply(spark.range(1000), SAMPLING, parameters).count() == 1000


def test_samples_each_stratum(spark: SparkSession, apply: Apply) -> None:
    frame = spark.range(1000).selectExpr("id", "if(id < 100, null, 'big') as size")
    block = {"sample_size": 500, "stratify_column": "size", "seed": 1}
    sampled = apply(frame, SAMPLING, {"operator": "Stratified", "stratified_parameters": block})
    counted = {row.size: row["count"] for row in sampled.groupBy("size").count().collect()}
    assert counted == {None: 50, "big": 450}


def test_refuses_unknown_members_of_a_sample(spark: SparkSession, apply: Apply) -> None:
    parameters = {"operator": "Limit", "limit_parameters": {"limit_rows": 3, "other": 1}}
    with pytest.raises(FlowError, match=r"parameters\.limit_parameters\.other is not supported"):
        apply(spark.range(10), SAMPLING, parameters)
