"""Servers that all tests share. They are reset before each test that uses them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from in_process import InProcess
from local_aws import LocalAws

FIXTURES = Path(__file__).parent / "fixtures"
DEFINITION = (FIXTURES / "definition.json").read_text()
ROLE = "arn:aws:iam::000000000000:role/service-role/pipelines"
INPUT = [{"Name": "InputDataUrl", "Value": "s3://data/in/abalone.csv"}]
NO_RETRIES = Config(retries={"total_max_attempts": 1})
PATIENCE = 300
"""The timeout for an answer on a busy machine, in seconds."""


@dataclass(frozen=True)
class Wire:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["__type"])

    @property
    def message(self) -> str:
        return str(self.body.get("message") or self.body["Message"])


def send(server: LocalAws, operation: str, body: Any, **headers: str) -> Wire:
    """Send a body, JSON or bytes, without the checks of an SDK."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1", **headers}
    connection.request("POST", "/", content, sent)
    response = connection.getresponse()
    answer = json.loads(response.read() or b"null")
    connection.close()
    return Wire(response.status, {name.lower(): value for name, value in response.getheaders()}, answer)


def token(seed: object = "t") -> str:
    """Returns a client request token of valid length, the same for the same seed."""
    return f"{seed}".rjust(32, "0")


def create_pipeline(server: LocalAws, name: str = "ingest", **members: Any) -> Any:
    """Create a pipeline, and return a SageMaker client."""
    client = server.client("sagemaker", config=NO_RETRIES)
    client.create_pipeline(
        **{"PipelineName": name, "PipelineDefinition": DEFINITION, "RoleArn": ROLE, **members}
    )
    return client


def start(client: Any, seed: object, name: str = "ingest", **members: Any) -> str:
    """Start an execution and return its ARN."""
    request = {
        "PipelineName": name,
        "ClientRequestToken": token(seed),
        "PipelineParameters": INPUT,
        **members,
    }
    return str(client.start_pipeline_execution(**request)["PipelineExecutionArn"])


@pytest.fixture
def sagemaker(tmp_path: Path) -> Iterator[InProcess]:
    """SageMaker in this process."""
    service = InProcess(tmp_path)
    yield service
    service.backend.stop()


@pytest.fixture(scope="session")
def _server() -> Iterator[LocalAws]:
    with LocalAws(steps="hold") as server:
        yield server


@pytest.fixture
def server(_server: LocalAws) -> LocalAws:
    """An empty server without authentication. It holds executions: no step runs."""
    _server.reset()
    return _server


@pytest.fixture(scope="session")
def _running_server() -> Iterator[LocalAws]:
    with LocalAws(ingest_features=FIXTURES / "programs/engine.py") as server:
        yield server


@pytest.fixture
def running_server(_running_server: LocalAws) -> LocalAws:
    """A server that runs steps. A fake engine runs the steps of Data Wrangler."""
    _running_server.reset()
    return _running_server


@pytest.fixture(scope="session")
def _auth_server() -> Iterator[LocalAws]:
    with LocalAws(auth=True, steps="hold") as server:
        yield server


@pytest.fixture
def auth_server(_auth_server: LocalAws) -> LocalAws:
    """A server that checks signatures and enforces IAM."""
    _auth_server.reset()
    return _auth_server
