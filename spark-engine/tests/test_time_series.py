"""Time series."""

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

OPERATOR = "sagemaker.spark.time_series_0.1"
MINIMAL = [
    "sum_values",
    "median",
    "mean",
    "length",
    "standard_deviation",
    "variance",
    "maximum",
    "minimum",
]


def node(operator: str, **block: Any) -> dict[str, Any]:
    return {f"{operator}_parameters": block, "operator": operator}


def impute(strategy: str, **members: Any) -> dict[str, Any]:
    along = {
        "hmac_output_column": "",
        "hmac_id_column": "id",
        "hmac_strategy": strategy,
        "hmac_leftovernans": "Fill with Forward/Backward feed",
        "hmac_strategy_Constant Value_parameters": {"hmac_custom_value": "0.5"},
        "hmac_sequence_column": "value",
        "hmac_timestamp_column": "time",
    }
    block = {"hm_input_type": "Along column", "hm_input_type_Along column_parameters": along | members}
    return node("Handle missing", **block)


def resample(unit: str = "Hourly", **members: Any) -> dict[str, Any]:
    block = {
        "frequency": {"quantity": 1, "offset_description": unit},
        "downsample": {"non_numeric": "most common", "numeric": "mean"},
        "upsample": {"non_numeric": "ffill", "numeric": "linear"},
        "timestamp_column": "time",
        "id_column": "id",
    }
    return node("Resample", **(block | members))


def readings(spark: SparkSession, rows: list[tuple[Any, ...]]) -> DataFrame:
    """Return rows of a series' ID, a time of day and a value."""
    return spark.createDataFrame(rows, "id string, time string, value double").selectExpr(
        "id", "cast('2020-01-01 ' || time as timestamp) as time", "value"
    )


def values(frame: DataFrame, name: str = "value") -> list[Any]:
    return [row[name] for row in frame.orderBy("id", "time").collect()]


