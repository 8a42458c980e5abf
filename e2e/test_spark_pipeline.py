"""Uploads with the engine `spark`: Spark runs the flow, and ingest-features writes its result."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from builds import ROOT
from features import SPARK, ExecutionResult, Features
from ingestion import NATIVE_BINARY, prepare
from local_aws.launcher import LocalAws
from observe import eventually, executions
from project import ARTIFACTS, PIPELINE

# Scales with pandas and scikit-learn, so that only Spark can run it.
FLOW: Final = ROOT / "spark-engine/tests/fixtures/flows/abalone-pandas.flow"
SPARK_KEY: Final = "bin/spark-engine.zip"
PROGRAMS: Final = f"{NATIVE_BINARY}spark_engine: s3://{ARTIFACTS}/{SPARK_KEY}\n"
SETTINGS: Final = f"engine: spark\ninstance_count: 2\n{PROGRAMS}"
ROWS: Final = 4177


@pytest.fixture(scope="module")
def running_aws(engine: Path) -> Iterator[LocalAws]:
    """A server that runs steps, also with Spark."""
    with LocalAws(ingest_features=engine, spark_engine=SPARK) as aws:
        yield aws


@pytest.fixture
def prepared(
    aws: LocalAws, package: Path, cli: Path, engine: Path, spark_engine: Path, data: Path
) -> tuple[str, Features]:
    """The data bucket and the feature group of a project with the engine `spark`, on two instances."""
    wiring, features = prepare(aws, package, SETTINGS, engine, cli, data, change_flow=use_pandas)
    aws.client("s3").put_object(Bucket=ARTIFACTS, Key=SPARK_KEY, Body=spark_engine.read_bytes())
    return wiring.bucket, features


def use_pandas(flow: Path) -> None:
    shutil.copy(FLOW, flow)


def ingest(aws: LocalAws, bucket: str, features: Features, body: bytes) -> ExecutionResult:
    """Uploads a file, and waits until its execution ends."""
    aws.client("s3").put_object(Bucket=bucket, Key="landing/a b.csv", Body=body)
    [execution] = eventually(lambda: executions(aws, PIPELINE), "the execution")
    return features.wait_for_execution(execution["PipelineExecutionArn"])


def test_code_runs_on_two_instances_and_every_row_is_ingested(
    aws: LocalAws, prepared: tuple[str, Features], data: Path
) -> None:
    bucket, features = prepared
    result = ingest(aws, bucket, features, data.read_bytes())
    assert result.status == "Succeeded", result
    summary = result.summary()
    assert (summary["rows_read"], summary["rows_written"]) == (ROWS, ROWS)
    assert features.count() == ROWS


def test_a_malformed_row_stops_the_upload_and_is_kept(
    aws: LocalAws, prepared: tuple[str, Features], data: Path
) -> None:
    bucket, features = prepared
    result = ingest(aws, bucket, features, data.read_bytes() + b"4178,M\n")
    assert result.status == "Failed"
    assert "1 of 4178 rows were rejected, but --max-rejected allows 0" in result.exit_message
    assert features.count() == 0
    [row] = rejected(aws)
    assert (row["file"], row["text"]) == (f"s3://{bucket}/landing/a b.csv", "4178,M")


def rejected(aws: LocalAws) -> list[dict[str, Any]]:
    """Returns the rows that were not written."""
    s3 = aws.client("s3")
    listed = s3.list_objects_v2(Bucket=ARTIFACTS, Prefix="p-demo/rejected/")["Contents"]
    bodies = [s3.get_object(Bucket=ARTIFACTS, Key=each["Key"])["Body"].read() for each in listed]
    return [json.loads(line) for body in bodies for line in body.splitlines()]
