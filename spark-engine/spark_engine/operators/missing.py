"""Handle missing: fill, impute, mark and drop missing values.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-handle-missing>

Evidence of the names and defaults: the flows customer-churn.flow (`Drop missing`), timeseries.flow (`Fill
missing` of several columns) and those of the native engine's tests, and flows that Data Wrangler
exported to Python code. Its code counts as missing: null, NaN, and empty or blank texts.

Data Wrangler imputes numbers as doubles, and takes the mean over the rows that are complete in all columns.
Later, SageMaker Canvas changed to Spark ML's Imputer, whose trained `imputer_model` keeps the column's
type. A node with such a model is computed with it.

The only dimension is "Drop Rows": the exported code asserts it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyspark.ml.feature import ImputerModel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    LongType,
    NumericType,
    StringType,
    TimestampType,
)

from spark_engine import trained
from spark_engine.columns import column
from spark_engine.parameters import Parameters, plain_name
from spark_engine.registry import Context, operator
from spark_engine.repeatable import in_one_partition
from spark_engine.strict import COLUMNS, only

MEDIAN_ERROR = 0.001
CAST_FIRST = "cast it first"
MIN_LONG, MAX_LONG = -(2**63), 2**63 - 1


@operator("sagemaker.spark.handle_missing_0.1")
def handle_missing(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Fill, impute, mark or drop missing values."""
    [frame] = frames
    handle = parameters.choice("operator", HANDLERS)
    return handle(frame, parameters.block())


def impute(frame: DataFrame, parameters: Parameters) -> DataFrame:
    """Fill missing values with a statistic of their column."""
    handle = parameters.choice("column_type", {"Numeric": impute_numbers, "Categorical": impute_labels})
    return handle(frame, parameters.block("column_type"))


def impute_numbers(frame: DataFrame, block: Parameters) -> DataFrame:
    """Fill missing numbers with the mean or the approximate median."""
    only(block, *COLUMNS, "strategy")
    statistic = block.choice("strategy", {"Mean": mean, "Approximate Median": median})
    pairs = block.outputs(frame)
    surrogates = trained_surrogates(block)
    for name, output in pairs:
        kind = frame.schema[name].dataType
        if not isinstance(kind, NumericType):
            problem = (
                f"the column `{name}` is a {kind.simpleString()}, but only numbers are imputed as Numeric"
            )
            raise block.error(problem, "choose the column type Categorical, or cast it first")
        value = surrogates.get(plain_name(name))
        if value is None:
            kind = DoubleType()
            value = trained_number(block, name, len(pairs))
            value = statistic(frame, block, name) if value is None else value
        frame = replace(frame, name, output, sf.lit(value), kind)
    return frame


def trained_surrogates(block: Parameters) -> dict[str, float]:
    """Return the values of a trained Imputer, by the plain names of their columns."""
    entries = block.trained if isinstance(block.trained, dict) else {}
    model = trained.load(block, entries, "imputer_model", ImputerModel)
    return {} if model is None else model.surrogateDF.first().asDict()


def trained_number(block: Parameters, name: str, columns: int) -> float | None:
    """Return the trained value of a column. None if there is none."""
    value = trained.of_column(block.trained, name, columns).get("impute_value")
    if value is None:
        return None
    number = as_number(value)
    if number is None:
        raise block.error(f"the trained impute_value of `{name}` is not a finite number", trained.REFIT)
    return number


def mean(frame: DataFrame, _: Parameters, name: str) -> float | None:
    """Return the mean over the rows without missing values in any column. None if there are none."""
    complete = frame.withColumn(name, column(name).cast("double")).na.drop()
    value: float | None = complete.select(sf.mean(column(name))).first()[0]
    return value


def median(frame: DataFrame, block: Parameters, name: str) -> float:
    """Return the approximate median."""
    numbers = frame.select(column(name).cast("double").alias("number"))
    found = in_one_partition(numbers).approxQuantile("number", [0.5], MEDIAN_ERROR)
    if not found:
        raise block.error(f"the column `{name}` has no numbers, so it has no median", "fill or drop it")
    value: float = found[0]
    return value


def impute_labels(frame: DataFrame, block: Parameters) -> DataFrame:
    """Fill missing values with the most frequent value. For ties, use the smallest."""
    only(block, *COLUMNS)
    pairs = block.outputs(frame)
    for name, output in pairs:
        kind = fillable(frame, block, name)
        value = trained.of_column(block.trained, name, len(pairs)).get("impute_value")
        if value is None:
            known = frame.select(column(name).alias("value")).where(~missing(frame, block, name))
            top = known.groupBy("value").count().sort(sf.desc("count"), sf.asc("value")).first()
            value = None if top is None else top[0]
        frame = replace(frame, name, output, sf.lit(value).cast(kind), kind)
    return frame