def test_drops_invalid_timestamps(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([("2020-01-01",), ("no date",), (None,)], "time string")
    parameters = node("Validate timestamps", timestamp_column="time", policy="drop")
    assert [row.time for row in apply(frame, OPERATOR, parameters).collect()] == ["2020-01-01"]
    dated = frame.selectExpr("cast(time as timestamp) as time")
    assert apply(dated, OPERATOR, parameters).count() == 1


def test_fills_with_a_constant(spark: SparkSession, apply: Apply) -> None:
    frame = readings(spark, [("a", "01:00", None), ("a", "02:00", float("nan")), ("a", "03:00", 3.0)])
    assert values(apply(frame, OPERATOR, impute("Constant Value"))) == [0.5, 0.5, 3.0]
    kept = apply(frame, OPERATOR, impute("Constant Value", hmac_output_column="filled"))
    assert kept.columns == ["id", "time", "value", "filled"]


def test_fills_from_neighbors_of_the_series(spark: SparkSession, apply: Apply) -> None:
    # The documentation's [2, 4, 7, NaN, NaN, NaN, 8], and a series that starts with a gap.
    known = [2.0, 4.0, 7.0, None, None, None, 8.0]
    rows = [("a", f"0{at}:00", value) for at, value in enumerate(known)]
    rows += [("b", "00:00", None), ("b", "01:00", 1.0), ("b", "02:00", None)]
    frame = readings(spark, list(reversed(rows)))
    assert values(apply(frame, OPERATOR, impute("Forward Fill"))) == [2, 4, 7, 7, 7, 7, 8, 1, 1, 1]
    assert values(apply(frame, OPERATOR, impute("Backward Fill"))) == [2, 4, 7, 8, 8, 8, 8, 1, 1, 1]
    left = apply(frame, OPERATOR, impute("Forward Fill", hmac_leftovernans=""))
    assert values(left) == [2, 4, 7, 7, 7, 7, 8, None, 1, 1]


def test_fills_across_series_without_an_id(spark: SparkSession, apply: Apply) -> None:
    # The example of the documentation for a column.
    rows = [("0", "00:00", 30.0), ("0", "01:00", 40.0), ("0", "02:00", None), ("1", "03:00", None)]
    filled = apply(readings(spark, rows), OPERATOR, impute("Forward Fill", hmac_id_column=""))
    assert values(filled) == [30, 40, 40, 40]


def test_fills_with_the_most_common_value(spark: SparkSession, apply: Apply) -> None:
    rows = [("a", f"0{at}:00", value) for at, value in enumerate([3.0, 2.0, 2.0, 3.0, None, 9.0])]
    assert values(apply(readings(spark, rows), OPERATOR, impute("Most Common Value")))[4] == 2.0


def test_downsamples_with_the_mean(spark: SparkSession, apply: Apply) -> None:
    temperatures = [30.0, 32.0, 35.0, 32.0, 30.0]
    frame = readings(spark, [("a", f"0{at}:00", value) for at, value in enumerate(temperatures)])
    result = apply(frame, OPERATOR, resample(frequency={"quantity": 2, "offset_description": "Hourly"}))
    assert values(result) == [31.0, 33.5, 30.0]
    assert [str(time) for time in values(result, "time")] == [
        "2020-01-01 00:00:00",
        "2020-01-01 02:00:00",
        "2020-01-01 04:00:00",
    ]


def test_upsamples_each_series_with_interpolation(spark: SparkSession, apply: Apply) -> None:
    rows = [("b", "05:00", 5.0), ("a", "02:30", 40.0), ("a", "00:00", 10.0), ("b", "06:00", 7.0)]
    frame = readings(spark, rows).selectExpr(
        "value", "'x' || id as kind", "cast(value as int) as whole", "time", "id"
    )
    result = apply(frame, OPERATOR, resample())
    assert result.columns == frame.columns
    assert [tuple(row) for row in result.orderBy("id", "time").drop("time").collect()] == [
        (10.0, "xa", 10.0, "a"),
        (25.0, "xa", 25.0, "a"),
        (40.0, "xa", 40.0, "a"),
        (5.0, "xb", 5.0, "b"),
        (7.0, "xb", 7.0, "b"),
    ]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"downsample": {"numeric": "sum"}, "upsample": {"numeric": "bfill"}}, [3.0, 6.0, 6.0]),
        ({"downsample": {"numeric": "last"}, "upsample": {"numeric": "ffill"}}, [2.0, 2.0, 6.0]),
        ({"downsample": {"numeric": "max"}, "upsample": {"numeric": "linear"}}, [2.0, 4.0, 6.0]),
    ],
)
def test_resamples_as_the_node_says(
    spark: SparkSession, apply: Apply, members: dict[str, Any], expected: list[float]
) -> None:
    frame = readings(spark, [("a", "00:00", 1.0), ("a", "00:30", 2.0), ("a", "02:00", 6.0)]).drop("id")
    result = apply(frame, OPERATOR, resample(id_column="", **members))
    assert [row.value for row in result.orderBy("time").collect()] == expected


def test_resamples_text_to_the_most_common_value(spark: SparkSession, apply: Apply) -> None:
    frame = readings(spark, [("a", f"00:0{at}", float(at)) for at in range(5)])
    frame = frame.selectExpr(
        "id", "time", "element_at(array('u', 'v', 'v', 'u', 'v'), int(value) + 1) as kind"
    )
    assert values(apply(frame, OPERATOR, resample()), "kind") == ["v"]


def test_adds_all_lags(spark: SparkSession, apply: Apply) -> None:
    rows = [("b", "00:00", 9.0), ("a", "02:00", 3.0), ("a", "01:00", 2.0), ("a", "00:00", 1.0)]
    members = {
        "lag": 2,
        "drop_rows": False,
        "sequence_column": "value",
        "id_column": "id",
        "timestamp_column": "time",
    }
    window = {"entire_window": True, "entire_window_True_parameters": {"flatten": True}}
    result = apply(readings(spark, rows), OPERATOR, node("Lag features", **members, **window))
    assert result.columns == ["id", "time", "value", "value_lag_1", "value_lag_2"]
    assert values(result, "value_lag_1") == [None, 1, 2, None]
    assert values(result, "value_lag_2") == [None, None, 1, None]
    array = apply(readings(spark, rows), OPERATOR, node("Lag features", **members, entire_window=True))
    assert values(array, "value_lag")[2] == [2, 1]


