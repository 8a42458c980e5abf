"""When the service fails, is slow or rejects calls, no upload is lost and none starts twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local_aws.launcher import LocalAws
from observe import EVENTS, depth, eventually, executions, log_lines
from wiring import FUNCTION, RETRY_FUNCTION, Wiring, create_pipeline, wire

START = "StartPipelineExecution"


def upload(aws: LocalAws, wiring: Wiring) -> None:
    """Uploads a file that the rule matches."""
    aws.client("s3").put_object(Bucket=wiring.bucket, Key="landing/a.csv", Body=b"x")


def reasons(aws: LocalAws) -> list[str]:
    """Returns the reasons why events failed, from the functions' logs."""
    lines = log_lines(aws, FUNCTION, RETRY_FUNCTION)
    return [line["reason"] for line in lines if line.get("message") == "event failed"]


def invoke_to_fail(aws: LocalAws) -> dict[str, Any]:
    """Sends a valid event. Returns the function's error."""
    answer = aws.client("lambda").invoke(
        FunctionName=FUNCTION, Payload=(EVENTS / "put-object.json").read_text()
    )
    error: dict[str, Any] = json.loads(answer["Payload"].read())
    assert answer.get("FunctionError"), error
    return error


def test_retries_a_throttled_call_within_the_invocation(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package)
    aws.faults.throttle(START, times=2)
    upload(aws, wiring)
    eventually(lambda: executions(aws), "the execution")
    assert len(aws.calls(START)) == 3
    assert reasons(aws) == []


def test_lost_response_does_not_start_a_second_execution(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package)
    aws.faults.cut_after(START, times=2)
    upload(aws, wiring)
    eventually(lambda: len(aws.calls(START)) >= 3, "the third attempt")
    assert len(executions(aws)) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("server_error", "ServiceFault"),
        ("unavailable", "ServiceFault"),
        ("cut_before", "ConnectionFailed"),
        ("throttle", "Throttled"),
    ],
)
def test_retry_queue_recovers_from_a_fault_that_outlasts_the_invocation(
    aws: LocalAws, package: Path, fault: str, reason: str
) -> None:
    wiring = wire(aws, package)
    getattr(aws.faults, fault)(START, times=3)
    upload(aws, wiring)
    eventually(lambda: executions(aws), "the execution")
    assert reasons(aws) == [reason]
    eventually(lambda: depth(aws, wiring.retry_queue) == 0, "an empty queue")
    assert len(executions(aws)) == 1
    assert depth(aws, wiring.dead_letters) == 0


def test_retry_after_a_timeout_finds_the_same_execution(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package)
    aws.faults.slow(START, seconds=10)
    upload(aws, wiring)
    eventually(lambda: len(aws.calls(START)) >= 2, "the second attempt")
    assert len(executions(aws)) == 1


def test_upload_starts_a_pipeline_that_is_created_later(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package, retry_seconds=3)
    aws.client("sagemaker").delete_pipeline(PipelineName="ingest-abalone", ClientRequestToken="d" * 32)
    upload(aws, wiring)
    eventually(lambda: "PipelineNotFound" in reasons(aws), "the failure")
    create_pipeline(aws, "ingest-abalone")
    eventually(lambda: executions(aws), "the execution")
    assert len(executions(aws)) == 1


@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        ("ConflictException", "Transient.Conflict"),
        ("ResourceLimitExceeded", "Transient.ExecutionLimit"),
        ("ResourceNotFound", "NeedsOperator.PipelineNotFound"),
        ("AccessDeniedException", "NeedsOperator.AccessDenied"),
        ("ValidationException", "Permanent.RequestRefused"),
    ],
)
def test_reports_the_class_of_each_error(aws: LocalAws, package: Path, code: str, error_type: str) -> None:
    wire(aws, package)
    aws.faults.error(START, code)
    error = invoke_to_fail(aws)
    assert error["errorType"] == error_type
    assert code in error["errorMessage"]
    assert len(aws.calls(START)) == 1


def test_error_names_a_missing_pipeline_parameter(aws: LocalAws, package: Path) -> None:
    wire(aws, package, environment={"INPUT_PARAMETER": "NoSuchParameter"})
    error = invoke_to_fail(aws)
    assert error["errorType"] == "Permanent.RequestRefused"
    assert "NoSuchParameter" in error["errorMessage"]
    assert executions(aws) == []


def test_configuration_error_names_every_bad_variable(aws: LocalAws, package: Path) -> None:
    bad = {"SM_PIPELINE_NAME": "not a name", "INPUT_PARAMETER": "입력", "RUST_LOG": "inof"}
    wire(aws, package, environment=bad)
    message = invoke_to_fail(aws)["errorMessage"]
    assert all(name in message for name in bad), message
