"""Featurize text."""

import json

import pytest
from pyspark.ml.feature import CountVectorizer, Tokenizer
from pyspark.ml.linalg import SparseVector
from pyspark.sql import SparkSession
from stored import stored_model

from conftest import Apply
from spark_engine.errors import FlowError

OPERATOR = "sagemaker.spark.featurize_text_0.1"


def vectorize(**members: object) -> dict[str, object]:
    block: dict[str, object] = {
        "tokenizer": "Standard",
        "vectorizer": "Count Vectorizer",
        "apply_idf": "No",
        "output_format": "Vector",
        "vectorizer_count_vectorizer_parameters": {
            "minimum_term_frequency": 1,
            "minimum_document_frequency": 1,
            "maximum_document_frequency": 0.999,
            "maximum_vocabulary_size": 262144,
            "binarize_count": False,
        },
        "input_column": "text",
    }
    return {
        "operator": "Vectorize",
        "vectorize_parameters": block | members,
        "character_statistics_parameters": {},
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good dog", [2, 8, 0, 0, 6 / 7, 1 / 7]),
        ("A1 #?", [2, 5, 2 / 4, 1 / 4, 0, 1 / 4]),
        ("Ünï_ß²", [1, 6, 0, 1 / 6, 3 / 6, 1 / 6]),
        ("", [0, 0, 0, 0, 0, 0]),
        ("  \n", [0, 3, 0, 0, 0, 0]),
    ],
)
def test_counts_characters(spark: SparkSession, apply: Apply, text: str, expected: list[float]) -> None:
    frame = spark.createDataFrame([(text,)], "text string")
    parameters = {
        "operator": "Character statistics",
        "character_statistics_parameters": {"input_column": "text"},
    }
    result = apply(frame, OPERATOR, parameters)
    names = ["word_count", "char_count", "special_ratio", "digit_ratio", "lower_ratio", "capital_ratio"]
    assert result.columns == ["text", *(f"text__{name}" for name in names)]
    assert list(result.head()[1:]) == pytest.approx(expected)


def test_names_statistics_with_a_prefix(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("a", "b")], "one string, `t.wo` string")
    block = {"input_column": ["one", "t.wo"], "output_column_prefix": "s"}
    parameters = {"operator": "Character statistics", "character_statistics_parameters": block}
    result = apply(frame, OPERATOR, parameters)
    assert [result.columns[2], result.columns[8]] == ["s_one_word_count", "s_t_wo_word_count"]


def test_refuses_statistics_of_missing_text(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("a",), (None,)], "text string")
    parameters = {
        "operator": "Character statistics",
        "character_statistics_parameters": {"input_column": "text"},
    }
    with pytest.raises(FlowError, match=r"node-1 .*`text` has missing values.*fill them first"):
        apply(frame, OPERATOR, parameters)


def test_counts_words_in_a_vector(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("Good dog good",), ("bad dog",), (None,)], "text string")
    result = apply(frame, OPERATOR, vectorize(output_column="vector"))
    assert result.columns == ["text", "vector"]
    # Spark takes an empty text for one empty word.
    assert [sorted(row.vector.toArray(), reverse=True) for row in result.collect()] == [
        [2, 1, 0, 0],
        [1, 1, 0, 0],
        [1, 0, 0, 0],
    ]
    assert [row.text for row in result.collect()] == ["Good dog good", "bad dog", ""]


def test_counts_words_in_columns(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("good dog good",), ("bad dog",), ("x",)], "text string")
    result = apply(frame, OPERATOR, vectorize(output_format="Columns"))
    assert {*result.columns} == {
        "text",
        "text_features_good",
        "text_features_dog",
        "text_features_bad",
        "text_features_x",
    }
    assert [row.text_features_good for row in result.collect()] == [2.0, 0.0, 0.0]
    assert [row.text_features_dog for row in result.collect()] == [1.0, 1.0, 0.0]


def test_weighs_words_by_inverse_document_frequency(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("good dog",), ("dog",), ("dog",), ("x",)], "text string")
    parameters = vectorize(
        apply_idf="Yes", apply_idf_yes_parameters={"minimum_document_frequency": 2}, output_format="Columns"
    )
    row = apply(frame, OPERATOR, parameters).head()
    # Spark: log((documents + 1) / (documents with the word + 1)), and 0 for words in too few documents.
    assert row.text_features_dog == pytest.approx(0.22314355131420976, abs=1e-15)
    assert row.text_features_good == 0.0


def test_hashes_words(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("a a b",)], "text string")
    parameters = vectorize(
        vectorizer="Hashing", vectorizer_hashing_parameters={"number_of_features": 20}, output_column="text"
    )
    result = apply(frame, OPERATOR, parameters)
    assert result.columns == ["text"]
    assert isinstance(result.head().text, SparseVector)
    assert result.head().text.size == 20
    assert sum(result.head().text.toArray()) == 3


def test_splits_words_with_a_pattern(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("Red,Red,a",), ("red",), ("z",)], "text string")
    custom = {
        "minimum_token_length": 2,
        "gaps": True,
        "pattern": ",",
        "lowercase_before_tokenization": False,
    }
    parameters = vectorize(tokenizer="Custom", tokenizer_custom_parameters=custom, output_format="Columns")
    result = apply(frame, OPERATOR, parameters)
    assert {*result.columns} == {"text", "text_features_Red", "text_features_red"}


def test_uses_the_trained_vocabulary(spark: SparkSession, apply: Apply) -> None:
    known = spark.createDataFrame([("apple apple pear",)], "t string")
    words = Tokenizer(inputCol="t", outputCol="w").transform(known)
    model = stored_model(CountVectorizer(inputCol="w", outputCol="v").fit(words))
    trained = json.loads(json.dumps({"vectorize_parameters": {"_hash": 1, "vectorizer_model": model}}))
    frame = spark.createDataFrame([("pear plum",)], "text string")
    result = apply(frame, OPERATOR, vectorize(output_format="Columns"), trained)
    assert result.columns == ["text", "text_features_apple", "text_features_pear"]
    assert result.head()[1:] == (0.0, 1.0)
    refitted = apply(
        frame, OPERATOR, vectorize(output_format="Columns", vectorizer_count_vectorizer_parameters={})
    )
    assert {*refitted.columns} == {"text", "text_features_pear", "text_features_plum"}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"tokenizer": "Other"}, "tokenizer `Other` is not supported"),
        (
            {"vectorizer": "Hashing", "output_format": "Columns"},
            "Columns needs the vectorizer Count Vectorizer",
        ),
        (
            {"tokenizer": "Custom", "tokenizer_custom_parameters": {"pattern": "("}},
            "is no regular expression",
        ),
        ({"input_column": "number"}, "`number` is not a column of text; cast it"),
    ],
)
def test_refuses_what_cannot_be_vectorized(
    spark: SparkSession, apply: Apply, members: dict[str, object], message: str
) -> None:
    frame = spark.createDataFrame([("a", 1)], "text string, number int")
    with pytest.raises(FlowError, match=message):
        apply(frame, OPERATOR, vectorize(**members))


def test_names_the_model_that_cannot_be_read(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("a",)], "text string")
    with pytest.raises(FlowError, match="the trained vectorizer_model cannot be read; train the node again"):
        apply(frame, OPERATOR, vectorize(), {"vectorize_parameters": {"vectorizer_model": "no model"}})
