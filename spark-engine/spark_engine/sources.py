"""Reads a dataset as Data Wrangler does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as sf
from pyspark.sql.types import StringType, StructField, StructType

from spark_engine.columns import column
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
MALFORMED = "__malformed"


@dataclass(frozen=True)
class Source:
    """A dataset and the number of its rows."""

    frame: DataFrame
    rows: int
    # Rows of CSV files that have another number of fields than the header.
    malformed: int


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


def read(spark: SparkSession, parameters: Parameters, files: Sequence[Path]) -> Source:
    """Read the files of a source node, and count their rows."""
    rows = frame(spark, parameters, files)
    return Source(rows, rows.count(), _malformed(spark, parameters, files))


def frame(spark: SparkSession, parameters: Parameters, files: Sequence[Path]) -> DataFrame:
    """Return the rows of the files of a source node."""
    context = _context(parameters)
    kind = context.text("s3ContentType").lower()
    if kind not in FORMATS:
        raise context.unsupported(f"{context.name('s3ContentType')} `{kind}` is not supported")
    rows = FORMATS[kind](_reader(spark, context), [str(path) for path in files], context)
    if context.flag("s3AddsFilenameColumn", False):
        rows = rows.withColumn(FILE_NAME, sf.input_file_name())
    return rows


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


def _malformed(spark: SparkSession, parameters: Parameters, files: Sequence[Path]) -> int:
    """Count the rows of CSV files that Spark had to fill up or to cut off."""
    context = _context(parameters)
    if context.text("s3ContentType").lower() != "csv":
        return 0
    paths, options = [str(path) for path in files], csv_options(context)
    fields = _reader(spark, context).csv(paths, **options).schema.fields
    if not fields:
        return 0
    schema = StructType([*fields, StructField(MALFORMED, StringType())])
    marked = _reader(spark, context).csv(paths, schema=schema, columnNameOfCorruptRecord=MALFORMED, **options)
    # A query of all columns. Otherwise, Spark does not parse the fields that it does not need.
    values = sf.coalesce(*(column(field.name) for field in fields))
    counts = marked.agg(sf.count(column(MALFORMED)), sf.count(values)).first()
    return int(counts[0]) if counts else 0
