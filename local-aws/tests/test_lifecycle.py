"""Tests how the server starts and stops, and that it leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import create_pipeline, start
from local_aws import LocalAws, LocalAwsError, delays
from local_aws.ministack.settings import MINISTACK_VERSION, WrongMinistackError, check_version
from waiting import until

PACKAGE_PARENT = Path(__file__).resolve().parent.parent


@pytest.fixture
def tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for temporary files. It must be empty after the test."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
def serve(tmp_path: Path, tmp: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Run ``python -m local_aws serve`` as from a shell."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, cwd: Path = tmp_path) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(PACKAGE_PARENT),
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "local_aws", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
            env=environment,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def endpoint_printed_by(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"export AWS_ENDPOINT_URL=(\S+)", line):
            return found[1]
    raise AssertionError("it ended before it was ready")


def processes_in(place: Path) -> list[str]:
    """Returns the command lines of processes whose environment or arguments contain a path."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            belongs = str(place).encode() in (entry / "environ").read_bytes() + command
        except OSError:
            continue
        if belongs and int(entry.name) != os.getpid() and command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def listening_addresses(port: int) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, number = line.split()[1].split(":")
            if int(number, 16) == port and line.split()[3] == "0A":
                found.add(f"{table} {address}")
    return found


def test_listens_on_loopback_only(server: LocalAws) -> None:
    assert listening_addresses(server.port) == {"tcp 0100007F"}


def test_context_manager_leaves_nothing(tmp: Path) -> None:
    with LocalAws() as server:
        start(create_pipeline(server), 1)
        server.client("s3").create_bucket(Bucket="data")
        assert server.log_file.is_file()
        assert list(tmp.iterdir())
        pid = server.pid
    assert list(tmp.iterdir()) == []
    assert processes_in(tmp) == []
    assert not Path(f"/proc/{pid}").exists()
    assert "local-aws is ready" in server.log_tail(1000)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_server_and_leaves_nothing(
    serve: Callable[..., subprocess.Popen[str]], tmp: Path, tmp_path: Path, number: signal.Signals
) -> None:
    process = serve("--port", "0")
    assert endpoint_printed_by(process).startswith("http://127.0.0.1:")
    process.send_signal(number)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert list(tmp.iterdir()) == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["tmp"]
    assert processes_in(tmp) == []


def test_guardian_cleans_up_after_kill(tmp: Path) -> None:
    server = LocalAws()
    server.start()
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not list(tmp.iterdir()) and not processes_in(tmp))
    server.stop()


def test_server_ends_with_killed_parent(tmp: Path) -> None:
    program = "\n".join(
        [
            "import time",
            "from local_aws import LocalAws",
            "server = LocalAws()",
            "server.start()",
            "print('up', flush=True)",
            "time.sleep(600)",
        ]
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_PARENT)},
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    assert list(tmp.iterdir())
    parent.kill()
    parent.communicate()
    until(lambda: not list(tmp.iterdir()) and not processes_in(tmp))


def test_stop_with_parent_ends_server_with_killed_parent(tmp: Path) -> None:
    command = f"{sys.executable} -m local_aws serve --port 0 --stop-with-parent & wait"
    shell = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_PARENT)},
    )
    endpoint_printed_by(shell)
    shell.kill()
    shell.communicate()
    until(lambda: not list(tmp.iterdir()) and not processes_in(tmp))


