"""Types of columns."""

import datetime as dt
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, LostValues, registered

ALL = "sagemaker.spark.infer_and_cast_type_0.1"
ONE = "sagemaker.spark.cast_single_data_type_0.1"


@pytest.fixture
def texts(spark: SparkSession) -> DataFrame:
    rows = [
        ("1", "2.5", "true", "2026-01-02", "x", "Nov 22 2026 10:15"),
        ("2", None, "FALSE", "2026-02-03", "y", ""),
    ]
    return spark.createDataFrame(rows, "l string, f string, b string, d string, s string, t string")


def rows(frame: DataFrame) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame.collect()]


def test_casts_to_the_trained_schema_in_its_order(texts: DataFrame, apply: Apply) -> None:
    schema = {"t": "datetime", "s": "object", "d": "date", "b": "bool", "f": "float", "l": "long"}
    result = apply(texts, ALL, {}, {"schema": schema})
    assert result.dtypes == [
        ("t", "timestamp"),
        ("s", "string"),
        ("d", "date"),
        ("b", "boolean"),
        ("f", "double"),
        ("l", "bigint"),
    ]
    assert rows(result)[0] == (dt.datetime(2026, 11, 22, 10, 15), "x", dt.date(2026, 1, 2), True, 2.5, 1)


@pytest.mark.parametrize("trained", [None, {}, {"schema": {}}])
def test_infers_types_without_a_schema(texts: DataFrame, apply: Apply, trained: Any) -> None:
    result = apply(texts.limit(1), ALL, {}, trained)
    assert [kind for _, kind in result.dtypes] == [
        "bigint",
        "double",
        "boolean",
        "date",
        "string",
        "timestamp",
    ]


def test_ignores_the_schema_on_refit(texts: DataFrame, apply: Apply) -> None:
    schema = dict.fromkeys(texts.columns, "string")
    assert dict(apply(texts, ALL, {}, {"schema": schema}, refit=True).dtypes)["l"] == "bigint"


def test_reports_lost_values(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("1", "a"), ("x", "b"), (None, "c")], "n string, s string")
    context = Context(spark)
    trained = {"schema": {"n": "long", "s": "string"}}
    found = registered(ALL)
    assert found is not None
    found.apply([frame], Parameters("node-1", ALL, {}, trained=trained), context)
    assert context.lost == [LostValues("node-1", "n", "bigint", 1)]


def test_names_columns_that_the_data_lacks(texts: DataFrame, apply: Apply) -> None:
    with pytest.raises(
        FlowError, match=r"it lacks 1 of 2 columns \(no\); it has 5 other columns; give the data"
    ):
        apply(texts, ALL, {}, {"schema": {"l": "long", "no": "long"}})


@pytest.mark.parametrize(
    ("method", "columns", "expected"),
    [
        ("replace_null", ["n", "s"], [(1, "a"), (None, "b")]),
        ("drop", ["n", "s"], [(1, "a")]),
        ("replace_value", ["n", "s"], [(1, "a"), (7, "b")]),
        ("replace_null_with_new_col", ["n", "n_typecast_error", "s"], [(1, "", "a"), (None, "x", "b")]),
        ("replace_value_with_new_col", ["n", "n_typecast_error", "s"], [(1, "", "a"), (7, "x", "b")]),
    ],
)
def test_handles_failed_casts(
    spark: SparkSession, apply: Apply, method: str, columns: list[str], expected: list[tuple[Any, ...]]
) -> None:
    frame = spark.createDataFrame([("1", "a"), ("x", "b")], "n string, s string")
    parameters = {
        "column": "n",
        "data_type": "long",
        "non_castable_data_handling_method": method,
        "replace_value": "7",
    }
    result = apply(frame, ONE, parameters)
    assert result.columns == columns
    assert rows(result) == expected


def test_casts_one_column_to_a_time(texts: DataFrame, apply: Apply) -> None:
    result = apply(texts, ONE, {"column": "t", "data_type": "datetime"})
    assert [row["t"] for row in result.collect()] == [dt.datetime(2026, 11, 22, 10, 15), None]


@pytest.mark.parametrize(
    ("formatting", "text"),
    [({}, "02-01-2026"), ({"date_formatting": "yyyy/MM/dd"}, "2026/01/02")],
)
@pytest.mark.parametrize(
    ("method", "expected"),
    [("replace_null", None), ("replace_value", dt.date(2026, 1, 2)), ("drop", "dropped")],
)
def test_casts_one_column_to_a_date_in_a_format(
    spark: SparkSession, apply: Apply, formatting: dict[str, str], text: str, method: str, expected: Any
) -> None:
    frame = spark.createDataFrame([(text,), ("soon",)], "d string")
    parameters = {
        "column": "d",
        "data_type": "date",
        "non_castable_data_handling_method": method,
        "replace_value": text,
        **formatting,
    }
    found = [row.d for row in apply(frame, ONE, parameters).collect()]
    assert [*found, "dropped"][:2] == [dt.date(2026, 1, 2), expected]


def test_casts_one_column_to_a_time_in_a_format(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("02.01.2026 07h30",)], "t string")
    parameters = {"column": "t", "data_type": "datetime", "datetime_formatting": "dd.MM.yyyy HH'h'mm"}
    assert apply(frame, ONE, parameters).first().t == dt.datetime(2026, 1, 2, 7, 30)
