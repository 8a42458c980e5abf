"""From an upload to the feature group: exactly the uploaded object, and with faults."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from features import EVENT_TIME, GROUP, IDENTIFIER, ExecutionResult, Features, definitions_from
from ingestion import NATIVE_BINARY, prepare
from local_aws.launcher import LocalAws
from observe import EVENTS, eventually, executions, input_url, invoke
from project import FLOW, PIPELINE
from wiring import ACCOUNT

ROWS = 4177
# Most are the beginning of another key, or of the name of another key's folder.
KEYS = [
    "landing/a",
    "landing/a/b",
    "landing/a//b",
    "landing/a.csv",
    "landing/a.csv.bak",
    "landing/raw data/abalone 2026 11.csv",
    "landing/raw data/abalone 2026 11.csv 2",
    "landing/a+b.csv",
    "landing/a b.csv",
    "landing/a%20b.csv",
    "landing/100%.csv",
    "landing/전복 데이터 🐚.csv",
]
NATIVE = f"engine: native\n{NATIVE_BINARY}"


@pytest.fixture(scope="module")
def running_aws(engine: Path) -> Iterator[LocalAws]:
    """A server that runs steps."""
    with LocalAws(ingest_features=engine) as aws:
        yield aws


def ingest(aws: LocalAws, package: Path, settings: str, engine: Path, cli: Path, data: Path) -> Features:
    """Prepares the project with these settings, and uploads a file."""
    wiring, features = prepare(aws, package, settings, engine, cli, data)
    aws.client("s3").put_object(Bucket=wiring.bucket, Key="landing/a.csv", Body=data.read_bytes())
    return features


def wait_for_result(aws: LocalAws, features: Features) -> ExecutionResult:
    """Waits until the only execution ends, and returns its result."""
    [execution] = eventually(lambda: executions(aws, PIPELINE), "the execution")
    return features.wait_for_execution(execution["PipelineExecutionArn"])


def one_row(data: Path, number: int) -> bytes:
    """Returns a file with only one row of the data: the one with this number, which is its identifier."""
    lines = data.read_text().splitlines()
    return f"{lines[0]}\n{lines[number]}\n".encode()


def check_that_each_execution_reads_one_row(aws: LocalAws, features: Features, number: int) -> None:
    """Checks that there are `number` executions, and that each one ingested the one row of its object."""
    eventually(lambda: len(executions(aws, PIPELINE)) == number, "the executions")
    for execution in executions(aws, PIPELINE):
        result = features.wait_for_execution(execution["PipelineExecutionArn"])
        assert result.status == "Succeeded", (input_url(aws, execution), result)
        assert result.summary()["rows_read"] == 1, (input_url(aws, execution), result)
    rows = features.query(f"SELECT {IDENTIFIER} FROM {features.table}")[1:]
    # The offline store would keep a row that a second execution wrote, too.
    assert sorted(int(identifier) for [identifier] in rows) == list(range(1, number + 1))


def test_each_execution_reads_exactly_the_uploaded_object(
    aws: LocalAws, package: Path, cli: Path, engine: Path, data: Path
) -> None:
    wiring, features = prepare(aws, package, NATIVE, engine, cli, data, suffix="")
    rows = {key: one_row(data, number) for number, key in enumerate(KEYS, start=1)}
    # The neighbours of a key are longer, and are there when its execution starts.
    for key in sorted(KEYS, reverse=True):
        aws.client("s3").put_object(Bucket=wiring.bucket, Key=key, Body=rows[key])
    check_that_each_execution_reads_one_row(aws, features, len(KEYS))
    urls = {input_url(aws, execution) for execution in executions(aws, PIPELINE)}
    assert urls == {f"s3://{wiring.bucket}/{key}" for key in KEYS}


def test_each_execution_reads_the_version_in_its_event(
    aws: LocalAws, package: Path, cli: Path, engine: Path, data: Path
) -> None:
    wiring, features = prepare(aws, package, NATIVE, engine, cli, data, versioned=True)
    # The rule does not match this key. Both versions exist before an execution starts.
    key = "elsewhere/replaced.csv"
    put = aws.client("s3").put_object
    versions = [put(Bucket=wiring.bucket, Key=key, Body=one_row(data, row))["VersionId"] for row in (1, 2)]
    for version in versions:
        event = json.loads((EVENTS / "put-object-versioned.json").read_text())
        event["detail"]["bucket"]["name"] = wiring.bucket
        event["detail"]["object"] |= {"key": key, "version-id": version, "sequencer": version}
        invoke(aws, json.dumps(event))
    check_that_each_execution_reads_one_row(aws, features, len(versions))


def test_store_faults_lose_no_rows(aws: LocalAws, package: Path, cli: Path, engine: Path, data: Path) -> None:
    aws.faults.throttle("BatchWriteRecord", times=3)
    aws.faults.partial("BatchWriteRecord", entries=7, times=4)
    aws.faults.partial("BatchWriteRecord", entries=2, code="InternalFailure", times=2)
    aws.faults.server_error("BatchWriteRecord", times=2)
    aws.faults.cut_after("BatchWriteRecord", times=2)
    aws.faults.cut_before("BatchWriteRecord", times=2)
    features = ingest(aws, package, NATIVE, engine, cli, data)
    result = wait_for_result(aws, features)
    assert result.status == "Succeeded", result
    assert result.summary()["rows_written"] == ROWS
    assert result.summary()["retries"] >= 9
    assert aws.faults.pending() == []
    assert features.count() == ROWS


def test_mismatched_feature_group_fails_the_execution_before_any_write(
    aws: LocalAws, package: Path, cli: Path, engine: Path, data: Path
) -> None:
    settings = f"{NATIVE}feature_group: FG-none\n"
    result = wait_for_result(aws, ingest(aws, package, settings, engine, cli, data))
    assert result.status == "Failed"
    assert "FG-none" in result.exit_message
    assert aws.calls("BatchWriteRecord") == []


def test_writes_to_target_stores_with_time_to_live(
    aws: LocalAws, package: Path, cli: Path, engine: Path, data: Path
) -> None:
    settings = f"{NATIVE}target_stores: online\nttl: {{unit: Weeks, value: 100000}}\n"
    features = ingest(aws, package, settings, engine, cli, data)
    result = wait_for_result(aws, features)
    assert result.status == "Succeeded", result
    assert result.summary()["rows_written"] == ROWS
    assert features.count() == 0
    found = aws.client("sagemaker-featurestore-runtime").get_record(
        FeatureGroupName=GROUP, RecordIdentifierValueAsString="1", ExpirationTimeResponse="Enabled"
    )
    assert found["Record"]
    # 100,000 weeks after the event time, which is the execution's start.
    assert found["ExpiresAt"] > "3900"


def test_creates_the_feature_group_once(aws: LocalAws, engine: Path, data: Path) -> None:
    aws.client("s3").create_bucket(Bucket="features")

    def create(*options: str) -> subprocess.CompletedProcess[str]:
        command = [str(engine), "--flow", str(FLOW), "--input", str(data), "--create-feature-group"]
        command += ["--feature-group", GROUP, "--record-identifier", IDENTIFIER]
        command += ["--event-time-feature", EVENT_TIME, "--role-arn", f"arn:aws:iam::{ACCOUNT}:role/features"]
        return subprocess.run(
            [*command, *options], capture_output=True, text=True, check=False, env=aws.environment()
        )

    stores = ("--online-store", "--offline-store", "s3://features/offline")
    assert create(*stores).stdout == f"the feature group {GROUP} was created\n"
    again = create(*stores)
    assert (again.returncode, "exists with the same definition" in again.stdout) == (0, True)
    described = aws.client("sagemaker").describe_feature_group(FeatureGroupName=GROUP)
    assert described["FeatureDefinitions"] == definitions_from(engine, data)
    assert described["OfflineStoreConfig"]["S3StorageConfig"]["S3Uri"] == "s3://features/offline"
    other = create(*stores, "--ttl", "30d")
    assert (other.returncode, "time to live: the group has none" in other.stderr) == (1, True)
    assert len(aws.calls("CreateFeatureGroup")) == 1
