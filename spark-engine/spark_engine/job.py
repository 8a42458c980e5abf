"""Runs a flow and writes its result: a folder with the rows, the malformed rows and the account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.ml.functions import vector_to_array
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf
from pyspark.sql.types import ArrayType, MapType, StructField, StructType

from spark_engine import engine, session
from spark_engine.accounting import Account
from spark_engine.clock import Clock
from spark_engine.columns import column
from spark_engine.files import Files
from spark_engine.flow import Flow, Output

ROWS, REJECTED, ACCOUNT = "rows", "rejected", "account"
# The reader holds a file's rows in memory.
CELLS = 20_000_000
LEAST_ROWS, MOST_ROWS = 1_000, 200_000
BLOCK_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Options:
    """How to run a flow."""

    # Train operators that have trained parameters again.
    refit: bool = False
    # Leave malformed rows of CSV files out, and list them.
    reject_malformed: bool = False
    # What formulas and queries take for the current time. None: the machine's clock.
    clock: Clock | None = None


def run(
    flow: Path,
    inputs: Mapping[str, Files],
    output: Path,
    *,
    output_name: str | None = None,
    refit: bool = False,
) -> DataFrame:
    """Run a flow on the files of its datasets, write its result, and return the written rows."""
    read = Flow.read(flow)
    wanted = read.output(output_name)
    engine.check(read, wanted)
    frame, _ = run_and_account(session.start(), read, wanted, inputs, str(output), Options(refit=refit))
    return frame


def run_and_account(
    spark: SparkSession,
    flow: Flow,
    wanted: Output,
    inputs: Mapping[str, Files],
    output: str,
    options: Options,
) -> tuple[DataFrame, Account]:
    """Compute an output of a flow, and write it to a folder. Return the written rows and their account."""
    _clear(spark, output)
    result = engine.run(
        spark,
        flow,
        wanted,
        inputs,
        refit=options.refit,
        reject_malformed=options.reject_malformed,
        clock=options.clock,
    )
    try:
        _write_rows(as_features(result.frame), f"{output}/{ROWS}")
        if result.rejected is not None:
            result.rejected.write.mode("overwrite").json(f"{output}/{REJECTED}")
    except Exception as error:
        raise result.steps.blame(error) from error
    written = spark.read.parquet(f"{output}/{ROWS}")
    result.account.rows_written = written.count()
    line = json.dumps(result.account.summary(), ensure_ascii=False)
    account = spark.createDataFrame([(line,)], "value string").coalesce(1)
    account.write.mode("overwrite").text(f"{output}/{ACCOUNT}")
    return written, result.account


def _clear(spark: SparkSession, output: str) -> None:
    """Delete the result of a former run."""
    hadoop = spark.sparkContext._jvm.org.apache.hadoop.fs.Path
    for part in (ROWS, REJECTED, ACCOUNT):
        path = hadoop(f"{output}/{part}")
        path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()).delete(path, True)


def _write_rows(rows: DataFrame, folder: str) -> None:
    most = max(LEAST_ROWS, min(MOST_ROWS, CELLS // max(1, len(rows.columns))))
    writer = rows.write.mode("overwrite").option("maxRecordsPerFile", most)
    writer.option("parquet.block.size", BLOCK_BYTES).parquet(folder)


def as_features(frame: DataFrame) -> DataFrame:
    """Return the frame with vectors and other nested values as JSON text, as features hold them."""
    return frame.select(*(_as_feature(field).alias(field.name) for field in frame.schema.fields))


def _as_feature(field: StructField) -> Column:
    if isinstance(field.dataType, VectorUDT):
        return sf.to_json(vector_to_array(column(field.name)))
    if isinstance(field.dataType, (ArrayType, MapType, StructType)):
        return sf.to_json(column(field.name))
    return column(field.name)
