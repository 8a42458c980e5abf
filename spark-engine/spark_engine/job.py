"""Runs a flow and writes its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pyspark.ml.functions import vector_to_array
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import ArrayType, MapType, StructField, StructType

from spark_engine import engine, session
from spark_engine.accounting import Account
from spark_engine.columns import column
from spark_engine.flow import Flow


def run(
    flow: Path,
    inputs: Mapping[str, Sequence[Path]],
    output: Path,
    *,
    output_name: str | None = None,
    refit: bool = False,
) -> DataFrame:
    """Run a flow on the files of its datasets, write its output as Parquet, and return the written rows."""
    frame, _ = run_and_account(flow, inputs, output, output_name=output_name, refit=refit)
    return frame


def run_and_account(
    flow: Path,
    inputs: Mapping[str, Sequence[Path]],
    output: Path,
    *,
    output_name: str | None = None,
    refit: bool = False,
) -> tuple[DataFrame, Account]:
    """Run a flow as `run` does. Also return the account of its rows."""
    read = Flow.read(flow)
    wanted = read.output(output_name)
    engine.check(read, wanted)
    spark = session.start()
    result = engine.run(spark, read, wanted, inputs, refit=refit)
    try:
        as_features(result.frame).write.mode("overwrite").parquet(str(output))
    except Exception as error:
        raise result.steps.blame(error) from error
    written = spark.read.parquet(str(output))
    result.account.rows_written = written.count()
    return written, result.account


def as_features(frame: DataFrame) -> DataFrame:
    """Return the frame with vectors and other nested values as JSON text, as features hold them."""
    return frame.select(*(_as_feature(field).alias(field.name) for field in frame.schema.fields))


def _as_feature(field: StructField) -> Column:
    if isinstance(field.dataType, VectorUDT):
        return sf.to_json(vector_to_array(column(field.name)))
    if isinstance(field.dataType, (ArrayType, MapType, StructType)):
        return sf.to_json(column(field.name))
    return column(field.name)
