"""Tests that a fault hits the next calls of its operation, and nothing else."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from conftest import INPUT, NO_RETRIES, PATIENCE, create_pipeline, send, start, token
from local_aws import AdminError, LocalAws
from waiting import until

START: dict[str, Any] = {
    "PipelineName": "ingest",
    "ClientRequestToken": token(),
    "PipelineParameters": INPUT,
}


@contextlib.contextmanager
def asked(server: LocalAws, operation: str, body: dict[str, Any]) -> Iterator[socket.socket]:
    """Send a request without reading the answer. Returns the connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    headers = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    connection.request("POST", "/", json.dumps(body), headers)
    assert connection.sock is not None
    yield connection.sock
    connection.close()


def executions(server: LocalAws) -> int:
    return len(
        send(server, "ListPipelineExecutions", {"PipelineName": "ingest"}).body["PipelineExecutionSummaries"]
    )


def test_throttles_given_number_of_calls(server: LocalAws) -> None:
    create_pipeline(server)
    server.faults.throttle("StartPipelineExecution", times=2)
    for _ in range(2):
        answer = send(server, "StartPipelineExecution", START)
        assert (answer.status, answer.body) == (
            400,
            {"__type": "ThrottlingException", "message": "Rate exceeded"},
        )
        assert answer.headers["x-amzn-errortype"] == "ThrottlingException"
    assert executions(server) == 0
    assert send(server, "StartPipelineExecution", START).status == 200
    assert server.faults.pending() == []


@pytest.mark.parametrize(
    ("switch_on", "status", "code"),
    [("server_error", 500, "InternalFailure"), ("unavailable", 503, "ServiceUnavailable")],
)
def test_returns_server_errors(server: LocalAws, switch_on: str, status: int, code: str) -> None:
    create_pipeline(server)
    getattr(server.faults, switch_on)("StartPipelineExecution")
    answer = send(server, "StartPipelineExecution", START)
    assert (answer.status, answer.code) == (status, code)
    assert executions(server) == 0


@pytest.mark.parametrize(
    ("code", "member"),
    [
        ("ConflictException", "Message"),
        ("ResourceLimitExceeded", "Message"),
        ("ResourceNotFound", "Message"),
        ("AccessDeniedException", "Message"),
        ("ValidationException", "message"),
        ("ExpiredTokenException", "message"),
    ],
)
def test_returns_any_error_by_code(server: LocalAws, code: str, member: str) -> None:
    create_pipeline(server)
    server.faults.error("StartPipelineExecution", code, "because")
    answer = send(server, "StartPipelineExecution", START)
    assert (answer.status, answer.body) == (400, {"__type": code, member: "because"})
    assert executions(server) == 0


def test_slow_answer_is_otherwise_normal(server: LocalAws) -> None:
    client = create_pipeline(server)
    server.faults.slow("StartPipelineExecution", seconds=0.1)
    arn = start(client, 1)
    assert server.calls("StartPipelineExecution")[-1].fault == "slow"
    assert (
        client.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"] == "Executing"
    )


def test_slow_answer_does_not_delay_other_calls(server: LocalAws) -> None:
    create_pipeline(server)
    server.faults.slow("StartPipelineExecution", seconds=900)
    with asked(server, "StartPipelineExecution", START) as slow:
        [call] = until(lambda: server.calls("StartPipelineExecution"))
        assert executions(server) == 1
        # A retry finds the execution while the first answer is still delayed.
        assert send(server, "StartPipelineExecution", START).body == {
            "PipelineExecutionArn": call.started_execution
        }
        assert select.select([slow], [], [], 0) == ([], [], [])


def test_cut_before_carries_out_nothing(server: LocalAws) -> None:
    client = create_pipeline(server)
    server.faults.cut_before("StartPipelineExecution")
    with pytest.raises(ConnectionClosedError):
        start(client, 1)
    assert executions(server) == 0
    call = server.calls("StartPipelineExecution")[-1]
    assert (call.status, call.fault, call.started_execution) == (None, "cut-before", None)


