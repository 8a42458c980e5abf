"""Scaling numbers. The expected values follow from Spark ML's documentation of its scalers."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

PROCESS_NUMERIC = "sagemaker.spark.process_numeric_0.1"
# Models of Spark, fitted to the numbers 1, 2, 4, 8 and 16.
MODELS = Path(__file__).parents[2] / "crates/flow-engine/tests/oracle/models.json"


@pytest.fixture
def numbers(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([(1.0,), (2.0,), (None,), (4.0,), (9.0,)], "n double")


def scale(scaler: str, **settings: Any) -> dict[str, Any]:
    block = scaler.lower().replace(" ", "_").replace("-", "_") + "_parameters"
    settings = {"input_column": "n", **settings}
    return {"operator": "Scale values", "scale_values_parameters": {"scaler": scaler, block: settings}}


def column(frame: DataFrame, name: str = "n") -> list[Any]:
    return [row[name] for row in frame.collect()]


def test_divides_by_the_sample_deviation(apply: Apply, numbers: DataFrame) -> None:
    scaled = column(apply(numbers, PROCESS_NUMERIC, scale("Standard scaler", center=True)))
    deviation = (38 / 3) ** 0.5
    assert scaled == pytest.approx([n / deviation for n in (-3, -2, float("nan"), 0, 5)], nan_ok=True)


def test_does_not_center_by_default(apply: Apply, numbers: DataFrame) -> None:
    scaled = column(apply(numbers, PROCESS_NUMERIC, scale("Standard scaler")))
    assert scaled[0] == pytest.approx((3 / 38) ** 0.5)


def test_scales_to_a_range(apply: Apply, numbers: DataFrame) -> None:
    scaled = column(apply(numbers, PROCESS_NUMERIC, scale("Min-max scaler", min="-1", max=1)))
    assert scaled == pytest.approx([-1, -0.75, float("nan"), -0.25, 1], nan_ok=True)


def test_uses_the_median_and_quartiles(apply: Apply, numbers: DataFrame) -> None:
    scaled = column(apply(numbers, PROCESS_NUMERIC, scale("Robust scaler", center=True)))
    assert scaled == pytest.approx([-1 / 3, 0, float("nan"), 2 / 3, 7 / 3], nan_ok=True)


def test_divides_by_the_largest_absolute_value(apply: Apply, numbers: DataFrame) -> None:
    scaled = column(apply(numbers, PROCESS_NUMERIC, scale("Max absolute scaler")))
    assert scaled == pytest.approx([1 / 9, 2 / 9, float("nan"), 4 / 9, 1], nan_ok=True)


def test_prefixes_the_names_of_several_columns(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, 10), (2, 20)], "n long, `m.x` long")
    result = apply(
        frame, PROCESS_NUMERIC, scale("Max absolute scaler", input_column=["n", "m.x"], output_column="s")
    )
    assert result.columns == ["n", "m.x", "s_n", "s_m_x"]
    assert [tuple(row) for row in result.collect()] == [(1, 10, 0.5, 0.5), (2, 20, 1.0, 1.0)]


def test_uses_a_trained_model(apply: Apply, numbers: DataFrame) -> None:
    model = json.loads(MODELS.read_text())["MaxAbsScalerModel"]
    trained = {"scale_values_parameters": {"max_absolute_scaler_parameters": {"scaler_model": model}}}
    scaled = column(apply(numbers, PROCESS_NUMERIC, scale("Max absolute scaler"), trained))
    assert scaled == pytest.approx([1 / 16, 1 / 8, float("nan"), 1 / 4, 9 / 16], nan_ok=True)
    refitted = column(apply(numbers, PROCESS_NUMERIC, scale("Max absolute scaler"), trained, refit=True))
    assert refitted[-1] == 1


@pytest.mark.parametrize(
    ("scaler", "kind", "settings"),
    [
        ("Standard scaler", "StandardScalerModel", {"center": True, "scale": False}),
        ("Min-max scaler", "MinMaxScalerModel", {"min": 5, "max": 6}),
        ("Robust scaler", "RobustScalerModel", {"center": True, "scale": False}),
    ],
)
def test_applies_the_settings_of_the_node_to_a_trained_model(
    apply: Apply, spark: SparkSession, scaler: str, kind: str, settings: dict[str, Any]
) -> None:
    parameters = scale(scaler, **settings)
    [block] = [name for name in parameters["scale_values_parameters"] if name != "scaler"]
    model = json.loads(MODELS.read_text())[kind]
    trained = {"scale_values_parameters": {block: {"scaler_model": model}}}
    frame = spark.createDataFrame([(n,) for n in (1.0, 2.0, 4.0, 8.0, 16.0)], "n double")
    expected = column(apply(frame, PROCESS_NUMERIC, parameters))
    assert column(apply(frame, PROCESS_NUMERIC, parameters, trained)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            scale("Standard scaler", input_column="t"),
            "the column `t` is a string, but only numbers can be scaled",
        ),
        (
            scale("Standard scaler", input_column="none"),
            "the column `none` has no numbers to fit a scaler to",
        ),
        (scale("Min-max scaler", min=2, max=1), "min must be less than max"),
        (
            scale("Robust scaler", lower_quantile=0.9),
            "lower_quantile and upper_quantile must be between 0 and 1",
        ),
        (scale("Log scaler"), "scaler `Log scaler` is not supported"),
        (scale("Max absolute scaler", by=2), "by is not supported"),
        ({"operator": "Round"}, "operator `Round` is not supported"),
    ],
)
def test_refuses(apply: Apply, spark: SparkSession, parameters: dict[str, Any], message: str) -> None:
    frame = spark.createDataFrame([(1.0, "x", None)], "n double, t string, none double")
    with pytest.raises(FlowError, match=message):
        apply(frame, PROCESS_NUMERIC, parameters)