def test_drops_rows_without_history(spark: SparkSession, apply: Apply) -> None:
    rows = [("a", "02:00", 3.0), ("a", "01:00", 2.0), ("a", "00:00", 1.0)]
    members = {"lag": 2, "sequence_column": "value", "timestamp_column": "time"}
    block = {"drop_rows": True, "entire_window": False}
    result = apply(readings(spark, rows), OPERATOR, node("Lag features", **members, **block))
    assert result.columns == ["id", "time", "value", "value_lag_2"]
    assert values(result, "value_lag_2") == [1.0]


def test_adds_features_of_the_window_before_each_row(spark: SparkSession, apply: Apply) -> None:
    rows = [("a", f"0{at}:00", float(value)) for at, value in enumerate([1, 2, 6, 3, 5])]
    members = {"window_size": 3, "flatten": True, "strategy": "Minimal subset"}
    columns = {"sequence_column": "value", "timestamp_column": "time", "id_column": "id"}
    result = apply(readings(spark, rows), OPERATOR, node("Rolling window features", **members, **columns))
    assert result.columns[3:] == [f"value__{name}" for name in MINIMAL]
    windows = [tuple(row[3:]) for row in result.orderBy("time").collect()]
    assert windows[0] == (None,) * 8
    assert windows[2] == pytest.approx((3, 1.5, 1.5, 2, 0.5, 0.25, 2, 1))
    # The row at t has the features of t - 3, t - 2 and t - 1, as the documentation says.
    assert windows[4] == pytest.approx((11, 3, 11 / 3, 3, (26 / 9) ** 0.5, 26 / 9, 6, 2))


def test_adds_features_of_arrays(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([([2, 6, 3],), ([4, 1],), ([],), (None,)], "series array<int>")
    members = {"flatten": True, "strategy": "Minimal subset", "sequence_column": "series"}
    result = apply(frame, OPERATOR, node("Extract features", **members))
    assert result.columns[1:] == [f"series__{name}" for name in MINIMAL]
    rows = [tuple(row[1:]) for row in result.collect()]
    assert rows[0] == pytest.approx((11, 3, 11 / 3, 3, (26 / 9) ** 0.5, 26 / 9, 6, 2))
    assert rows[1] == pytest.approx((5, 2.5, 2.5, 2, 1.5, 2.25, 4, 1))
    assert rows[2:] == [(None,) * 8] * 2


def test_extracts_parts_of_dates(spark: SparkSession, apply: Apply) -> None:
    block = {
        "output_column": "date",
        "output_mode": "Ordinal",
        "output_format": "Columns",
        "input_column": "time",
    }
    result = apply(
        readings(spark, [("a", "05:00", 1.0)]), OPERATOR, node("Featurize datetime", **block, hour=True)
    )
    assert result.head().date_hour == 5


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (node("Group by"), "operator `Group by` is not supported"),
        (
            node("Validate timestamps", timestamp_column="time", policy="mark"),
            "policy `mark` is not supported",
        ),
        (
            node("Validate timestamps", timestamp_column="value", policy="drop"),
            "`value` has neither timestamps",
        ),
        (impute("Interpolate"), "hmac_strategy `Interpolate` is not supported"),
        (node("Handle missing", hm_input_type="Within cell"), "hm_input_type `Within cell` is not supported"),
        (resample("Fortnight"), "offset_description `Fortnight` is not supported"),
        (resample(frequency={"quantity": 0, "offset_description": "Week"}), "quantity must be at least 1"),
        (resample(upsample={"numeric": "spline"}), "numeric `spline` is not supported"),
        (
            node("Rolling window features", strategy="All features", sequence_column="value"),
            "strategy `All features` is not supported",
        ),
        (
            node("Rolling window features", strategy="Minimal subset", sequence_column="value"),
            "without flatten",
        ),
        (node("Lag features", lag=1, sequence_column="value", other=1), "Lag features_parameters.other"),
    ],
)
def test_refuses_what_no_source_shows(
    spark: SparkSession, apply: Apply, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(FlowError, match=message):
        apply(readings(spark, [("a", "00:00", 1.0)]), OPERATOR, parameters)


def test_refuses_to_resample_missing_timestamps(spark: SparkSession, apply: Apply) -> None:
    with pytest.raises(FlowError, match="`time` has missing or invalid timestamps; drop them"):
        apply(readings(spark, [("a", None, 1.0)]), OPERATOR, resample())