def test_retry_after_cut_after_finds_execution(server: LocalAws) -> None:
    client = create_pipeline(server)
    server.faults.cut_after("StartPipelineExecution")
    with pytest.raises(ConnectionClosedError):
        start(client, 1)
    assert executions(server) == 1
    call = server.calls("StartPipelineExecution")[-1]
    assert (call.status, call.fault) == (None, "cut-after")
    assert call.started_execution
    assert start(client, 1) == call.started_execution
    assert executions(server) == 1


def test_sdk_retry_starts_one_execution(server: LocalAws) -> None:
    create_pipeline(server)
    server.faults.cut_after("StartPipelineExecution")
    server.faults.throttle("StartPipelineExecution")
    server.faults.server_error("StartPipelineExecution")
    start(server.client("sagemaker", config=Config(retries={"mode": "standard", "total_max_attempts": 4})), 1)
    assert [call.fault for call in server.calls("StartPipelineExecution")] == [
        "cut-after", "throttle", "server-error", None,
    ]  # fmt: skip
    assert executions(server) == 1


def test_cut_does_not_affect_other_connections(server: LocalAws) -> None:
    client = create_pipeline(server)
    client.list_pipelines()
    server.faults.cut_before("StartPipelineExecution")
    with pytest.raises(ConnectionClosedError):
        start(server.client("sagemaker", config=NO_RETRIES), 1)
    assert client.list_pipelines()["PipelineSummaries"]
    assert server.calls()[-1].status == 200


def test_fault_hits_its_operation_and_star_hits_any(server: LocalAws) -> None:
    client = create_pipeline(server)
    server.faults.throttle("StopPipelineExecution")
    assert client.list_pipelines()
    server.faults.clear()
    server.faults.throttle("*")
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.list_pipelines()
    assert client.list_pipelines()


def test_faults_apply_in_order_added(server: LocalAws) -> None:
    create_pipeline(server)
    server.faults.throttle("StartPipelineExecution", times=2)
    server.faults.error("StartPipelineExecution", "ConflictException")
    assert [(fault.kind, fault.times) for fault in server.faults.pending()] == [("throttle", 2), ("error", 1)]
    codes = [send(server, "StartPipelineExecution", START).body.get("__type") for _ in range(4)]
    assert codes == ["ThrottlingException", "ThrottlingException", "ConflictException", None]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"operation": "StartPipeline", "kind": "throttle"}, "operation must be"),
        ({"operation": "*", "kind": "explode"}, "kind must be one of throttle"),
        ({"operation": "*"}, "kind must be"),
        ({"operation": "*", "kind": "throttle", "times": 0}, "times must be"),
        ({"operation": "*", "kind": "throttle", "times": True}, "times must be"),
        ({"operation": "*", "kind": "slow"}, "delay_seconds"),
        ({"operation": "*", "kind": "throttle", "delay_seconds": 1}, "delay_seconds"),
        ({"operation": "*", "kind": "slow", "delay_seconds": "1"}, "delay_seconds must be a number"),
        ({"operation": "*", "kind": "error"}, "code is required for faults of kind error"),
        ({"operation": "*", "kind": "error", "code": "NoSuchException"}, "code must be one of"),
        ({"operation": "*", "kind": "throttle", "message": 1}, "message must be a string"),
        ({"operation": "*", "kind": "partial"}, "are allowed for BatchGetRecord, BatchWriteRecord only"),
        (
            {"operation": "PutRecord", "kind": "partial"},
            "are allowed for BatchGetRecord, BatchWriteRecord only",
        ),
        ({"operation": "BatchWriteRecord", "kind": "partial", "entries": 0}, "entries must be"),
        ({"operation": "BatchWriteRecord", "kind": "throttle", "entries": 2}, "entries is allowed for"),
        ({"operation": "BatchWriteRecord", "kind": "throttle", "code": "X"}, "code is allowed for"),
        ({"operation": "*", "kind": "throttle", "time": 1}, "unknown fields: time"),
    ],
)
def test_refuses_invalid_fault(server: LocalAws, fields: dict[str, Any], says: str) -> None:
    with pytest.raises(AdminError, match="Bad fault") as error:
        server._admin.request("POST", "faults", fields)
    assert says in str(error.value)
    assert server.faults.pending() == []