def fill(frame: DataFrame, block: Parameters) -> DataFrame:
    """Fill missing values with a constant."""
    only(block, *COLUMNS, "fill_value")
    for name, output in block.outputs(frame):
        kind = fillable(frame, block, name)
        frame = replace(frame, name, output, constant(frame, block, name, kind), kind)
    return frame


def constant(frame: DataFrame, block: Parameters, name: str, kind: DataType) -> Column:
    """Return the fill value as a value of the column's type."""
    value = block.get("fill_value")
    expected = None
    if isinstance(kind, LongType):
        value, expected = as_long(value), "a whole number"
    elif isinstance(kind, DoubleType):
        value, expected = as_number(value), "a finite number"
    elif isinstance(kind, (DateType, TimestampType)):
        literal = sf.lit(value).cast(kind)
        value = frame.sparkSession.range(1).select(literal).first()[0]
        expected = f"a {kind.simpleString()}"
    elif isinstance(value, bool) or not isinstance(value, (str, int, float, type(None))):
        value, expected = None, "a string or a number"
    if value is None and expected is not None:
        raise block.error(f"{block.name('fill_value')} for `{name}` must be {expected}")
    return sf.lit(value).cast(kind)


def as_long(value: Any) -> int | None:
    """Return a whole number of 64 bits, as Python reads it. None if the value is none."""
    try:
        number = None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and MIN_LONG <= number <= MAX_LONG else None


def as_number(value: Any) -> float | None:
    """Return a finite number. None if the value is none."""
    try:
        number = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < float("inf") else None


def indicate(frame: DataFrame, block: Parameters) -> DataFrame:
    """Add columns that tell whether a value is missing."""
    only(block, *COLUMNS)
    for name, output in block.outputs(frame):
        indicator = missing(frame, block, name)
        frame = frame.withColumn(output or f"{plain_name(name)}_indicator", indicator)
    return frame


def drop_rows(frame: DataFrame, block: Parameters) -> DataFrame:
    """Drop the rows with a missing value in one of some columns, or in any column."""
    if block.optional_text("dimension") is not None:
        block.choice("dimension", {"Drop Rows": None})
        block = block.nested("drop_rows_parameters")
    only(block, "input_column", "drop_rows_parameters")
    names = block.optional_columns(frame, "input_column") or frame.columns
    for name in names:
        frame = frame.where(~missing(frame, block, name))
    return frame


def missing(frame: DataFrame, block: Parameters, name: str) -> Column:
    """Return whether a value is missing. It is never null."""
    kind = frame.schema[name].dataType
    if not isinstance(kind, (StringType, DateType, TimestampType, BooleanType, NumericType)):
        problem = f"the column `{name}` is a {kind.simpleString()}, in which missing values are not defined"
        raise block.error(problem, CAST_FIRST)
    return missing_in(name, kind)


def missing_in(name: str, kind: DataType) -> Column:
    """Return whether a value of this type is missing."""
    value = column(name)
    if isinstance(kind, StringType):
        return value.isNull() | (sf.trim(value) == "")
    if isinstance(kind, NumericType):
        return value.isNull() | sf.isnan(value)
    return value.isNull()


def fillable(frame: DataFrame, block: Parameters, name: str) -> DataType:
    """Return the type of a column that can be filled."""
    kind = frame.schema[name].dataType
    if not isinstance(kind, (LongType, DoubleType, StringType, DateType, TimestampType)):
        problem = (
            f"the column `{name}` is a {kind.simpleString()}, but only bigint, double, string, date and "
            "timestamp can be filled"
        )
        raise block.error(problem, CAST_FIRST)
    return kind


def replace(frame: DataFrame, name: str, output: str | None, value: Column, kind: DataType) -> DataFrame:
    """Replace the missing values of a column. The result has the type `kind`."""
    filled = sf.when(missing_in(name, frame.schema[name].dataType), value).otherwise(column(name))
    return frame.withColumn(output or name, filled.cast(kind))


HANDLERS: dict[str, Callable[[DataFrame, Parameters], DataFrame]] = {
    "Impute": impute,
    "Fill missing": fill,
    "Add indicator for missing": indicate,
    "Drop missing": drop_rows,
}
