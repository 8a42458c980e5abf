"""Tests the admin endpoint and its access rules."""

from __future__ import annotations

import http.client
import json

import pytest

from conftest import PATIENCE, create_pipeline, send, start, token
from local_aws import AdminError, LocalAws
from local_aws.admin import host_is_loopback


def raw(server: LocalAws, method: str, path: str, body: str = "", **headers: str) -> tuple[int, object]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def test_logs_request_and_answer_of_a_call(server: LocalAws) -> None:
    client = create_pipeline(server)
    arn = start(client, 1)
    answer = send(server, "StartPipelineExecution", {"PipelineName": "a b"})
    created, started, refused = server.calls()
    assert created.operation == "CreatePipeline"
    assert created.id < started.id < refused.id
    assert created.time <= started.time <= refused.time
    assert (started.operation, started.status, started.error) == ("StartPipelineExecution", 200, None)
    assert started.request["ClientRequestToken"] == token(1)
    assert started.response == {"PipelineExecutionArn": arn}
    assert started.started_execution == arn
    assert started.principal == "arn:aws:iam::000000000000:root"
    assert (refused.status, refused.error) == (400, "ValidationException")
    assert refused.response == answer.body
    assert refused.request_id == answer.headers["x-amzn-requestid"]


def test_logs_unreadable_request_as_text(server: LocalAws) -> None:
    send(server, "StartPipelineExecution", b"{oops")
    assert server.calls()[-1].request == "{oops"


def test_filters_calls_by_operation_and_id(server: LocalAws) -> None:
    client = create_pipeline(server)
    start(client, 1)
    last = server.calls()[-1].id
    start(client, 2)
    assert [call.operation for call in server.calls(after=last)] == ["StartPipelineExecution"]
    assert len(server.calls("StartPipelineExecution")) == 2
    server.clear_calls()
    assert server.calls() == []
    start(client, 3)
    assert server.calls()[0].id == last + 2


def test_reset_clears_everything(server: LocalAws) -> None:
    client = create_pipeline(server)
    start(client, 1)
    server.set_max_executions(1)
    server.faults.throttle("*")
    server.client("s3").create_bucket(Bucket="data")
    server.reset()
    assert server.calls() == []
    assert client.list_pipelines()["PipelineSummaries"] == []
    assert server.client("s3").list_buckets()["Buckets"] == []
    assert raw(server, "GET", "/_local-aws/limits") == (200, {"max_concurrent_executions": 20})


def test_reset_of_ministack_clears_everything(server: LocalAws) -> None:
    client = create_pipeline(server)
    assert raw(server, "POST", "/_ministack/reset")[0] == 200
    assert client.list_pipelines()["PipelineSummaries"] == []


@pytest.mark.parametrize("body", ["", "3", "{}", '{"max_concurrent_executions": -1}',
                                  '{"max_concurrent_executions": true}', '{"max_concurrent_executions": "3"}',
                                  '{"max_concurrent_executions": 3, "more": 1}'])  # fmt: skip
def test_rejects_limit_that_is_not_a_whole_number(server: LocalAws, body: str) -> None:
    assert raw(server, "PUT", "/_local-aws/limits", body)[0] == 400


def test_sets_mode_of_steps_and_reset_restores_it(server: LocalAws) -> None:
    assert raw(server, "GET", "/_local-aws/steps") == (200, {"steps": "hold"})
    assert raw(server, "PUT", "/_local-aws/steps", '{"steps": "run"}') == (200, {"steps": "run"})
    server.reset()
    assert raw(server, "GET", "/_local-aws/steps") == (200, {"steps": "hold"})


@pytest.mark.parametrize("body", ["", "3", "{}", '{"steps": "skip"}', '{"steps": 1}', '{"steps": []}',
                                  '{"steps": "run", "more": 1}'])  # fmt: skip
def test_rejects_unknown_mode(server: LocalAws, body: str) -> None:
    assert raw(server, "PUT", "/_local-aws/steps", body)[0] == 400


def test_unknown_path_or_method_lists_known_ones(server: LocalAws) -> None:
    status, answer = raw(server, "GET", "/_local-aws/fault")
    assert status == 404
    assert "/_local-aws/faults" in str(answer)
    status, answer = raw(server, "PATCH", "/_local-aws/faults")
    assert status == 405
    assert "GET, POST, DELETE" in str(answer)
    assert raw(server, "GET", "/_local-aws/calls?since=1")[0] == 400


def test_health_reports_version_of_ministack(server: LocalAws) -> None:
    assert raw(server, "GET", "/_local-aws/health") == (200, {"status": "ready", "ministack": "1.5.33"})


@pytest.mark.parametrize("path", ["/_local-aws/calls", "/_ministack/health", "/"])
def test_refuses_host_that_is_not_loopback(server: LocalAws, path: str) -> None:
    status, answer = raw(server, "GET", path, Host="rebound.example:80")
    assert status == 403
    assert "rebound.example" in str(answer)


def test_refuses_requests_from_web_pages(server: LocalAws) -> None:
    assert raw(server, "POST", "/_local-aws/reset", Origin="http://127.0.0.1:8000")[0] == 403


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1:4566", True),
        ("127.9.9.9", True),
        ("localhost:80", True),
        ("LOCALHOST", True),
        ("bucket.s3.localhost:4566", True),
        ("[::1]:4566", True),
        ("", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("notlocalhost", False),
        ("[::]", False),
        ("0.0.0.0", False),
    ],
)
def test_recognizes_loopback_names(host: str, loopback: bool) -> None:
    assert host_is_loopback(host) is loopback


def test_refused_admin_request_raises(server: LocalAws) -> None:
    with pytest.raises(AdminError, match="max_concurrent_executions"):
        server.set_max_executions(-1)
