"""Reads a dataset as Data Wrangler does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as sf
from pyspark.sql.types import StringType, StructField, StructType

from spark_engine.columns import column, unused
from spark_engine.files import File, Files, as_files, names
from spark_engine.malformed import rejected as malformed_rows
from spark_engine.parameters import Parameters

S3_SOURCE = "sagemaker.s3_source_0.1"
# SageMaker Canvas names its datasets differently. Their files are in S3, too.
IN_S3 = frozenset({"S3", "Canvas Dataset"})
FILE_NAME = "_data_source_filename"
ENCODINGS = {
    "utf-8": "utf-8",
    "utf_8": "utf-8",
    "utf8": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "iso8859-1": "iso-8859-1",
    "latin-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "latin_1": "iso-8859-1",
}


@dataclass(frozen=True)
class Source:
    """A dataset and the number of its rows."""

    frame: DataFrame
    rows: int
    # Rows of CSV files that have another number of fields than the header.
    malformed: int
    # Malformed rows that are left out, as JSON shows them.
    rejected: DataFrame | None


def dataset_name(parameters: Parameters) -> str:
    """Return the name of a source's dataset. Refuses sources outside S3."""
    definition = parameters.nested("dataset_definition")
    kind = definition.optional_text("datasetSourceType") or "S3"
    if parameters.operator != S3_SOURCE or kind not in IN_S3:
        shown = kind if kind not in IN_S3 else parameters.operator
        raise parameters.error(
            f"the source reads from {shown}, not from S3", "store the data in S3, and import it from there"
        )
    return definition.text("name")


def read(spark: SparkSession, parameters: Parameters, files: Files, *, reject: bool = False) -> Source:
    """Read the files of a source node, and count their rows.

    Malformed rows of CSV files are kept as Spark reads them, or rejected.
    """
    context, found = _context(parameters), as_files(files)
    if _format(context) != "csv":
        rows = frame(spark, parameters, found)
        return Source(rows, rows.count(), 0, None)
    marked = _marked(spark, context, found)
    if marked is None:
        return Source(frame(spark, parameters, found), 0, 0, None)
    if reject:
        return _without_malformed(marked, context, found)
    rows, malformed = _counts(marked)
    return Source(frame(spark, parameters, found), rows, malformed, None)


def frame(spark: SparkSession, parameters: Parameters, files: Files) -> DataFrame:
    """Return the rows of the files of a source node."""
    context, found = _context(parameters), as_files(files)
    paths = [file.path for file in found]
    rows = FORMATS[_format(context)](_reader(spark, context), paths, context)
    if context.flag("s3AddsFilenameColumn", False):
        rows = rows.withColumn(FILE_NAME, _shown(sf.input_file_name(), found))
    return rows


def _format(context: Parameters) -> str:
    kind = context.text("s3ContentType").lower()
    if kind not in FORMATS:
        raise context.unsupported(f"{context.name('s3ContentType')} `{kind}` is not supported")
    return kind


def _shown(address: Column, files: Sequence[File]) -> Column:
    """Return the address of a row's file as the flow names it: of S3, and of the original of a copy."""
    shown = sf.regexp_replace(address, "^s3a://", "s3://")
    for file in files:
        if file.path.startswith("s3a://") and file.name != f"s3{file.path[3:]}":
            copy = sf.lit(quote(f"s3{file.path[3:]}", safe="/:"))
            shown = sf.when(shown == copy, sf.lit(file.name)).otherwise(shown)
    return shown


def _context(parameters: Parameters) -> Parameters:
    return parameters.nested("dataset_definition").nested("s3ExecutionContext")


def _reader(spark: SparkSession, context: Parameters) -> DataFrameReader:
    nested = str(context.flag("s3DirIncludesNested", False)).lower()
    return spark.read.option("recursiveFileLookup", nested)


def csv_options(context: Parameters) -> dict[str, Any]:
    """Return Spark's options for the node's CSV files."""
    if context.number("s3SkipLines", 0) != 0:
        raise context.unsupported(f"{context.name('s3SkipLines')} is not supported")
    delimiter = context.optional_text("s3FieldDelimiter") or ","
    encoding = (context.optional_text("s3CsvEncodingType") or "utf-8").lower()
    if encoding not in ENCODINGS:
        raise context.unsupported(f"{context.name('s3CsvEncodingType')} `{encoding}` is not supported")
    return {
        "header": context.flag("s3HasHeader", False),
        "escape": '"',
        "quote": '"',
        "sep": "\t" if delimiter == "\\t" else delimiter,
        "mode": "PERMISSIVE",
        "encoding": ENCODINGS[encoding],
        "multiLine": context.flag("s3MultiLine", False),
    }


Reads = Callable[[DataFrameReader, list[str], Parameters], DataFrame]
FORMATS: dict[str, Reads] = {
    "csv": lambda reader, paths, context: reader.csv(paths, **csv_options(context)),
    "json": lambda reader, paths, _: reader.option("multiline", "true").json(paths),
    "jsonl": lambda reader, paths, _: reader.option("multiline", "false").json(paths),
    "orc": lambda reader, paths, _: reader.orc(paths),
    "parquet": lambda reader, paths, _: reader.parquet(*paths),
}


@dataclass(frozen=True)
class Marked:
    """The rows of CSV files, with the text of malformed rows and the address of the file."""

    frame: DataFrame
    columns: list[str]
    text: str
    address: str


def _marked(spark: SparkSession, context: Parameters, files: Sequence[File]) -> Marked | None:
    """Read CSV files. None if they have no columns."""
    paths, options = [file.path for file in files], csv_options(context)
    plain = _reader(spark, context).csv(paths, **options)
    if not plain.columns:
        return None
    text, address = unused(plain, "malformed", "address")
    schema = StructType([*plain.schema.fields, StructField(text, StringType())])
    rows = _reader(spark, context).csv(paths, schema=schema, columnNameOfCorruptRecord=text, **options)
    return Marked(rows.withColumn(address, sf.input_file_name()), plain.columns, text, address)


def _counts(marked: Marked) -> tuple[int, int]:
    """Count the rows, and the malformed ones."""
    # A query of all columns. Otherwise, Spark does not parse the fields that it does not need.
    values = sf.coalesce(*map(column, marked.columns))
    counted = marked.frame.agg(sf.count(sf.lit(1)), sf.count(column(marked.text)), sf.count(values)).head()
    assert counted is not None  # an aggregate without groups has one row
    return int(counted[0]), int(counted[1])


def _without_malformed(marked: Marked, context: Parameters, files: Sequence[File]) -> Source:
    """Separate the malformed rows. Rows are kept, because Spark finds them in a query of all columns only."""
    kept = marked.frame.persist()
    rows, malformed = _counts(replace(marked, frame=kept))
    is_malformed = column(marked.text).isNotNull()
    columns = [column(name) for name in marked.columns]
    if context.flag("s3AddsFilenameColumn", False):
        columns.append(_shown(column(marked.address), files).alias(FILE_NAME))
    rejected = None
    if malformed:
        delimiter = csv_options(context)["sep"]
        found = kept.where(is_malformed)
        rejected = malformed_rows(
            found, marked.text, marked.address, names(files), delimiter, len(marked.columns)
        )
    return Source(kept.where(~is_malformed).select(*columns), rows, malformed, rejected)
