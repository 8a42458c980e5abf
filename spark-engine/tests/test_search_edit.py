"""Search and edit. The expected values follow from AWS's documentation, and from Spark and pandas."""

from typing import Any

import pytest
from pyspark.sql import SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

SEARCH_AND_EDIT = "sagemaker.spark.search_and_edit_0.1"


def edit(choice: str, block: str, **settings: Any) -> dict[str, Any]:
    return {"operator": choice, f"{block}_parameters": {"input_column": "t", **settings}}


def replace(**settings: Any) -> dict[str, Any]:
    return edit("Find and replace substring", "find_and_replace_substring", **settings)


@pytest.mark.parametrize(
    ("parameters", "text", "expected"),
    [
        (replace(pattern="\\?", replacement=""), "a?b?", "ab"),
        (replace(pattern="\\?"), "a?", "a"),
        (replace(pattern="(\\d+)-(\\d+)", replacement="$2/$1"), "on 3-12", "on 12/3"),
        (edit("Split string by delimiter", "split_string_by_delimiter"), "a  b c", ["a", "b", "c"]),
        (
            edit("Split string by delimiter", "split_string_by_delimiter", delimiter=".", limit="2"),
            "a.b.c",
            ["a", "b.c"],
        ),
        (edit("Find substring", "find_substring", needle="an"), "banana", 1.0),
        (edit("Find substring", "find_substring", needle="an", start_index=2, end_index="5"), "banana", 3.0),
        (edit("Find substring", "find_substring", needle="x"), "banana", -1.0),
        (edit("Find substring (from right)", "find_substring_from_right", needle="a"), "banana", 5.0),
        (
            edit("Find substring (from right)", "find_substring_from_right", needle="a", end_index=-1),
            "banana",
            3.0,
        ),
        (edit("Matches", "matches", pattern="b.n", case=True), "banana", True),
        (edit("Matches", "matches", pattern="B.N", case=True), "banana", False),
        (edit("Matches", "matches", pattern="B.N", case=False), "banana", True),
        (edit("Matches", "matches", pattern="nan", case=True), "banana", False),
        (edit("Find all occurrences", "find_all_occurrences", pattern="a."), "banana", ["an", "an"]),
        (edit("Find all occurrences", "find_all_occurrences", pattern="(.)a"), "banana", ["b", "n", "n"]),
        (edit("Extract using regex", "extract_using_regex", pattern="\\d+"), "no 12", "12"),
        (edit("Extract using regex", "extract_using_regex", pattern="(\\d)(\\d)"), "no 12", "1"),
        (edit("Extract using regex", "extract_using_regex", pattern="(\\d)(\\d)", index=2), "no 12", "2"),
        (edit("Extract using regex", "extract_using_regex", pattern="x"), "no 12", ""),
        (
            edit(
                "Extract between delimiters",
                "extract_between_delimiters",
                left_delimiter="(",
                right_delimiter=")",
            ),
            "f(g(x))y",
            "g(x)",
        ),
        (
            edit("Extract from position", "extract_from_position", start_position=2, length=3),
            "abcdef",
            "bcd",
        ),
        (
            edit(
                "Replace between delimiters",
                "replace_between_delimiters",
                left_delimiter="[",
                right_delimiter="]",
                replacement="$9.",
            ),
            "a[b]c",
            "a[$9.]c",
        ),
        (
            edit(
                "Replace between delimiters",
                "replace_between_delimiters",
                left_delimiter="<",
                right_delimiter=">",
                replacement="x",
            ),
            "no delimiters",
            "no delimiters",
        ),
        (
            edit(
                "Replace from position",
                "replace_from_position",
                start_position=2,
                length=2,
                replacement="--",
            ),
            "abcd",
            "a--d",
        ),
        (
            edit(
                "Replace from position", "replace_from_position", start_position=1, length=1, replacement=""
            ),
            "abcd",
            "bcd",
        ),
        (edit("Convert regex to missing", "convert_regex_to_missing", pattern="n/?a"), "n/a", None),
        (edit("Convert regex to missing", "convert_regex_to_missing", pattern="n/?a"), "n/a!", "n/a!"),
        (
            edit("Convert non-matches to missing", "convert_non_matches_to_missing", pattern="\\d+"),
            "12",
            "12",
        ),
        (
            edit("Convert non-matches to missing", "convert_non_matches_to_missing", pattern="\\d+"),
            "12x",
            None,
        ),
    ],
)
def test_edits(
    apply: Apply, spark: SparkSession, parameters: dict[str, Any], text: str, expected: Any
) -> None:
    frame = spark.createDataFrame([(text,), (None,)], "t string")
    result = apply(frame, SEARCH_AND_EDIT, parameters)
    assert result.columns == ["t"]
    found, missing = (row.t for row in result.collect())
    assert found == expected
    assert missing is (False if parameters["operator"] == "Matches" else None)


def test_edits_several_columns(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([(12, "1x")], "n long, `a.b` string")
    parameters = replace(input_column=["n", "a.b"], pattern="1", replacement="one", output_column="r")
    result = apply(frame, SEARCH_AND_EDIT, parameters)
    assert result.columns == ["n", "a.b", "r_n", "r_a_b"]
    assert tuple(result.first()) == (12, "1x", "one2", "onex")


def test_keeps_the_type_of_what_does_not_go_missing(apply: Apply, spark: SparkSession) -> None:
    parameters = edit("Convert regex to missing", "convert_regex_to_missing", pattern="9+")
    result = apply(spark.createDataFrame([(99,), (8,)], "t long"), SEARCH_AND_EDIT, parameters)
    assert result.dtypes == [("t", "bigint")]
    assert [row.t for row in result.collect()] == [None, 8]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (replace(pattern="("), "pattern is not a regular expression"),
        (replace(pattern="(?P<n>a)"), "pattern is not a regular expression of Java's"),
        (replace(pattern="a", replacement="$1"), "replacement refers to a group that does not exist"),
        (replace(), "pattern is missing"),
        (edit("Matches", "matches", pattern="a"), "case is missing"),
        (edit("Find substring", "find_substring"), "needle is missing"),
        (
            edit("Find all occurrences", "find_all_occurrences", pattern="(a)(b)"),
            "pattern has more than one group",
        ),
        (
            edit("Extract using regex", "extract_using_regex", pattern="a", index=1),
            "index is 1, but the pattern has 0 groups",
        ),
        (edit("Extract from position", "extract_from_position", start_position=1), "length is missing"),
        (
            edit("Extract between delimiters", "extract_between_delimiters", left_delimiter="("),
            "right_delimiter is missing",
        ),
        (replace(pattern="a", flags="i"), "flags is not supported"),
        (edit("Count words", "count_words"), "operator `Count words` is not supported"),
    ],
)
def test_refuses(apply: Apply, spark: SparkSession, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(FlowError, match=message):
        apply(spark.createDataFrame([("a",)], "t string"), SEARCH_AND_EDIT, parameters)
