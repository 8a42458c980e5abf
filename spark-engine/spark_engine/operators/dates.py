"""Featurize date and time: parts of a date, as numbers or on a circle.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-datetime-embed>

Evidence of the names: the flows `JennyJiang118/UdacityML_Project1/untitled.flow`
(`featurize_date_time_0.1`) and
`sagemaker-datawrangler/timeseries-dataflow/TS-Workshop-DataPreparation.flow` of
aws/amazon-sagemaker-examples (the same block in `time_series_0.1`). The order and the names of the
new columns, the units of numbers and `use_one_indexing` are those of a flow that SageMaker Canvas
exported to Python code in 2025, and of its `DateTimeVectorizer`:
<https://github.com/aws/sagemaker-scikit-learn-extension/blob/master/src/sagemaker_sklearn_extension/feature_extraction/date_time.py>.

Two differences. A date that cannot be read gives missing parts, as the documentation says, where
the exported code casts NaN to zero. Data Wrangler computes the circle in single precision, this
module in double precision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pandas._libs.tslibs.parsing import guess_datetime_format
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import DateType, NumericType, StringType, TimestampType

from spark_engine.columns import column, unused
from spark_engine.parameters import Parameters, plain_name
from spark_engine.registry import Context, operator


@dataclass(frozen=True)
class Part:
    """A part of a date with its lowest and highest value. The year has no bounds, so it has no circle."""

    sql: str
    low: int | None = None
    high: int = 0


PARTS: Mapping[str, Part] = {
    "year": Part("year"),
    "month": Part("month", 1, 12),
    "day": Part("day", 1, 31),
    "hour": Part("hour", 0, 23),
    "minute": Part("minute", 0, 59),
    "second": Part("second", 0, 59),
    "week_of_year": Part("weekofyear", 1, 53),
    "day_of_year": Part("dayofyear", 1, 366),
    "quarter": Part("quarter", 1, 4),
}
# Data Wrangler reads numbers as the unit that most of the first and last 100 values fit.
SAMPLE = 100
UNITS = {"ns": (1 << 54, None), "us": (1 << 44, 1 << 54), "ms": (1 << 34, 1 << 44), "s": (None, 1 << 34)}


@operator("sagemaker.spark.featurize_date_time_0.1")
def featurize_date_time(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Extract parts of dates."""
    [frame] = frames
    extract = parameters.choice("operator", {"Extract columns": extract_columns})
    return extract(frame, parameters.block())


def extract_columns(frame: DataFrame, block: Parameters) -> DataFrame:
    """Append parts of each date as columns, or as a vector."""
    cyclic = block.choice("output_mode", {"Ordinal": False, "Cyclic": True})
    as_vector = block.choice("output_format", {"Columns": False, "Vector": True})
    one_based = block.flag("use_one_indexing", default=False)
    if cyclic and one_based:
        raise block.error("use_one_indexing is only for the output mode Ordinal")
    parts = [part for part in PARTS if block.flag(part, default=False)]
    if not parts:
        raise block.error("no part of the date is selected")
    for name, output in block.outputs(frame):
        moment = unused(frame, "moment")[0]
        dated = frame.withColumn(moment, timestamps(frame, block, name))
        prefix = output or plain_name(name)
        features: dict[str, Column] = {}
        for part in parts:
            features |= _features(f"{prefix}_{part}", column(moment), PARTS[part], cyclic, one_based)
        if as_vector:
            frame = _as_vector(dated, features, output or name).drop(moment)
        else:
            frame = dated.withColumns(features).drop(moment)
    return frame


def _features(
    name: str,
    moment: Column,
    part: Part,
    cyclic: bool,
    one_based: bool,
) -> dict[str, Column]:
    value = getattr(sf, part.sql)(moment).cast("long")
    if part.low is None:
        return {name: value.cast("double") if cyclic else value}
    if not cyclic:
        return {name: value if one_based and part.low == 1 else value - part.low}
    angle = (value - part.low) * (2 * math.pi / (1 + part.high - part.low))
    return {f"{name}_1": sf.sin(angle), f"{name}_2": sf.cos(angle)}


def _as_vector(frame: DataFrame, features: Mapping[str, Column], output: str) -> DataFrame:
    [vector] = unused(frame, "vector")
    names = unused(frame, *(f"part_{index}" for index in range(len(features))))
    parts = frame.withColumns(dict(zip(names, features.values())))
    assembler = VectorAssembler(inputCols=names, outputCol=vector, handleInvalid="keep")
    return assembler.transform(parts).withColumn(output, column(vector)).drop(*names, vector)


def timestamps(frame: DataFrame, block: Parameters, name: str) -> Column:
    """Return a column as timestamps. Values that are no dates become missing.

    pandas reads text, because Data Wrangler's formats are Python's, and guesses formats where there is none.
    Offsets from UTC are ignored: the parts are those of the clock that the text shows.
    """
    infer = block.flag("infer_datetime_format", default=False)
    pattern = block.optional_text("date_time_format")
    if infer and pattern:
        raise block.error("a date and time format is given, and also to be inferred")
    kind = frame.schema[name].dataType
    if isinstance(kind, (TimestampType, DateType)):
        return column(name).cast("timestamp")
    if isinstance(kind, NumericType):
        return _parsed(column(name), pattern, None if pattern else _unit(frame, name))
    if isinstance(kind, StringType):
        return _parsed(column(name), _first_format(frame, name) if infer else pattern, None)
    raise block.error(f"`{name}` is neither text, a number nor a date", "choose another column")


def _parsed(values: Column, pattern: str | None, unit: str | None) -> Column:
    def parse(values: pd.Series) -> pd.Series:
        parsed = pd.to_datetime(values, errors="coerce", format=pattern, unit=unit)
        return pd.to_datetime(parsed.map(lambda moment: moment.replace(tzinfo=None)))

    result: Column = sf.pandas_udf(parse, "timestamp")(values)
    return result


def _unit(frame: DataFrame, name: str) -> str:
    present = frame.select(column(name).alias("value")).dropna()
    values = [row.value for row in present.head(SAMPLE) + present.tail(SAMPLE)]
    return max(UNITS, key=lambda unit: sum(_fits(value, *UNITS[unit]) for value in values))


def _fits(value: float, low: int | None, high: int | None) -> bool:
    return (low is None or value >= low) and (high is None or value < high)


def _first_format(frame: DataFrame, name: str) -> str | None:
    """Return the format of the first text. All others must have it too."""
    first = frame.select(column(name).alias("value")).dropna().head()
    guess: str | None = guess_datetime_format(first.value) if first else None
    return guess
