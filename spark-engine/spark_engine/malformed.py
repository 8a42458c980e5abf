"""Malformed rows of CSV files: rows with more or fewer fields than the header."""

from __future__ import annotations

import csv
from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import StringType

from spark_engine.columns import column
from spark_engine.files import name_of

STATUS = "rejected"
_NO_LIMIT = 2**31 - 1


def rejected(
    malformed: DataFrame, text: str, address: str, known: Mapping[str, str], delimiter: str, fields: int
) -> DataFrame:
    """Return what is kept of malformed rows, whose texts and files' addresses are in two columns."""
    name = sf.udf(lambda read: name_of(read, known), StringType())
    reason = sf.udf(lambda record: reason_of(record, delimiter, fields), StringType())
    kept: list[Column] = [
        name(column(address)).alias("file"),
        sf.sha2(column(text).cast("binary"), 256).alias("row_sha256"),
        sf.lit(STATUS).alias("status"),
        reason(column(text)).alias("reason"),
        column(text).alias("text"),
    ]
    return malformed.select(*kept)


def reason_of(text: str, delimiter: str, fields: int) -> str:
    """Return why a record is malformed, without quoting it."""
    count = _fields(text, delimiter)
    return "misplaced quotes" if count in (None, fields) else f"{count} of {fields} fields"


def _fields(text: str, delimiter: str) -> int | None:
    """Count the fields of a record. None if they cannot be counted."""
    if len(delimiter) != 1:
        return text.count(delimiter) + 1
    csv.field_size_limit(_NO_LIMIT)
    try:
        return len(next(csv.reader([text], delimiter=delimiter), []))
    except csv.Error:
        return None
