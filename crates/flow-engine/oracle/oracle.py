"""Computes the expected results of the engine's tests with Spark.

Reads every `*.case.json` in ../tests/oracle and writes `*.expected.json` next to it. The operators
are those of the Spark engine, which use the Spark ML stages that Data Wrangler uses. This way, the tests
compare the native engine with Spark itself, not with another interpretation of its documentation.
"""

import csv
import gzip
import io
import json
from pathlib import Path

from pyspark.sql import SparkSession

import corpus
import models
import parquet_files
import parquet_writers
from cases import FIXTURES, apply, run, source
from spark_engine import session

FLOWS = Path(__file__).parents[3] / "flows"


def main() -> None:
    """Write the expected results of all cases."""
    spark = session.start(master="local[1]", partitions=1)
    parquet_files.write(spark, FIXTURES)
    parquet_writers.write(FIXTURES)
    for case in sorted(FIXTURES.glob("*.case.json")):
        expected = run(spark, json.loads(case.read_text()))
        path = case.with_name(case.name.replace(".case.", ".expected."))
        path.write_text(json.dumps(expected, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n")
    abalone(spark)
    corpus.write(spark, FIXTURES)
    models.write(spark, FIXTURES)


def abalone(spark: SparkSession) -> None:
    """Run the repository's flow on all of its data, without the time column."""
    nodes = json.loads((FLOWS / "abalone.flow").read_text())["nodes"]
    frame = source(spark, {"path": "abalone.csv.gz"})
    for node in nodes[1:-1]:
        frame = apply(frame, node)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(frame.collect())
    # No name and no time, so that equal values result in equal files.
    with (
        (FIXTURES / "abalone.expected.csv.gz").open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped,
    ):
        zipped.write(text.getvalue().encode())


if __name__ == "__main__":
    main()