def test_port_in_use_is_clear_error(serve: Callable[..., subprocess.Popen[str]], tmp: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = serve("--port", str(port))
        output, _ = process.communicate()
        assert process.returncode == 1
        assert output.startswith(f"error: Cannot listen on 127.0.0.1:{port}: Address already in use. hint: ")
        with pytest.raises(LocalAwsError, match="Address already in use"):
            LocalAws(port=port).start()
    assert list(tmp.iterdir()) == []


def test_failed_start_shows_log(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp.parent / "broken"
    (broken / "ministack").mkdir(parents=True)
    (broken / "sitecustomize.py").write_text(
        "import importlib.metadata as m; m.version = lambda name: '0.0.1'\n"
    )
    monkeypatch.setattr("local_aws.launcher._PACKAGE_PARENT", f"{PACKAGE_PARENT}{os.pathsep}{broken}")
    with pytest.raises(LocalAwsError) as error:
        LocalAws().start()
    assert f"requires ministack {MINISTACK_VERSION} exactly, but found 0.0.1" in str(error.value)
    assert list(tmp.iterdir()) == []


def test_refuses_other_version_of_ministack(monkeypatch: pytest.MonkeyPatch) -> None:
    check_version()
    monkeypatch.setattr("local_aws.ministack.settings.version", lambda _name: "1.5.34")
    with pytest.raises(WrongMinistackError, match=r"found 1\.5\.34"):
        check_version()


def test_only_known_modules_use_ministack_internals() -> None:
    package = PACKAGE_PARENT / "local_aws"
    importing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r'(import|from) (ministack|hypercorn)\b|\bministack\(|f?"ministack\.', path.read_text())
    }
    seams = {
        "http_server.py",
        "ministack/cloudformation.py",
        "ministack/cloudformation_fixes.py",
        "ministack/fixes.py",
        "ministack/host.py",
        "ministack/iam.py",
        "ministack/iam_fixes.py",
        "ministack/settings.py",
        "services/sqs/message_moves.py",
    }
    assert importing == seams


def test_keeps_log_file(tmp: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.log"
    with LocalAws(log_file=kept) as server:
        assert server.log_file == kept
    assert "local-aws is ready" in kept.read_text()
    assert list(tmp.iterdir()) == []


def test_ignores_aws_settings_of_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "config"
    settings.write_text("[profile mine]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(settings))
    monkeypatch.setenv("AWS_PROFILE", "none")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("GATEWAY_PORT", "1")
    monkeypatch.setenv("AUTH", "true")
    with LocalAws() as server:
        server.client("s3").create_bucket(Bucket="data")
        start(create_pipeline(server), 1)


def test_data_directory_keeps_state(tmp: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with LocalAws(data_dir=data, max_executions=1, steps="hold") as server:
        client = create_pipeline(server, "Ingest", Tags=[{"Key": "k", "Value": "v"}])
        arn = start(client, "a", "ingest")
        described = client.describe_pipeline_execution(PipelineExecutionArn=arn)
        server.client("s3").create_bucket(Bucket="data")
    with LocalAws(data_dir=data, max_executions=1, steps="hold") as server:
        client = server.client("sagemaker")
        assert start(client, "a", "ingest") == arn
        again = client.describe_pipeline_execution(PipelineExecutionArn=arn)
        assert {**again, "ResponseMetadata": None} == {**described, "ResponseMetadata": None}
        assert client.list_tags(ResourceArn=arn.partition("/execution")[0])["Tags"] == [
            {"Key": "k", "Value": "v"}
        ]
        with pytest.raises(client.exceptions.ResourceLimitExceeded):
            start(client, "b", "ingest")
        assert [bucket["Name"] for bucket in server.client("s3").list_buckets()["Buckets"]] == ["data"]
    assert list(tmp.iterdir()) == []


def test_refuses_unwritable_data_directory_at_start(tmp: Path, tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.touch()
    with pytest.raises(LocalAwsError, match=r"Cannot write to .*a-file"):
        LocalAws(data_dir=file).start()
    assert list(tmp.iterdir()) == []


def test_multiplies_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delays, "_factor", 1.0)
    delays.set_factor(3)
    assert delays.scaled(2) == 6
    # With the option, and with the variable.
    monkeypatch.setenv("LOCAL_AWS_DELAYS", "1000")
    with LocalAws(steps="hold", delays=0) as server:
        client = create_pipeline(server)
        arn = start(client, 1)
        client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="t" * 32)
        described = client.describe_pipeline_execution(PipelineExecutionArn=arn)
        assert described["PipelineExecutionStatus"] == "Stopped"
    monkeypatch.setenv("LOCAL_AWS_DELAYS", "soon")
    with pytest.raises(LocalAwsError, match=r"argument --delays: .*'soon'"):
        LocalAws().start()


@pytest.mark.parametrize("factor", ["-1", "1001", "nan"])
def test_refuses_invalid_factor(serve: Callable[..., subprocess.Popen[str]], factor: str) -> None:
    process = serve("--delays", factor)
    output, _ = process.communicate()
    assert process.returncode == 2
    assert "the factor must be a number from 0 to 1000" in output
