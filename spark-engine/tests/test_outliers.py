"""Handle outliers. The expected values follow from AWS's documentation and from the sample deviation."""

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

HANDLE_OUTLIERS = "sagemaker.spark.handle_outliers_0.1"
NAN = float("nan")
BLOCKS = {
    "Standard deviation numeric outliers": "standard_deviation_numeric_outliers_parameters",
    "Robust standard deviation numeric outliers": "robust_standard_deviation_numeric_outliers_parameters",
    "Quantile numeric outliers": "quantile_numeric_outliers_parameters",
    "Min-max numeric outliers": "min_max_numeric_outliers_parameters",
    "Replace rare values": "replace_rare_values_parameters",
}


@pytest.fixture
def frame(spark: SparkSession) -> DataFrame:
    """Return the numbers 1 to 10, a hundred, and values that are no numbers."""
    numbers = [*map(float, range(1, 11)), 100.0, NAN, None]
    return spark.createDataFrame([(n,) for n in numbers], "x double")


def outliers(choice: str, **settings: Any) -> dict[str, Any]:
    return {"operator": choice, BLOCKS[choice]: {"input_column": "x", **settings}}


def values(frame: DataFrame, name: str = "x") -> list[Any]:
    return [row[name] for row in frame.collect()]


def test_clips_at_standard_deviations(apply: Apply, frame: DataFrame) -> None:
    numbers = [*range(1, 11), 100]
    mean = sum(numbers) / 11
    deviation = (sum((n - mean) ** 2 for n in numbers) / 10) ** 0.5
    parameters = outliers("Standard deviation numeric outliers", standard_deviations=2, fix_method="Clip")
    clipped = values(apply(frame, HANDLE_OUTLIERS, parameters))
    assert clipped == pytest.approx([*range(1, 11), mean + 2 * deviation, NAN, None], nan_ok=True)


