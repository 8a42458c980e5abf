"""Files of datasets."""

import gzip
import hashlib
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

import flows
from spark_engine import files, sources
from spark_engine.errors import FlowError
from spark_engine.malformed import reason_of
from spark_engine.parameters import Parameters


def read(spark: SparkSession, path: Path, **context: Any) -> sources.Source:
    node = flows.source("s", path.name, **context)
    return sources.read(spark, Parameters("s", node["operator"], node["parameters"]), [path])


def test_counts_rows_and_malformed_rows_of_csv(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"x,""y"""\n2\n\n3,z,more\n')
    source = read(spark, path)
    assert [tuple(row) for row in source.frame.collect()] == [("1", 'x,"y"'), ("2", None), ("3", "z")]
    assert (source.rows, source.malformed) == (3, 2)


def test_reads_options_of_csv(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress('é\t"x\ny"\n'.encode("latin-1")))
    options = {
        "s3HasHeader": False,
        "s3FieldDelimiter": "\\t",
        "s3MultiLine": True,
        "s3CsvEncodingType": "ISO-8859-1",
    }
    source = read(spark, path, **options)
    assert [tuple(row) for row in source.frame.collect()] == [("é", "x\ny")]


@pytest.mark.parametrize("kind", ["parquet", "orc"])
def test_reads_columnar_files(spark: SparkSession, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    spark.createDataFrame([(1, "x")], "n bigint, s string").write.format(kind).save(str(path))
    source = read(spark, path, s3ContentType=kind)
    assert source.frame.dtypes == [("n", "bigint"), ("s", "string")]
    assert (source.rows, source.malformed) == (1, 0)


def test_reads_json_lines_with_file_names(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"n": 1}\n{"n": 2}\n')
    source = read(spark, path, s3ContentType="jsonl", s3AddsFilenameColumn=True)
    assert source.frame.columns == ["n", "_data_source_filename"]
    assert source.rows == 2


@pytest.mark.parametrize(
    ("context", "problem"),
    [
        ({"s3ContentType": "image"}, "s3ContentType `image` is not supported"),
        ({"s3SkipLines": 2}, "s3SkipLines is not supported"),
        ({"s3CsvEncodingType": "utf-16"}, "s3CsvEncodingType `utf-16` is not supported"),
    ],
)
def test_refuses_unknown_options_by_name(
    spark: SparkSession, tmp_path: Path, context: dict[str, Any], problem: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with pytest.raises(FlowError, match=problem):
        read(spark, path, **context)


def test_refuses_sources_outside_s3() -> None:
    parameters = {"dataset_definition": {"datasetSourceType": "Athena", "name": "a"}}
    with pytest.raises(FlowError, match="reads from Athena, not from S3"):
        sources.dataset_name(Parameters("s", "sagemaker.athena_source_0.1", parameters))


def test_rejects_malformed_rows_with_their_text_and_hash(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a [1].csv"
    path.write_text('a,b\n1,"x,y"\n2\n3,z,"more,é"\n')
    node = flows.source("s", path.name, s3AddsFilenameColumn=True)
    parameters = Parameters("s", node["operator"], node["parameters"])
    source = sources.read(spark, parameters, [path], reject=True)
    assert (source.rows, source.malformed) == (3, 2)
    # A later node may need few columns, or none.
    assert source.frame.count() == 1
    assert [row.b for row in source.frame.select("b").collect()] == ["x,y"]
    assert source.frame.columns == ["a", "b", sources.FILE_NAME]
    assert source.rejected is not None
    rejected = [row.asDict() for row in source.rejected.collect()]
    text = '3,z,"more,é"'
    assert rejected[1] == {
        "file": str(path),
        "row_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "status": "rejected",
        "reason": "3 of 2 fields",
        "text": text,
    }
    assert rejected[0]["reason"] == "1 of 2 fields"


@pytest.mark.parametrize(
    ("text", "delimiter", "reason"),
    [
        ("a", ",", "1 of 2 fields"),
        ('"a,b', ",", "1 of 2 fields"),
        ('a"|b', "|", "misplaced quotes"),
        ("a::b::c", "::", "3 of 2 fields"),
    ],
)
def test_says_why_a_row_is_malformed(text: str, delimiter: str, reason: str) -> None:
    assert reason_of(text, delimiter, 2) == reason


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("s3a://data/in/a%20b%25.csv", "s3://data/in/a b%.csv"),
        ("s3a://data/copy.csv", "s3://data/x:y.csv"),
        ("file:///tmp/a%20b.csv", "/tmp/a b.csv"),
    ],
)
def test_names_files_as_the_inputs_do(address: str, name: str) -> None:
    assert (
        files.name_of(address, files.names([files.File("s3a://data/copy.csv", "s3://data/x:y.csv")])) == name
    )
