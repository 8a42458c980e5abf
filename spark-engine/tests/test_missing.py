"""Handle missing. The expected values follow from AWS's documentation and from Spark ML's Imputer."""

from datetime import date
from typing import Any

import pytest
from pyspark.ml.feature import Imputer
from pyspark.sql import DataFrame, SparkSession
from stored import stored_model

from conftest import Apply
from spark_engine.errors import FlowError

HANDLE_MISSING = "sagemaker.spark.handle_missing_0.1"
NAN = float("nan")


@pytest.fixture
def frame(spark: SparkSession) -> DataFrame:
    rows = [
        (1.0, 1, "a", date(2020, 1, 1)),
        (NAN, 2, "b", None),
        (3.0, None, " ", date(2020, 1, 3)),
        (8.0, 9, "b", date(2020, 1, 3)),
        (None, 4, None, None),
    ]
    return spark.createDataFrame(rows, "x double, n long, t string, d date")


def values(frame: DataFrame, name: str) -> list[Any]:
    return [row[name] for row in frame.collect()]


def impute(kind: str, **settings: Any) -> dict[str, Any]:
    block = {"Numeric": "numeric_parameters", "Categorical": "categorical_parameters"}[kind]
    return {"operator": "Impute", "impute_parameters": {"column_type": kind, block: settings}}


def fill(value: Any, **settings: Any) -> dict[str, Any]:
    return {"operator": "Fill missing", "fill_missing_parameters": {"fill_value": value, **settings}}


def drop(**settings: Any) -> dict[str, Any]:
    return {"operator": "Drop missing", "drop_missing_parameters": settings}


def test_imputes_the_mean_of_complete_rows(apply: Apply, frame: DataFrame) -> None:
    result = apply(frame, HANDLE_MISSING, impute("Numeric", input_column="x", strategy="Mean"))
    assert values(result, "x") == [1.0, 4.5, 3.0, 8.0, 4.5]


def test_imputes_the_median(apply: Apply, frame: DataFrame) -> None:
    parameters = impute(
        "Numeric", input_column=["x", "n"], strategy="Approximate Median", output_column="full"
    )
    result = apply(frame, HANDLE_MISSING, parameters)
    assert values(result, "full_x") == [1.0, 3.0, 3.0, 8.0, 3.0]
    assert values(result, "full_n") == [1.0, 2.0, 2.0, 9.0, 4.0]


def test_imputes_the_most_frequent_value(apply: Apply, frame: DataFrame) -> None:
    result = apply(frame, HANDLE_MISSING, impute("Categorical", input_column=["t", "d", "n"]))
    assert values(result, "t") == ["a", "b", "b", "b", "b"]
    assert values(result, "d")[1] == date(2020, 1, 3)
    # All are equally frequent: the smallest.
    assert values(result, "n")[2] == 1
    assert dict(result.dtypes)["n"] == "bigint"


@pytest.mark.parametrize("value", [7.5, "7.5"])
def test_imputes_a_trained_number(apply: Apply, frame: DataFrame, value: Any) -> None:
    trained = {"impute_parameters": {"numeric_parameters": {"impute_value": value}}}
    parameters = impute("Numeric", input_column="n", strategy="Mean")
    assert values(apply(frame, HANDLE_MISSING, parameters, trained), "n")[2] == 7.5
    assert values(apply(frame, HANDLE_MISSING, parameters, trained, refit=True), "n")[2] == 5.0


def test_imputes_trained_labels_by_column(apply: Apply, frame: DataFrame) -> None:
    entries = [{"input_column": "n", "impute_value": 6}, {"input_column": "t", "impute_value": "z"}]
    trained = {"impute_parameters": {"categorical_parameters": entries}}
    result = apply(frame, HANDLE_MISSING, impute("Categorical", input_column=["t", "n"]), trained)
    assert values(result, "t") == ["a", "b", "z", "b", "z"]
    assert values(result, "n") == [1, 2, 6, 9, 4]


