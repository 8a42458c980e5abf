"""The reports in UPSTREAM.md: ministack still has each fault, and local-aws has a fix for it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_aws import LocalAws
from local_aws.ministack import settings
from local_aws.ministack.fixes import fixes
from waiting import until

REPORTS = (Path(settings.__file__).parent / "UPSTREAM.md").read_text()
_, GUIDE, *SECTIONS = re.split(r"^## ", REPORTS, flags=re.MULTILINE)
# Its reproduction calls ministack's code, not a server.
WITHOUT_SERVER = "function-output"


def reproductions(section: str) -> list[str]:
    """The blocks of Python code in a section."""
    return re.findall(r"^```python\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)


def name(section: str) -> str:
    return section.partition("\n")[0]


def cases(sections: list[str]) -> list[Any]:
    """Parameters for tests: a reproduction, and whether its server enforces IAM."""
    return [
        pytest.param(code, "(with `AUTH=true`)" in section, id=f"{name(section)}-{number}")
        for section in sections
        for number, code in enumerate(reproductions(section), start=1)
    ]


def run(code: str, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a reproduction after the lines that all of them start with."""
    for variable, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    [first] = reproductions(GUIDE)
    exec(compile(first + code, "UPSTREAM.md", "exec"), {})


@pytest.fixture(scope="session")
def ministacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, str]]:
    """The endpoints of ministack alone, without and with authentication."""
    endpoints, processes = {}, []
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind((settings.LOOPBACK, 0))
        ports = [free.getsockname()[1] for free in (one, other)]
    for auth, port in zip((False, True), ports, strict=True):
        folder = tmp_path_factory.mktemp("ministack")
        (folder / "tmp").mkdir()
        environment = {**os.environ, **settings.environment(port, auth, folder, None)}
        with (folder / "log").open("w") as log:
            command = [sys.executable, "-m", "ministack"]
            processes.append(subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log))
        endpoints[auth] = f"http://{settings.LOOPBACK}:{port}"
    yield endpoints
    for process in processes:
        process.terminate()
        process.wait()


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(f"{endpoint}/_ministack/health").close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(("code", "auth"), cases(SECTIONS))
def test_ministack_alone_has_fault(
    ministacks: dict[bool, str], code: str, auth: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = ministacks[auth]
    until(lambda: _answers(endpoint))
    urllib.request.urlopen(f"{endpoint}/_ministack/reset", data=b"").close()
    try:
        run(code, endpoint, monkeypatch)
    except AssertionError:
        return
    pytest.fail("ministack has fixed this fault: remove our fix and its section in UPSTREAM.md")


@pytest.mark.parametrize(
    ("code", "auth"), cases([section for section in SECTIONS if name(section) != WITHOUT_SERVER])
)
def test_local_aws_has_fixed_fault(
    code: str, auth: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: LocalAws = request.getfixturevalue("auth_server" if auth else "server")
    run(code, server.endpoint, monkeypatch)


def test_each_fix_has_one_report() -> None:
    assert sorted(map(name, SECTIONS)) == sorted(fixes(frozenset()))
    assert all(reproductions(section) for section in SECTIONS)
