"""Tests how Lambda functions start and end, and their environment."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import NO_RETRIES
from local_aws import LocalAws
from plumbing import create_function, logged
from waiting import until


def test_function_has_its_variables_and_none_of_the_server(server: LocalAws) -> None:
    create_function(server, RUST_LOG="debug", LOG_LEVEL="mine", AWS_ENDPOINT_URL="http://elsewhere")
    answer = server.client("lambda").invoke(FunctionName="trigger", Payload=b"{}")
    environment = json.load(answer["Payload"])["environment"]
    assert environment["RUST_LOG"] == "debug"
    assert environment["LOG_LEVEL"] == "mine"
    assert environment["AWS_ENDPOINT_URL"] == server.endpoint
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/trigger"
    assert not {"AUTH", "GATEWAY_PORT", "S3_DATA_DIR", "MINISTACK_REGION", "DOCKER_HOST"} & environment.keys()


def test_warm_function_is_one_process_and_logs_its_output(server: LocalAws) -> None:
    create_function(server)
    functions = server.client("lambda")
    answers = [functions.invoke(FunctionName="trigger", Payload=b"{}") for _ in range(3)]
    processes = {json.load(answer["Payload"])["process"] for answer in answers}
    assert len(processes) == 1
    assert sum(line.startswith("started as process") for line in logged(server, "trigger")) == 1
    assert sum(line.startswith("event ") for line in logged(server, "trigger")) == 3


@pytest.mark.parametrize(
    ("how", "error_type", "message"),
    [
        ("report", "Runtime.Configuration", "SM_PIPELINE_NAME is not set"),
        ("exit", "Runtime.ExitError", "Error: Runtime exited with error: exit status 7"),
    ],
)
def test_function_that_fails_to_start_reports_reason(
    server: LocalAws, how: str, error_type: str, message: str
) -> None:
    create_function(server, FAIL_INIT=how)
    answer = server.client("lambda").invoke(FunctionName="trigger", Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"]) == {"errorType": error_type, "errorMessage": message}
    assert any(line.startswith("started as process") for line in logged(server, "trigger"))


def test_functions_end_with_server() -> None:
    with LocalAws() as short:
        create_function(short)
        answer = short.client("lambda").invoke(FunctionName="trigger", Payload=b"{}")
        process = json.load(answer["Payload"])["process"]
        assert _is_running(process)
    assert not _is_running(process)


def test_running_function_does_not_delay_stop() -> None:
    with LocalAws() as short:
        create_function(short)
        client = short.client("lambda", config=NO_RETRIES)
        calls = ThreadPoolExecutor(1)
        call = calls.submit(client.invoke, FunctionName="trigger", Payload=b'{"sleep": 600}')
        functions = until(lambda: _functions_of(short.pid))
    assert call.exception() is not None or "FunctionError" in call.result()
    assert not any(_is_running(process) for process in functions)


def _functions_of(server: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == server and "bootstrap" in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
