"""From an upload to the feature group in spite of faults of the store; `test_road.py` has the way without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_data import abalone
from features import Ended, Features
from local_aws.launcher import LocalAws
from observe import eventually, executions
from project import ARTIFACTS, PIPELINE, build, checkout, stage, variables
from wiring import wire

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
    """Everything up to the upload: the project's build with these settings, the rule, the feature group."""
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


def ended(aws: LocalAws, features: Features) -> Ended:
    """The only execution, once it has ended."""
    [execution] = eventually(lambda: executions(aws, PIPELINE), "the execution")
    return features.ended(execution["PipelineExecutionArn"])


def test_the_store_s_faults_cost_no_row(
    aws: LocalAws, package: Path, cli: Path, engine: Path, data: Path
) -> None:
    aws.faults.throttle("BatchWriteRecord", times=3)
    aws.faults.partial("BatchWriteRecord", entries=7, times=4)
    aws.faults.partial("BatchWriteRecord", entries=2, code="InternalFailure", times=2)
    aws.faults.server_error("BatchWriteRecord", times=2)
    aws.faults.cut_after("BatchWriteRecord", times=2)
    aws.faults.cut_before("BatchWriteRecord", times=2)
    features = ingest(aws, package, NATIVE, engine, cli, data)
    run = ended(aws, features)
    assert run.status == "Succeeded", run
    assert run.summary()["rows_written"] == ROWS
    assert run.summary()["retries"] >= 9
    assert aws.faults.pending() == []
    assert features.count() == ROWS


def test_a_group_that_does_not_fit_fails_the_execution_before_a_row_is_written(
    aws: LocalAws, package: Path, cli: Path, engine: Path, data: Path
) -> None:
    settings = f"{NATIVE}feature_group: FG-none\n"
    run = ended(aws, ingest(aws, package, settings, engine, cli, data))
    assert run.status == "Failed"
    assert "FG-none" in run.exit_message
    assert aws.calls("BatchWriteRecord") == []
