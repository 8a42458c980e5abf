"""How the uploaded object reaches the Data Wrangler container.

AWS does not document whether the container prefers mounted inputs or the addresses in the flow. With either,
a binding must ingest exactly the uploaded object, or fail.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_data import abalone
from features import ExecutionResult, Features
from ingestion import NATIVE_BINARY, prepare
from local_aws.launcher import LocalAws
from local_aws.services.processing.data_wrangler import Reads
from observe import eventually, executions
from project import ARTIFACTS, PIPELINE

KEY = "landing/a b+ü.csv"
ROW = 2


@pytest.fixture(scope="module", params=["mount", "source"])
def running_aws(request: pytest.FixtureRequest, engine: Path) -> Iterator[LocalAws]:
    """A server whose container reads mounted inputs, and one whose container ignores them."""
    with LocalAws(ingest_features=engine, data_wrangler_reads=request.param) as aws:
        yield aws


@pytest.fixture
def reads(request: pytest.FixtureRequest) -> Reads:
    """What the container of the module's server reads."""
    mode: Reads = request.node.callspec.params["running_aws"]
    return mode


def ingest(
    aws: LocalAws, package: Path, cli: Path, engine: Path, folder: Path, binding: str
) -> tuple[ExecutionResult, Features]:
    """Uploads one row next to a longer key, and returns the result of the upload's execution."""
    file = folder / "abalone.csv"
    file.write_bytes(abalone().content)
    wiring, features = prepare(
        aws,
        package,
        f"{NATIVE_BINARY}flow_binding: {binding}\n",
        engine,
        cli,
        file,
        change_flow=name_parameter if binding == "parameter" else lambda _: None,
    )
    header, *rows = file.read_text().splitlines()
    s3 = aws.client("s3")
    s3.put_object(Bucket=wiring.bucket, Key=f"{KEY}.bak", Body=file.read_bytes())
    s3.put_object(Bucket=wiring.bucket, Key=KEY, Body=f"{header}\n{rows[ROW - 1]}\n".encode())
    [execution] = eventually(lambda: executions(aws, PIPELINE), "the execution")
    return features.wait_for_execution(execution["PipelineExecutionArn"]), features


def name_parameter(file: Path) -> None:
    """Replaces the address of the flow's data by a parameter."""
    flow = json.loads(file.read_text())
    definition = flow["nodes"][0]["parameters"]["dataset_definition"]
    definition["s3ExecutionContext"]["s3Uri"] = "s3://amzn-s3-demo-bucket/{{upload}}"
    file.write_text(json.dumps(flow))


@pytest.mark.parametrize("binding", ["rewrite", "parameter"])
def test_ingests_exactly_the_upload_whatever_the_container_reads(
    aws: LocalAws, package: Path, cli: Path, engine: Path, tmp_path: Path, binding: str
) -> None:
    result, features = ingest(aws, package, cli, engine, tmp_path, binding)
    assert result.status == "Succeeded", result
    assert features.count() == 1
    assert features.first()["record_id"] == str(ROW)


def test_mount_fails_in_a_container_that_ignores_mounted_inputs(
    aws: LocalAws, package: Path, cli: Path, engine: Path, tmp_path: Path, reads: Reads
) -> None:
    result, features = ingest(aws, package, cli, engine, tmp_path, "mount")
    if reads == "mount":
        assert result.status == "Succeeded", result
        assert features.count() == 1
    else:
        assert result.status == "Failed", result
        assert f"s3://{ARTIFACTS}/p-demo/input-was-not-bound/abalone.csv" in result.exit_message
        assert aws.calls("BatchWriteRecord") == []
