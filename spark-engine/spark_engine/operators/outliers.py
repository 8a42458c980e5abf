"""Handle outliers: clip, remove or invalidate numbers outside of thresholds, and replace rare values.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-handle-outlier>

Evidence of the names and defaults: the flow timeseries.flow (`Standard deviation numeric outliers` of several
columns), and flows that Data Wrangler exported to Python code. The code decides where the documentation
is silent: "Remove" also removes null and NaN, "Invalidate" turns NaN into null, "Clip" keeps both and gives
doubles, and rare values include null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import NumericType

from spark_engine import trained
from spark_engine.columns import column
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.repeatable import in_one_partition
from spark_engine.strict import COLUMNS, only

QUANTILE_ERROR = 0.001
MAX_COMMON_CATEGORIES = 100
RARITY = ("absolute_threshold", "fraction_threshold", "max_common_categories")
# What Data Wrangler uses for a column without numbers.
NO_THRESHOLDS = (0.0, 0.0)

Thresholds = tuple[float, float]
# Computes the thresholds of a frame with the one column `value`.
Detector = Callable[[DataFrame], Thresholds]
Fix = Callable[[DataFrame, str, str, Thresholds], DataFrame]


@operator("sagemaker.spark.handle_outliers_0.1")
def handle_outliers(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Fix outliers, or replace rare values."""
    [frame] = frames
    return parameters.choice("operator", OPERATORS)(frame, parameters)


def fix_outliers(frame: DataFrame, parameters: Parameters) -> DataFrame:
    """Find outliers and fix them."""
    read = parameters.choice("operator", DETECTORS)
    block = parameters.block()
    detect, trainable = read(block)
    fix = block.choice("fix_method", FIXES, "Clip")
    pairs = block.outputs(frame)
    for name, output in pairs:
        require_numbers(frame, block, name)
        known = trained_thresholds(block, name, len(pairs)) if trainable else None
        values = frame.select(column(name).alias("value"))
        frame = fix(frame, name, output or name, detect(values) if known is None else known)
    return frame


def require_numbers(frame: DataFrame, block: Parameters, name: str) -> None:
    """Refuse columns of other types."""
    kind = frame.schema[name].dataType
    if not isinstance(kind, NumericType):
        problem = f"the column `{name}` is a {kind.simpleString()}, but only numbers have outliers"
        raise block.error(problem, "cast it first")


def trained_thresholds(block: Parameters, name: str, columns: int) -> Thresholds | None:
    """Return the thresholds of an earlier run. None if there are none."""
    entry = trained.of_column(block.trained, name, columns)
    lower, upper = entry.get("lower_threshold"), entry.get("upper_threshold")
    if lower is None or upper is None:
        return None
    try:
        return float(lower), float(upper)
    except (TypeError, ValueError) as error:
        raise block.error(f"the trained thresholds of `{name}` are not numbers", trained.REFIT) from error


def standard_deviation(block: Parameters) -> tuple[Detector, bool]:
    """Read a detector that measures the distance from the mean in standard deviations."""
    only(block, *COLUMNS, "fix_method", "standard_deviations")
    deviations = standard_deviations(block)
    return lambda values: around_mean(block, values, deviations), True


def robust_standard_deviation(block: Parameters) -> tuple[Detector, bool]:
    """Read a detector with the mean and the deviation of the values between two quantiles."""
    only(block, *COLUMNS, "fix_method", "standard_deviations", "lower_quantile", "upper_quantile")
    deviations = standard_deviations(block)
    lower, upper = quantiles(block, 0.25, 0.75)

    def detect(values: DataFrame) -> Thresholds:
        bounds = in_one_partition(values).approxQuantile("value", [lower, upper], QUANTILE_ERROR)
        if len(bounds) < 2:
            return NO_THRESHOLDS
        return around_mean(block, values.where(sf.col("value").between(*bounds)), deviations)

    return detect, True


def quantile(block: Parameters) -> tuple[Detector, bool]:
    """Read a detector with two quantiles as thresholds."""
    only(block, *COLUMNS, "fix_method", "lower_quantile", "upper_quantile")
    lower, upper = quantiles(block, 0.01, 0.99)

    def detect(values: DataFrame) -> Thresholds:
        bounds = in_one_partition(values).approxQuantile("value", [lower, upper], QUANTILE_ERROR)
        return (bounds[0], bounds[1]) if len(bounds) == 2 else NO_THRESHOLDS

    return detect, True


def min_max(block: Parameters) -> tuple[Detector, bool]:
    """Read constant thresholds."""
    only(block, *COLUMNS, "fix_method", "lower_threshold", "upper_threshold")
    thresholds = block.number("lower_threshold"), block.number("upper_threshold")
    return lambda _: thresholds, False


