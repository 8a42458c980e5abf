"""`package-cfn.yaml`: runs the function and the build commands from the template."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import REPOSITORY
from staging.place import PORTFOLIO_KEY, PORTFOLIO_STACK, Place
from staging.yaml_edit import Document

TEMPLATE = Document((REPOSITORY / "cfn-templates/package-cfn.yaml").read_text())
FUNCTION = TEMPLATE.text("Resources", "Starter", "Properties", "Code", "ZipFile")
BUILDSPEC = yaml.safe_load(TEMPLATE.text("Resources", "PackageProject", "Properties", "Source", "BuildSpec"))
BUILD = "arn:aws:codebuild:eu-west-1:123456789012:build/PackageProject-1:0a1b"


class Services:
    """Fake AWS clients for the function."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self.stack_status = "UPDATE_IN_PROGRESS"
        self.refuse: str | None = None
        self.build: dict[str, Any] = {
            "buildStatus": "SUCCEEDED",
            "environment": {"environmentVariables": [{"name": "S3_BUCKET_NAME", "value": "my-bucket"}]},
            "logs": {"groupName": "group", "streamName": "stream"},
            "phases": [
                {"phaseType": "INSTALL"},
                {"phaseType": "BUILD", "contexts": [{"message": "exit status 2"}]},
            ],
        }
        self.log = [{"message": f"line {number}\n"} for number in range(1000)]

    def client(self, _name: str) -> Services:
        return self

    def start_build(self, **given: Any) -> None:
        if self.refuse:
            raise RuntimeError(self.refuse)
        self.started.append(given)
        self.build["environment"]["environmentVariables"] += given["environmentVariablesOverride"]

    def batch_get_builds(self, ids: list[str]) -> dict[str, Any]:
        assert ids == ["PackageProject-1:0a1b"]
        return {"builds": [self.build]}

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": self.stack_status}]}

    def get_log_events(self, **_: Any) -> dict[str, Any]:
        if self.refuse:
            raise RuntimeError(self.refuse)
        return {"events": self.log}


