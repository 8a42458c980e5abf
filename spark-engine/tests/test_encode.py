"""Encode categorical. The expected values follow from Spark ML's documentation of its indexer and encoder."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.ml.linalg import SparseVector
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

ENCODE_CATEGORICAL = "sagemaker.spark.encode_categorical_0.1"
NAN = float("nan")
# A StringIndexerModel of Spark, with the labels Oslo, Bern and Lima.
MODELS = json.loads((Path(__file__).parents[2] / "crates/flow-engine/tests/oracle/models.json").read_text())
MODEL = MODELS["StringIndexerModel"]


@pytest.fixture
def cities(spark: SparkSession) -> DataFrame:
    rows = [(1, "Rom"), (2, "Oslo"), (3, None), (4, "Rom"), (5, "")]
    return spark.createDataFrame(rows, "id long, city string")


def ordinal(**settings: Any) -> dict[str, Any]:
    return {"operator": "Ordinal encode", "ordinal_encode_parameters": {"input_column": "city", **settings}}


def one_hot(**settings: Any) -> dict[str, Any]:
    return {"operator": "One-hot encode", "one_hot_encode_parameters": {"input_column": "city", **settings}}


def similarity(**settings: Any) -> dict[str, Any]:
    block = {"input_column": "city", **settings}
    return {"operator": "Similarity encode", "similarity_encode_parameters": block}


def rows(frame: DataFrame) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame.collect()]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("Keep", [0, 2, 3, 0, 1]),
        ("Skip", [0, 2, 0, 1]),
        ("Replace with NaN", [0, 2, NAN, 0, 1]),
    ],
)
def test_numbers_labels(apply: Apply, cities: DataFrame, strategy: str, expected: list[float]) -> None:
    result = apply(cities, ENCODE_CATEGORICAL, ordinal(invalid_handling_strategy=strategy))
    assert [city for _, city in rows(result)] == pytest.approx(expected, nan_ok=True)


def test_uses_trained_labels(apply: Apply, cities: DataFrame) -> None:
    trained = {"ordinal_encode_parameters": {"string_indexer_model": MODEL}}
    parameters = ordinal(invalid_handling_strategy="Keep", output_column="number")
    result = apply(cities, ENCODE_CATEGORICAL, parameters, trained)
    assert [row.number for row in result.collect()] == [3, 0, 3, 3, 3]
    result = apply(cities, ENCODE_CATEGORICAL, parameters, trained, refit=True)
    assert [row.number for row in result.collect()] == [0, 2, 3, 0, 1]


def test_makes_a_column_of_each_label(apply: Apply, cities: DataFrame) -> None:
    parameters = one_hot(invalid_handling_strategy="Keep", drop_last=False, output_style="Columns")
    result = apply(cities, ENCODE_CATEGORICAL, parameters)
    assert result.columns == ["id", "city_Rom", "city_Oslo"]
    assert rows(result) == [(1, 1, 0), (2, 0, 1), (3, 0, 0), (4, 1, 0), (5, 0, 0)]


def test_keeps_the_input_of_another_output(apply: Apply, cities: DataFrame) -> None:
    parameters = one_hot(
        invalid_handling_strategy="Skip", drop_last=False, output_style="Columns", output_column="c"
    )
    result = apply(cities, ENCODE_CATEGORICAL, parameters)
    assert result.columns == ["id", "city", "c_Rom", "c_Oslo"]
    assert rows(result) == [(1, "Rom", 1, 0), (2, "Oslo", 0, 1), (4, "Rom", 1, 0)]


def test_encodes_several_columns_with_trained_labels(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([("Lima", "x"), ("Oslo", "y")], "city string, `t.u` string")
    trained = {"one_hot_encode_parameters": [{"input_column": "city", "string_indexer_model": MODEL}]}
    parameters = one_hot(
        input_column=["city", "t.u"],
        invalid_handling_strategy="Keep",
        drop_last=False,
        output_style="Columns",
    )
    result = apply(frame, ENCODE_CATEGORICAL, parameters, trained)
    assert result.columns == ["city_Oslo", "city_Bern", "city_Lima", "t_u_x", "t_u_y"]
    assert rows(result) == [(0, 0, 1, 1, 0), (1, 0, 0, 0, 1)]


def test_makes_vectors_by_default(apply: Apply, cities: DataFrame) -> None:
    result = apply(cities, ENCODE_CATEGORICAL, one_hot(invalid_handling_strategy="Keep"))
    assert result.columns == ["id", "city"]
    missing = SparseVector(2, [], [])
    rom, oslo = SparseVector(2, [0], [1.0]), SparseVector(2, [1], [1.0])
    assert rows(result) == [(1, rom), (2, oslo), (3, missing), (4, rom), (5, missing)]


def test_appends_vectors_under_a_name(apply: Apply, cities: DataFrame) -> None:
    parameters = one_hot(invalid_handling_strategy="Keep", drop_last=False, output_column="v")
    result = apply(cities, ENCODE_CATEGORICAL, parameters)
    assert result.columns == ["id", "city", "v"]
    assert result.collect()[2].v == SparseVector(3, [2], [1.0])


def test_encodes_numbers_of_labels(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([(0.0,), (2.0,), (1.0,)], "city double")
    parameters = one_hot(input_already_ordinal_encoded=True, drop_last=False, output_style="Columns")
    result = apply(frame, ENCODE_CATEGORICAL, parameters)
    assert result.columns == ["city_0", "city_1", "city_2"]
    assert rows(result) == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]


def test_gives_similar_texts_similar_numbers(apply: Apply, spark: SparkSession) -> None:
    names = ["California", "Calfornia", "Main", "california ", None, ""]
    frame = spark.createDataFrame([(name,) for name in names], "city string")
    parameters = similarity(target_dimension=20, output_style="Vector", output_column="e")
    embeddings = [row.e for row in apply(frame, ENCODE_CATEGORICAL, parameters).collect()]
    assert all(len(numbers) == 20 and all(-1 <= n <= 1 for n in numbers) for numbers in embeddings)

    def equal(left: int, right: int) -> int:
        return sum(a == b for a, b in zip(embeddings[left], embeddings[right], strict=True))

    assert equal(0, 1) > equal(0, 2)
    assert equal(4, 5) == 20
    assert [row.e for row in apply(frame, ENCODE_CATEGORICAL, parameters).collect()] == embeddings


def test_makes_columns_of_the_similarity(apply: Apply, cities: DataFrame) -> None:
    result = apply(cities, ENCODE_CATEGORICAL, similarity(target_dimension="2", output_style="Columns"))
    assert result.dtypes[2:] == [("city_0", "double"), ("city_1", "double")]
    result = apply(cities, ENCODE_CATEGORICAL, similarity())
    assert result.dtypes == [("id", "bigint"), ("city", "array<double>")]
    assert len(result.first().city) == 30


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (ordinal(), "`city` has a value that is null or has no label; choose another invalid_handling"),
        (one_hot(invalid_handling_strategy="Error"), "`city` has a value that is null or has no label"),
        (ordinal(invalid_handling_strategy="Keep", output_column="ID"), "the column `ID` already exists"),
        (one_hot(invalid_handling_strategy="Replace with NaN"), "`Replace with NaN` is not supported"),
        (one_hot(input_column="list"), "`list` is a array<int>, but only strings and numbers have labels"),
        (one_hot(output_style="Matrix"), "output_style `Matrix` is not supported"),
        (
            one_hot(input_column="id", input_already_ordinal_encoded=True),
            "is set, but the column `id` has null or negative values",
        ),
        (similarity(input_column="id"), "`id` is a bigint, but only strings have a similarity"),
        (similarity(target_dimension=0), "target_dimension must be at least 1"),
        (ordinal(order="alphabetical"), "order is not supported"),
        ({"operator": "Target encode"}, "operator `Target encode` is not supported"),
    ],
)
def test_refuses(apply: Apply, spark: SparkSession, parameters: dict[str, Any], message: str) -> None:
    frame = spark.createDataFrame([(-1, None, [1])], "id long, city string, list array<int>")
    with pytest.raises(FlowError, match=message):
        apply(frame, ENCODE_CATEGORICAL, parameters)


@pytest.mark.parametrize("model", ["not base 85", "", 7, MODELS["MaxAbsScalerModel"]])
def test_refuses_models_that_are_no_indexers(apply: Apply, cities: DataFrame, model: Any) -> None:
    trained = {"ordinal_encode_parameters": {"string_indexer_model": model}}
    with pytest.raises(FlowError, match="the trained string_indexer_model cannot be read; train the node"):
        apply(cities, ENCODE_CATEGORICAL, ordinal(), trained)


def test_refuses_columns_of_ids(apply: Apply, spark: SparkSession) -> None:
    frame = spark.range(10_001).withColumnRenamed("id", "city")
    with pytest.raises(FlowError, match="`city` has 10001 labels; the limit is 10000"):
        apply(frame, ENCODE_CATEGORICAL, one_hot(output_style="Columns"))
