"""With IAM enforced, the function's role may start only its own pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.launcher import LocalAws
from observe import EVENTS, depth, eventually, executions
from wiring import FUNCTION, create_pipeline, wire


@pytest.fixture(scope="module")
def running_aws() -> Iterator[LocalAws]:
    """A server that checks signatures and permissions."""
    with LocalAws(auth=True, steps="hold") as aws:
        yield aws


def invoke(aws: LocalAws) -> dict[str, Any]:
    event = (EVENTS / "put-object.json").read_text()
    answer = aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=event)
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    return payload


def test_role_may_start_its_pipeline(aws: LocalAws, package: Path) -> None:
    wire(aws, package)
    assert invoke(aws)["outcome"] == "started"
    [call] = aws.calls("StartPipelineExecution")
    assert ":assumed-role/AmazonSageMakerServiceCatalogProductsDemo/" in call.principal


def test_role_may_start_its_pipeline_by_arn(aws: LocalAws, package: Path) -> None:
    arn = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/ingest-abalone"
    wire(aws, package, started_pipeline=arn)
    assert invoke(aws)["outcome"] == "started"


def test_denied_start_of_another_pipeline_keeps_the_event(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package, started_pipeline="other-team")
    create_pipeline(aws, "other-team")
    error = invoke(aws)
    assert error["errorType"] == "NeedsOperator.AccessDenied"
    assert "sagemaker:StartPipelineExecution" in error["errorMessage"]
    aws.client("s3").put_object(Bucket=wiring.bucket, Key="landing/a.csv", Body=b"x")
    eventually(lambda: depth(aws, wiring.retry_queue) == 1, "the event in the retry queue")
    assert executions(aws, "other-team") == []
