"""Runs the cases of the engine's tests with the operators of the Spark engine."""

from pathlib import Path
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from json_values import json_value
from spark_engine import sources
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, registered

FIXTURES = Path(__file__).parent.parent / "tests" / "oracle"


def source(spark: SparkSession, options: dict[str, Any]) -> DataFrame:
    """Read a source node. The options are a path in the fixtures and members of s3ExecutionContext."""
    context = {"s3ContentType": "csv", "s3HasHeader": True, **options}
    definition = {"name": options["path"], "s3ExecutionContext": context}
    parameters = Parameters("source", sources.S3_SOURCE, {"dataset_definition": definition})
    frame = sources.frame(spark, parameters, [FIXTURES / options["path"]])
    if sources.FILE_NAME in frame.columns:
        # The test runs in a different folder, so compare only the common part.
        name = sf.regexp_extract(sources.FILE_NAME, "tests/oracle/(.*)$", 1)
        frame = frame.withColumn(sources.FILE_NAME, name)
    return frame


def apply(frame: DataFrame, node: dict[str, Any]) -> DataFrame:
    """Apply a node of a flow."""
    name = node["operator"]
    found = registered(name)
    if found is None:
        raise ValueError(f"the Spark engine has no operator {name}")
    parameters = Parameters("node", name, node.get("parameters"), trained=node.get("trained_parameters"))
    result = found.apply([frame], parameters, Context(frame.sparkSession))
    if not isinstance(result, DataFrame):
        raise TypeError(f"the operator {name} has several outputs")
    return result


def run(spark: SparkSession, case: dict[str, Any]) -> dict[str, Any]:
    """Run a case: a source, its nodes, and optional formulas. Each formula runs separately."""
    frame = source(spark, case["source"])
    for node in case.get("nodes", []):
        frame = apply(frame, node)
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
        try:
            results[number]["type"] = frame.select(sf.expr(text)).dtypes[0][1]
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
