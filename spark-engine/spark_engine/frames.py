"""Conversion of pandas' frames to Spark's."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import DataType, StringType, StructField, StructType


class UnfitFrameError(Exception):
    """A frame of pandas cannot become a frame of Spark."""


def to_spark(spark: SparkSession, frame: pd.DataFrame, before: Mapping[str, DataType]) -> DataFrame:
    """Return a frame of Spark, without the index.

    Missing values become null, whole numbers bigint, and floats double. A column without any value
    keeps its type of `before`, or becomes a string column.
    """
    named = _named(frame).reset_index(drop=True)
    if named.columns.empty:
        raise UnfitFrameError("the frame has no columns")
    columns = {name: _plain(named[name]) for name in named.columns}
    fields = [StructField(name, _type(values, before.get(name))) for name, values in columns.items()]
    return spark.createDataFrame(pd.DataFrame(columns), StructType(fields))


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with strings as column names."""
    if frame.columns.nlevels > 1:
        raise UnfitFrameError("the frame's columns have several levels; flatten them")
    named = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if not named.columns.is_unique:
        raise UnfitFrameError("two columns of the frame have the same name")
    return named


def _plain(values: pd.Series) -> pd.Series:
    """Return the column with a type that Spark knows."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
        return values
    if pd.api.types.is_float_dtype(values.dtype):
        return values.astype("float64")
    return values.astype("Int64" if values.hasnans else "int64")


def _type(values: pd.Series, before: DataType | None) -> DataType:
    try:
        kind = pa.Array.from_pandas(values).type
        if pa.types.is_null(kind):
            return before or StringType()
        return from_arrow_type(kind)
    except (pa.ArrowException, TypeError) as error:
        problem = f"the column `{values.name}` has values of several types, or of a type that Spark lacks"
        raise UnfitFrameError(problem) from error