def test_uses_a_trained_imputer(apply: Apply, spark: SparkSession, frame: DataFrame) -> None:
    fitted = spark.createDataFrame([(10.0, 20), (None, 21)], "x double, n long")
    model = stored_model(Imputer(inputCols=["x", "n"], outputCols=["x", "n"]).fit(fitted))
    trained = {"impute_parameters": {"numeric_parameters": {"imputer_model": model}}}
    parameters = impute("Numeric", input_column=["x", "n"], strategy="Mean")
    result = apply(frame, HANDLE_MISSING, parameters, trained)
    assert values(result, "x") == [1.0, 10.0, 3.0, 8.0, 10.0]
    # The Imputer keeps the type, so 20.5 is truncated.
    assert values(result, "n") == [1, 2, 20, 9, 4]
    assert dict(result.dtypes)["n"] == "bigint"


def test_fills_with_a_value_of_the_columns_type(apply: Apply, frame: DataFrame) -> None:
    result = apply(frame, HANDLE_MISSING, fill("0", input_column=["x", "n", "t"]))
    assert values(result, "x") == [1.0, 0.0, 3.0, 8.0, 0.0]
    assert values(result, "n") == [1, 2, 0, 9, 4]
    assert values(result, "t") == ["a", "b", "0", "b", "0"]
    assert result.dtypes == frame.dtypes


def test_fills_dates_into_another_column(apply: Apply, frame: DataFrame) -> None:
    result = apply(frame, HANDLE_MISSING, fill("1999-12-31", input_column="d", output_column="e"))
    assert values(result, "e")[1] == date(1999, 12, 31)
    assert values(result, "d")[1] is None


def test_marks_missing_values(apply: Apply, frame: DataFrame) -> None:
    parameters = {
        "operator": "Add indicator for missing",
        "add_indicator_for_missing_parameters": {"input_column": ["x", "t"]},
    }
    result = apply(frame, HANDLE_MISSING, parameters)
    assert values(result, "x_indicator") == [False, True, False, False, True]
    assert values(result, "t_indicator") == [False, False, True, False, True]


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        (drop(dimension="Drop Rows", drop_rows_parameters={"input_column": "n"}), [1.0, NAN, 8.0, None]),
        (drop(input_column=["x", "t"]), [1.0, 8.0]),
        (drop(dimension="Drop Rows", drop_rows_parameters={}), [1.0, 8.0]),
        (drop(), [1.0, 8.0]),
    ],
)
def test_drops_rows(apply: Apply, frame: DataFrame, parameters: dict[str, Any], kept: list[Any]) -> None:
    assert str(values(apply(frame, HANDLE_MISSING, parameters), "x")) == str(kept)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (drop(dimension="Drop Columns"), "dimension `Drop Columns` is not supported"),
        (fill("1.5", input_column="n"), "fill_value for `n` must be a whole number"),
        (fill("nan", input_column="x"), "fill_value for `x` must be a finite number"),
        (fill("soon", input_column="d"), "fill_value for `d` must be a date"),
        (fill(True, input_column="t"), "fill_value for `t` must be a string or a number"),
        (fill("x", input_column="yes"), "`yes` is a boolean, but only bigint, double, string, date and"),
        (
            impute("Numeric", input_column="t", strategy="Mean"),
            "`t` is a string, but only numbers are imputed",
        ),
        (impute("Numeric", input_column="x", strategy="Mode"), "strategy `Mode` is not supported"),
        (
            impute("Numeric", input_column="empty", strategy="Approximate Median"),
            "`empty` has no numbers, so it has no median",
        ),
        (drop(input_column="list"), "`list` is a array<int>, in which missing values are not defined"),
        (fill("0", input_column="x", limit=1), "limit is not supported"),
        ({"operator": "Interpolate"}, "operator `Interpolate` is not supported"),
    ],
)
def test_refuses(apply: Apply, spark: SparkSession, parameters: dict[str, Any], message: str) -> None:
    schema = "x double, n long, t string, d date, yes boolean, empty double, list array<int>"
    frame = spark.createDataFrame([(1.0, 1, "a", None, True, None, [1])], schema)
    with pytest.raises(FlowError, match=message):
        apply(frame, HANDLE_MISSING, parameters)