class CloudFormation(http.server.BaseHTTPRequestHandler):
    """Receives the function's responses, like the presigned URL."""

    answers: list[dict[str, Any]]

    def do_PUT(self) -> None:
        """Records the response."""
        self.answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        assert self.headers["Content-Type"] == ""  # as the URL was signed
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Logs nothing."""


@pytest.fixture
def answers() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A URL, and the responses that it received."""
    handler = type("Handler", (CloudFormation,), {"answers": []})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", handler.answers  # type: ignore[attr-defined]
        server.shutdown()


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def function(services: Services, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The function's handler."""
    monkeypatch.setitem(sys.modules, "boto3", services)
    module = types.ModuleType("index")
    exec(compile(FUNCTION, "index.py", "exec"), module.__dict__)
    return module.__dict__["handler"]


def request(url: str, kind: str) -> dict[str, Any]:
    """A request from CloudFormation."""
    return {
        "RequestType": kind,
        "ResponseURL": url,
        "StackId": "stack",
        "RequestId": "request-1",
        "LogicalResourceId": "Staged",
        "ResourceProperties": {"ProjectName": "PackageProject-1"},
    }


def ended() -> dict[str, Any]:
    """An event from EventBridge."""
    return {"detail-type": "CodeBuild Build State Change", "detail": {"build-id": BUILD}}


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_responds_when_the_build_succeeds(
    function: Any, services: Services, answers: tuple[str, list[dict[str, Any]]], kind: str
) -> None:
    url, received = answers
    function(request(url, kind), None)
    [started] = services.started
    assert started["projectName"] == "PackageProject-1"
    assert started["idempotencyToken"] == "request-1"
    assert received == []
    function(ended(), None)
    [answer] = received
    assert answer == {
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": "staged",
        "StackId": "stack",
        "RequestId": "request-1",
        "LogicalResourceId": "Staged",
    }


@pytest.mark.parametrize("log_can_be_read", [True, False])
def test_reports_failed_build_with_end_of_log(
    function: Any, services: Services, answers: tuple[str, list[dict[str, Any]]], log_can_be_read: bool
) -> None:
    url, received = answers
    function(request(url, "Create"), None)
    services.build["buildStatus"] = "FAILED"
    services.refuse = None if log_can_be_read else "no such log"
    function(ended(), None)
    [answer] = received
    assert answer["Status"] == "FAILED"
    assert "ended as FAILED. exit status 2" in answer["Reason"]
    assert ("line 999" if log_can_be_read else "no such log") in answer["Reason"]
    assert len(json.dumps(answer)) < 4096  # CloudFormation's limit


def test_ignores_manually_started_build(function: Any, answers: tuple[str, list[dict[str, Any]]]) -> None:
    function(ended(), None)
    assert answers[1] == []


def test_reports_build_that_cannot_start(
    function: Any, services: Services, answers: tuple[str, list[dict[str, Any]]]
) -> None:
    url, received = answers
    services.refuse = "AccountLimitExceededException"
    function(request(url, "Create"), None)
    assert received[0]["Status"] == "FAILED"
    assert "AccountLimitExceededException" in received[0]["Reason"]


@pytest.mark.parametrize(
    ("kind", "status"), [("Delete", "DELETE_IN_PROGRESS"), ("Update", "UPDATE_ROLLBACK_IN_PROGRESS")]
)
def test_delete_and_rollback_succeed_without_build(
    function: Any, services: Services, answers: tuple[str, list[dict[str, Any]]], kind: str, status: str
) -> None:
    url, received = answers
    services.stack_status = status
    services.refuse = "nothing may be built"
    function(request(url, kind), None)
    assert [answer["Status"] for answer in received] == ["SUCCESS"]


def test_reports_invalid_request(function: Any, answers: tuple[str, list[dict[str, Any]]]) -> None:
    url, received = answers
    incomplete = request(url, "Create")
    del incomplete["ResourceProperties"]["ProjectName"]
    function(incomplete, None)
    assert received[0]["Status"] == "FAILED"
    assert "ProjectName" in received[0]["Reason"]


def test_function_fits_in_a_template() -> None:
    assert len(FUNCTION) <= 4096


def test_build_times_out_before_cloudformation() -> None:
    project = ("Resources", "PackageProject", "Properties")
    minutes = [TEMPLATE.find(*project, name) for name in ("TimeoutInMinutes", "QueuedTimeoutInMinutes")]
    service_timeout = TEMPLATE.find("Resources", "Staged", "Properties", "ServiceTimeout")
    assert service_timeout is not None
    assert sum(int(node.value) for node in minutes if node) * 60 < int(service_timeout.value)


def test_outputs_match_staged_objects() -> None:
    place = Place("my-bucket", "eu-west-1")
    values = {
        "${S3BucketName}": place.bucket,
        "${AWS::Region}": place.region,
        "${AWS::URLSuffix}": place.url_suffix,
        "${Console}": "console.aws.amazon.com",
    }

    def output(name: str) -> str:
        node = TEMPLATE.find("Outputs", name, "Value")
        assert node is not None
        text = node.value if isinstance(node.value, str) else node.value[0].value
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        return str(text)

    assert output("SMProjectSCPortfolioS3Uri") == place.url(PORTFOLIO_KEY)
    assert output("SMProjectSCPortfolioDeployLink") == place.console_link(PORTFOLIO_KEY, PORTFOLIO_STACK)


def fetch(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the buildspec's install commands."""
    [command] = BUILDSPEC["phases"]["install"]["commands"]
    folder.mkdir()
    given = {
        "GIT_REPOSITORY_URL": "",
        "GIT_REF": "main",
        "S3_BUCKET_NAME": "my-bucket",
        "ACCOUNT": "123456789012",
    }
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | given | {"SOURCE_S3_KEY": "source.zip"} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a tag."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "Makefile").write_text("all:\n")
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        [*identity, "commit", "-qm", "x"],
        ["tag", "v1"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("ref", ["main", "v1", "the commit"])
def test_build_checks_out_branch_tag_or_commit(repository: Path, tmp_path: Path, ref: str) -> None:
    if ref == "the commit":
        parsed = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
        )
        ref = parsed.stdout.strip()
    done = fetch(tmp_path / "build", GIT_REPOSITORY_URL=repository.as_uri(), GIT_REF=ref)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "build/source/Makefile").is_file()


def test_missing_branch_fails_the_build(repository: Path, tmp_path: Path) -> None:
    done = fetch(tmp_path / "build", GIT_REPOSITORY_URL=repository.as_uri(), GIT_REF="none")
    assert done.returncode != 0
    assert "none" in done.stderr


@pytest.mark.parametrize("there", [True, False])
def test_build_downloads_zip_only_from_own_bucket(tmp_path: Path, there: bool) -> None:
    with zipfile.ZipFile(tmp_path / "staged.zip", "w") as archive:
        archive.writestr("Makefile", "all:\n")
    program = tmp_path / "bin/aws"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" > "{tmp_path}/asked"\n'
        + (f'cp "{tmp_path}/staged.zip" source.zip\n' if there else "exit 1\n")
    )
    program.chmod(0o755)
    if shutil.which("unzip") is None:
        unzip = program.with_name("unzip")  # CodeBuild's image has one
        unzip.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m zipfile -e "$2" "$4"\n')
        unzip.chmod(0o755)
    done = fetch(tmp_path / "build", PATH=f"{program.parent}:{os.environ['PATH']}")
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith(
        "s3api get-object --bucket my-bucket --key source.zip --expected-bucket-owner 123456789012"
    )
    if there:
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "build/source/Makefile").is_file()
    else:
        assert done.returncode != 0
        assert "hint: run make package-source and upload its zip file" in done.stderr


def test_toolchain_matches_the_workspace() -> None:
    script = (REPOSITORY / "packaging/codebuild.sh").read_text()
    [line] = [line for line in script.splitlines() if line.startswith("rust=")]
    printed = subprocess.run(
        ["bash", "-c", f'{line}; echo "$rust"'], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert f'rust-version = "{printed.stdout.strip()}"' in (REPOSITORY / "Cargo.toml").read_text()


def test_package_source_contains_what_the_build_needs() -> None:
    subprocess.run(["make", "package-source"], cwd=REPOSITORY, capture_output=True, check=True)
    with zipfile.ZipFile(REPOSITORY / "target/amazon-sagemaker-reusable-components.zip") as archive:
        names = archive.namelist()
    for needed in (
        "Makefile",
        "Cargo.lock",
        "packaging/codebuild.sh",
        "cfn-templates/sm-project-sc-portfolio.yaml",
    ):
        assert needed in names