DETECTORS: dict[str, Callable[[Parameters], tuple[Detector, bool]]] = {
    "Standard deviation numeric outliers": standard_deviation,
    "Robust standard deviation numeric outliers": robust_standard_deviation,
    "Quantile numeric outliers": quantile,
    "Min-max numeric outliers": min_max,
}


def standard_deviations(block: Parameters) -> float:
    """Read the number of standard deviations."""
    deviations = block.number("standard_deviations", 4)
    if deviations < 0:
        raise block.error(f"{block.name('standard_deviations')} must not be negative")
    return deviations


def quantiles(block: Parameters, lower: float, upper: float) -> tuple[float, float]:
    """Read two quantiles, with their defaults."""
    found = block.number("lower_quantile", lower), block.number("upper_quantile", upper)
    for name, value in zip(("lower_quantile", "upper_quantile"), found):
        if not 0 <= value <= 1:
            raise block.error(f"{block.name(name)} must be between 0 and 1")
    if found[0] > found[1]:
        raise block.error(f"{block.name('lower_quantile')} must not be greater than upper_quantile")
    return found


def around_mean(block: Parameters, values: DataFrame, deviations: float) -> Thresholds:
    """Return the thresholds at a distance from the mean, in sample standard deviations."""
    value = sf.col("value")
    finite = values.where(value.isNotNull() & ~value.isin(float("nan"), float("inf"), -float("inf")))
    count, mean, deviation = finite.select(sf.count(value), sf.mean(value), sf.stddev(value)).first()
    if count == 0:
        return NO_THRESHOLDS
    if deviation is None:
        problem = "a single number has no standard deviation"
        raise block.error(
            problem, "use thresholds (Min-max numeric outliers), or train the node on more rows"
        )
    return float(mean) - deviations * deviation, float(mean) + deviations * deviation


def clip(frame: DataFrame, name: str, output: str, thresholds: Thresholds) -> DataFrame:
    """Replace outliers by the nearest threshold."""
    lower, upper = thresholds
    value = column(name)
    clipped = (
        sf.when(sf.isnan(value), float("nan"))
        .when(value < lower, lower)
        .when(value > upper, upper)
        .otherwise(value)
    )
    return frame.withColumn(output, clipped.cast("double"))


def remove(frame: DataFrame, name: str, output: str, thresholds: Thresholds) -> DataFrame:
    """Drop the rows with outliers, and with null and NaN."""
    return frame.where(column(name).between(*thresholds)).withColumn(output, column(name))


def invalidate(frame: DataFrame, name: str, output: str, thresholds: Thresholds) -> DataFrame:
    """Replace outliers by null."""
    value = column(name)
    return frame.withColumn(output, sf.when(value.between(*thresholds), value))


FIXES: dict[str, Fix] = {"Clip": clip, "Remove": remove, "Invalidate": invalidate}


def replace_rare(frame: DataFrame, parameters: Parameters) -> DataFrame:
    """Replace the values that occur rarely by one string."""
    block = parameters.block()
    only(block, *COLUMNS, "replacement_string", *RARITY)
    replacement = sf.lit(block.text("replacement_string"))
    pairs = block.outputs(frame)
    for name, output in pairs:
        entry = trained.of_column(block.trained, name, len(pairs))
        common = entry.get("common_categories")
        common = common_values(frame, block, name) if common is None else common
        frame = frame.withColumn(output or name, kept(name, common).otherwise(replacement))
    return frame


def kept(name: str, common: list[Any]) -> Column:
    """Return the values that are in a list. Null is rare, even if it occurs often."""
    return sf.when(column(name).isin([value for value in common if value is not None]), column(name))


def common_values(frame: DataFrame, block: Parameters, name: str) -> list[Any]:
    """Return the values of a column that are not rare."""
    absolute = block.integer("absolute_threshold", 10)
    fraction = block.number("fraction_threshold", 0.005)
    largest = block.integer("max_common_categories", 0)
    if absolute < 0:
        raise block.error(f"{block.name('absolute_threshold')} must not be negative")
    if not 0 <= fraction <= 1:
        raise block.error(f"{block.name('fraction_threshold')} must be between 0 and 1")
    if not 0 <= largest <= MAX_COMMON_CATEGORIES:
        member = block.name("max_common_categories")
        raise block.error(f"{member} is {largest}, but must be between 0 and {MAX_COMMON_CATEGORIES}")
    threshold = max(fraction * frame.count(), absolute)
    counts = frame.groupBy(column(name).alias("value")).agg(sf.count("*").alias("rows"))
    common = counts.where(sf.col("rows") > threshold).sort(sf.desc("rows"), sf.asc("value"))
    rows = common.take(largest) if largest else common.collect()
    return [row[0] for row in rows]


OPERATORS: dict[str, Callable[[DataFrame, Parameters], DataFrame]] = {
    **dict.fromkeys(DETECTORS, fix_outliers),
    "Replace rare values": replace_rare,
}
