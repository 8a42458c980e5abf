"""Format string. The expected values follow from AWS's documentation, and from Python where it formats."""

from typing import Any

import pytest
from pyspark.sql import SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

FORMAT_STRING = "sagemaker.spark.format_string_0.1"


def format_string(choice: str, block: str, **settings: Any) -> dict[str, Any]:
    return {"operator": choice, f"{block}_parameters": {"input_column": "t", **settings}}


@pytest.mark.parametrize(
    ("parameters", "text", "expected"),
    [
        (format_string("Lower case", "lower_case"), "Ab É", "ab é"),
        (format_string("Upper case", "upper_case"), "aB é", "AB É"),
        (format_string("Title case", "title_case"), "they're bill's", "They'Re Bill'S"),
        (format_string("Capitalize", "capitalize"), "hELLO World", "Hello world"),
        (format_string("Swap case", "swap_case"), "aBc É", "AbC é"),
        (format_string("Left pad", "left_pad", width=5, fill_character="*"), "ab", "***ab"),
        (format_string("Left pad", "left_pad", width="3"), "abcde", "abc"),
        (format_string("Right pad", "right_pad", width=4), "ab", "ab  "),
        (format_string("Right pad", "right_pad", width=1), "ab", "a"),
        (
            format_string(
                "Center (pad on either side)", "center_pad_on_either_side", width=5, fill_character="-"
            ),
            "ab",
            "--ab-",
        ),
        (
            format_string("Center (pad on either side)", "center_pad_on_either_side", width=1),
            "ab",
            "ab",
        ),
        (format_string("Strip left and right", "strip_left_and_right"), "\t ab\u00a0\n", "ab"),
        (
            format_string("Strip left and right", "strip_left_and_right", characters_to_remove="xy"),
            "yxaxby",
            "axb",
        ),
        (
            format_string(
                "Strip characters from left", "strip_characters_from_left", characters_to_remove="xy"
            ),
            "yxaxy",
            "axy",
        ),
        (
            format_string(
                "Strip characters from right", "strip_characters_from_right", characters_to_remove="xy"
            ),
            "xyaxy",
            "xya",
        ),
        (format_string("Prepend zeros", "prepend_zeros", width=5), "42", "00042"),
        (format_string("Add prefix", "add_prefix", prefix="id-"), "7", "id-7"),
        (format_string("Add suffix", "add_suffix", suffix=" kg"), "7", "7 kg"),
        (format_string("Remove symbols", "remove_symbols", symbols="?-]"), "a?b-[c]", "ab[c"),
        (format_string("Remove symbols", "remove_symbols"), "a !b\\c`.d", "a bc.d"),
    ],
)
def test_formats(
    apply: Apply, spark: SparkSession, parameters: dict[str, Any], text: str, expected: str
) -> None:
    frame = spark.createDataFrame([(text,), (None,)], "t string")
    result = apply(frame, FORMAT_STRING, parameters)
    assert result.columns == ["t"]
    assert [row.t for row in result.collect()] == [expected, None]


def test_formats_numbers_as_texts(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([(7, 8.5)], "`a.b` long, c double")
    parameters = format_string(
        "Prepend zeros", "prepend_zeros", input_column=["a.b", "c"], width=4, output_column="p"
    )
    result = apply(frame, FORMAT_STRING, parameters)
    assert result.columns == ["a.b", "c", "p_a_b", "p_c"]
    assert tuple(result.first()) == (7, 8.5, "0007", "08.5")


def test_ignores_the_blocks_of_other_choices(apply: Apply, spark: SparkSession) -> None:
    parameters = {**format_string("Upper case", "upper_case"), "lower_case_parameters": {}}
    assert apply(spark.createDataFrame([("a",)], "t string"), FORMAT_STRING, parameters).first().t == "A"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (format_string("Left pad", "left_pad", width=1001), "width is 1001, but must be at most 1000"),
        (format_string("Left pad", "left_pad"), "width is missing"),
        (format_string("Right pad", "right_pad", width=3, fill_character="ab"), "must be a single character"),
        (format_string("Lower case", "lower_case", locale="tr"), "locale is not supported"),
        (format_string("Add prefix", "add_prefix"), "prefix is missing"),
        (
            format_string("Add prefix or suffix", "add_prefix_or_suffix", prefix="x"),
            "operator `Add prefix or suffix` is not supported",
        ),
        (format_string("Lower case", "lower_case", input_column="u"), "there is no column `u`"),
    ],
)
def test_refuses(apply: Apply, spark: SparkSession, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(FlowError, match=message):
        apply(spark.createDataFrame([("a",)], "t string"), FORMAT_STRING, parameters)
