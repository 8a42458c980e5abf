"""Featurize date and time."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pyspark.sql import SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

OPERATOR = "sagemaker.spark.featurize_date_time_0.1"
ALL = ["year", "month", "day", "hour", "minute", "second", "week_of_year", "day_of_year", "quarter"]
MOMENT = "2021-03-05 17:08:09"


def extract(*parts: str, **members: Any) -> dict[str, Any]:
    block = {
        "output_mode": "Ordinal",
        "output_format": "Columns",
        "infer_datetime_format": False,
        "date_time_format": "",
        "input_column": ["when"],
        **{part: part in parts for part in ALL},
    }
    return {"operator": "Extract columns", "extract_columns_parameters": block | members}


def moments(spark: SparkSession, *texts: str | None) -> Any:
    return spark.createDataFrame([(text,) for text in texts], "when string").selectExpr(
        "cast(`when` as timestamp) as `when`"
    )


def test_counts_parts_from_zero(spark: SparkSession, apply: Apply) -> None:
    result = apply(moments(spark, MOMENT), OPERATOR, extract(*ALL))
    assert result.columns == ["when", *(f"when_{part}" for part in ALL)]
    assert result.dtypes[1:] == [(name, "bigint") for name in result.columns[1:]]
    assert result.head()[1:] == (2021, 2, 4, 17, 8, 9, 8, 63, 0)


def test_counts_parts_from_one_if_asked(spark: SparkSession, apply: Apply) -> None:
    result = apply(moments(spark, MOMENT), OPERATOR, extract(*ALL, use_one_indexing=True))
    assert result.head()[1:] == (2021, 3, 5, 17, 8, 9, 9, 64, 1)


def test_puts_parts_on_a_circle(spark: SparkSession, apply: Apply) -> None:
    parameters = extract("year", "quarter", "hour", output_mode="Cyclic", output_column="d")
    result = apply(moments(spark, "2020-04-01 06:00:00"), OPERATOR, parameters)
    assert result.columns == ["when", "d_year", "d_hour_1", "d_hour_2", "d_quarter_1", "d_quarter_2"]
    # As in the example of DateTimeVectorizer: the quarters are [0, 1], [1, 0], [0, -1] and [-1, 0].
    assert result.head()[1:] == pytest.approx((2020.0, 1.0, 0.0, 1.0, 0.0), abs=1e-15)


def test_puts_parts_in_a_vector(spark: SparkSession, apply: Apply) -> None:
    result = apply(moments(spark, MOMENT, None), OPERATOR, extract("month", "year", output_format="Vector"))
    assert result.columns == ["when"]
    first, second = (list(row.when.toArray()) for row in result.collect())
    assert first == [2021.0, 2.0]
    assert all(math.isnan(value) for value in second)


@pytest.mark.parametrize(
    "text", ["2021-03-05T17:08:09", "March 5th, 2021, 5:08:09pm", "2021-03-05 17:08:09+02:00"]
)
def test_reads_text_in_any_format(spark: SparkSession, apply: Apply, text: str) -> None:
    frame = spark.createDataFrame([(text,), ("no date",), (None,)], "when string")
    result = apply(frame, OPERATOR, extract("year", "hour", "second"))
    assert [row[1:] for row in result.collect()] == [(2021, 17, 9), (None, None, None), (None, None, None)]


@pytest.mark.parametrize(
    "members", [{"date_time_format": "%d/%m/%Y"}, {"infer_datetime_format": True}], ids=["given", "first"]
)
def test_reads_only_one_format(spark: SparkSession, apply: Apply, members: dict[str, Any]) -> None:
    frame = spark.createDataFrame([(None,), ("25/12/2020",), ("2020-12-25",)], "when string")
    result = apply(frame, OPERATOR, extract("day", **members))
    assert [row.when_day for row in result.collect()] == [None, 24, None]


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9], ids=["s", "ms", "us", "ns"])
def test_finds_the_unit_of_numbers(spark: SparkSession, apply: Apply, factor: int) -> None:
    frame = spark.createDataFrame([(1614964089 * factor,), (None,)], "when long")
    result = apply(frame, OPERATOR, extract("year", "hour", "second"))
    assert [row[1:] for row in result.collect()] == [(2021, 17, 9), (None, None, None)]


def test_takes_dates_and_columns_with_dots(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("2020-12-31",)], "text string").selectExpr("date(text) as `a.b`")
    result = apply(frame, OPERATOR, extract("week_of_year", "day_of_year", input_column="a.b"))
    assert result.columns == ["a.b", "a_b_week_of_year", "a_b_day_of_year"]
    assert result.head()[1:] == (52, 365)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"output_mode": "Cyclic", "use_one_indexing": True}, "only for the output mode Ordinal"),
        ({"infer_datetime_format": True, "date_time_format": "%Y"}, "also to be inferred"),
        ({"year": False}, "no part of the date is selected"),
        ({"input_column": "flag"}, "`flag` is neither text, a number nor a date"),
    ],
)
def test_refuses_contradictions(
    spark: SparkSession, apply: Apply, members: dict[str, Any], message: str
) -> None:
    frame = moments(spark, MOMENT).selectExpr("*", "true as flag")
    with pytest.raises(FlowError, match=message):
        apply(frame, OPERATOR, extract("year", **members))
