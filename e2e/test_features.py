"""From an upload to the feature group, with faults. `test_walkthrough.py` tests it without faults."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_data import abalone
from features import EVENT_TIME, GROUP, IDENTIFIER, ExecutionResult, Features, definitions_from
from local_aws.launcher import LocalAws
from observe import eventually, executions
from project import ARTIFACTS, FLOW, PIPELINE, build, checkout, stage, variables
from wiring import ACCOUNT, wire

ROWS = 4177
NATIVE = f"engine: native\nnative_binary: s3://{ARTIFACTS}/bin/ingest-features\n"


@pytest.fixture(scope="module")
def running_aws(engine: Path) -> Iterator[LocalAws]:
    """A server that runs steps."""
    with LocalAws(ingest_features=engine) as aws:
        yield aws


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "abalone.csv"
    file.write_bytes(abalone().content)
    return file


def ingest(aws: LocalAws, package: Path, settings: str, engine: Path, cli: Path, data: Path) -> Features:
    """Builds the project with these settings, creates the rule and the feature group, and uploads a file."""
    folder = checkout(data.parent / "repository")
    with (folder / "pipeline.yaml").open("a") as file:
        file.write(settings)
    environment = variables(aws, **stage(aws, cli))
    aws.client("s3").put_object(Bucket=ARTIFACTS, Key="bin/ingest-features", Body=engine.read_bytes())
    built = build(folder, environment)
    assert built.returncode == 0, built.stdout
    wiring = wire(aws, package, pipeline=PIPELINE, make_pipeline=False)
    features = Features(aws, wiring.bucket)
    features.create_group(engine, data)
    aws.client("s3").put_object(Bucket=wiring.bucket, Key="landing/a.csv", Body=data.read_bytes())
    return features


def wait_for_result(aws: LocalAws, features: Features) -> ExecutionResult:
    """Waits until the only execution ends, and returns its result."""
    [execution] = eventually(lambda: executions(aws, PIPELINE), "the execution")
    return features.wait_for_execution(execution["PipelineExecutionArn"])


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
