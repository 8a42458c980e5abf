"""Infers the types of columns from their first rows, as the notebooks that Data Wrangler exports do.

The rules are those of newer versions: the first 5,000 rows decide, and a type must fit more than 80% of
the values that are not missing. The native engine refuses columns whose type depends on the version.
"""

import re

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    StringType,
)

from spark_engine.columns import column

SAMPLE = 5000
SHARE = 0.8
# A column with a smaller share of values than this is a string column.
LEAST = 0.3
MISSING = re.compile(r"\s*$|null|none|nil|na", re.IGNORECASE)
INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def infer(frame: DataFrame) -> dict[str, str]:
    """Return the type of each column, in order."""
    texts = [field.name for field in frame.schema.fields if isinstance(field.dataType, StringType)]
    sample = frame.select(*(column(name) for name in texts)).limit(SAMPLE).toPandas()
    return {
        field.name: _of_texts(sample[field.name]) if field.name in texts else _of_type(field.dataType)
        for field in frame.schema.fields
    }


def _of_type(kind: DataType) -> str:
    if isinstance(kind, IntegralType):
        return "long"
    if isinstance(kind, (DoubleType, FloatType, DecimalType)):
        return "float"
    return "bool" if isinstance(kind, BooleanType) else "object"


def _of_texts(values: pd.Series) -> str:
    texts = values.dropna()
    some = int((~texts.str.match(MISSING)).sum())
    if not some or some / len(values) < LEAST:
        return "string"
    numbers = pd.to_numeric(texts, errors="coerce").replace([float("inf"), float("-inf")], float("nan"))
    if (count := int(numbers.notna().sum())) / some > SHARE:
        integers = int(texts[numbers.notna()].str.fullmatch(INTEGER).sum())
        return "long" if integers / count > SHARE else "float"
    if texts.str.lower().isin(["true", "false"]).sum() / some > SHARE:
        return "bool"
    times = pd.to_datetime(texts, errors="coerce").notna()
    dates = int((times & texts.str.fullmatch(DATE)).sum())
    if dates / some > SHARE and times.sum() <= dates:
        return "date"
    return "datetime" if times.sum() / some > SHARE else "string"