def test_removes_outliers_of_several_columns(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([(n, m) for n, m in [(1, 1), (2, 2), (3, 90), (80, 3)]], "n long, m long")
    parameters = outliers(
        "Standard deviation numeric outliers",
        input_column=["n", "m"],
        standard_deviations=1,
        fix_method="Remove",
    )
    result = apply(frame, HANDLE_OUTLIERS, parameters)
    # The second column's thresholds come from the rows that the first column left.
    assert [tuple(row) for row in result.collect()] == [(1, 1), (2, 2)]
    assert result.dtypes == frame.dtypes


def test_measures_the_deviation_between_quantiles(apply: Apply, frame: DataFrame) -> None:
    parameters = outliers(
        "Robust standard deviation numeric outliers",
        lower_quantile=0.25,
        upper_quantile=0.75,
        standard_deviations=3,
        fix_method="Invalidate",
    )
    # The quartiles are 3 and 9, so the mean is 6 and the deviation is the root of 28/6.
    low, high = 6 - 3 * (28 / 6) ** 0.5, 6 + 3 * (28 / 6) ** 0.5
    expected = [n if low <= n <= high else None for n in [*range(1, 11), 100]]
    assert values(apply(frame, HANDLE_OUTLIERS, parameters)) == [*expected, None, None]


def test_uses_quantiles_as_thresholds(apply: Apply, frame: DataFrame) -> None:
    parameters = outliers("Quantile numeric outliers", lower_quantile="0.2", upper_quantile=0.8)
    result = apply(frame, HANDLE_OUTLIERS, {**parameters, BLOCKS["Min-max numeric outliers"]: {}})
    assert values(result) == pytest.approx([3, 3, 3, *range(4, 10), 9, 9, NAN, None], nan_ok=True)


@pytest.mark.parametrize(
    ("fix_method", "expected"),
    [
        ("Clip", [2, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, NAN, None]),
        ("Remove", [2, 3, 4]),
        ("Invalidate", [None, 2, 3, 4, *[None] * 9]),
    ],
)
def test_uses_given_thresholds(apply: Apply, frame: DataFrame, fix_method: str, expected: list[Any]) -> None:
    parameters = outliers(
        "Min-max numeric outliers",
        lower_threshold=2,
        upper_threshold="4",
        fix_method=fix_method,
        output_column="y",
    )
    assert values(apply(frame, HANDLE_OUTLIERS, parameters), "y") == pytest.approx(expected, nan_ok=True)


def test_uses_trained_thresholds(apply: Apply, frame: DataFrame) -> None:
    parameters = outliers("Quantile numeric outliers", fix_method="Remove")
    trained = {BLOCKS["Quantile numeric outliers"]: {"lower_threshold": 9.5, "upper_threshold": 20}}
    assert values(apply(frame, HANDLE_OUTLIERS, parameters, trained)) == [10]
    assert len(values(apply(frame, HANDLE_OUTLIERS, parameters, trained, refit=True))) == 11


def test_leaves_a_column_without_numbers(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([(None,)], "x double")
    assert values(apply(frame, HANDLE_OUTLIERS, outliers("Standard deviation numeric outliers"))) == [None]


def test_replaces_rare_values(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([(t,) for t in [*"aaabbbbcc", None, None, None]], "x string")
    parameters = outliers(
        "Replace rare values", replacement_string="Other", absolute_threshold=2, fraction_threshold=0.1
    )
    result = values(apply(frame, HANDLE_OUTLIERS, parameters))
    assert result == [*"aaabbbb", *["Other"] * 5]
    most = {**parameters[BLOCKS["Replace rare values"]], "max_common_categories": 1}
    parameters = outliers("Replace rare values", **most)
    assert values(apply(frame, HANDLE_OUTLIERS, parameters)) == [*["Other"] * 3, *"bbbb", *["Other"] * 5]


def test_counts_a_value_at_the_threshold_as_rare(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([(t,) for t in "aabbbb"], "x string")
    parameters = outliers(
        "Replace rare values", replacement_string="?", absolute_threshold=0, fraction_threshold="0.334"
    )
    assert values(apply(frame, HANDLE_OUTLIERS, parameters)) == [*"??bbbb"]


def test_uses_trained_common_values(apply: Apply, spark: SparkSession) -> None:
    frame = spark.createDataFrame([("a",), ("b",), (None,)], "x string")
    trained = {BLOCKS["Replace rare values"]: {"common_categories": ["b", None]}}
    parameters = outliers("Replace rare values", replacement_string="rare")
    assert values(apply(frame, HANDLE_OUTLIERS, parameters, trained)) == ["rare", "b", "rare"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            outliers("Standard deviation numeric outliers", input_column="t"),
            "`t` is a string, but only numbers",
        ),
        (outliers("Standard deviation numeric outliers"), "a single number has no standard deviation"),
        (outliers("Standard deviation numeric outliers", standard_deviations=-1), "must not be negative"),
        (outliers("Quantile numeric outliers", upper_quantile=2), "upper_quantile must be between 0 and 1"),
        (outliers("Quantile numeric outliers", lower_quantile=1), "must not be greater than upper_quantile"),
        (outliers("Min-max numeric outliers", lower_threshold=1), "upper_threshold is missing"),
        (outliers("Quantile numeric outliers", fix_method="Cap"), "fix_method `Cap` is not supported"),
        (
            outliers("Replace rare values", replacement_string="o", max_common_categories=101),
            "max_common_categories is 101, but must be between 0 and 100",
        ),
        (outliers("Replace rare values", replacement_string="o", fraction_threshold=2), "fraction_threshold"),
        (outliers("Quantile numeric outliers", side="upper"), "side is not supported"),
        ({"operator": "Isolation forest"}, "operator `Isolation forest` is not supported"),
    ],
)
def test_refuses(apply: Apply, spark: SparkSession, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(FlowError, match=message):
        apply(spark.createDataFrame([(1.0, "a")], "x double, t string"), HANDLE_OUTLIERS, parameters)
