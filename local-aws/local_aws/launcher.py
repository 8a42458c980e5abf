"""``LocalAws``: runs the server as a child process, for a test or a demo."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import boto3
import botocore.session
from botocore.config import Config

from local_aws.admin_client import AdminClient, Call, FaultsClient
from local_aws.services.processing.data_wrangler import Reads
from local_aws.services.sagemaker.model import StepsMode

REGION: Final = "us-east-1"
_LOOPBACK: Final = "127.0.0.1"
_TAIL_LINES: Final = 40
# Limits for hangs. Normally a second or two, up to a minute on a busy machine.
_START_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 180.0
_ANSWER_SECONDS: Final = 300.0
_PACKAGE_PARENT: Final = str(Path(__file__).resolve().parent.parent)
# botocore's sources of a setting: (name in the file, variables, default, conversion).
_NO_USER_CONFIGURATION: Final = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


class LocalAwsError(RuntimeError):
    """The server did not start, or is not running. The text ends with the last lines of its log, if any."""


class LocalAws:
    """A server on a free port, running from ``__enter__`` (or ``start``) to ``__exit__`` (or ``stop``).

    It ends with this process, even if this process is killed. Its directory, including the log, is removed
    when it stops. Set ``log_file`` to keep the log.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        auth: bool = False,
        max_executions: int = 20,
        steps: StepsMode = "run",
        ingest_features: Path | None = None,
        spark_engine: Path | None = None,
        data_wrangler_reads: Reads = "mount",
        data_dir: Path | None = None,
        delays: float | None = None,
        log_file: Path | None = None,
        start_timeout: float = _START_SECONDS,
    ) -> None:
        self._port = port
        self._auth = auth
        self._max_executions = max_executions
        self._steps = steps
        self._ingest_features = ingest_features
        self._spark_engine = spark_engine
        self._data_wrangler_reads = data_wrangler_reads
        self._data_dir = data_dir
        self._delays = delays
        self._kept_log_file = log_file
        self._start_timeout = start_timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._work_dir: Path | None = None
        self._log: IO[bytes] | None = None
        self._session_lock = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1. With ``port=0``, the free port that was chosen."""
        return self._port

    @property
    def endpoint(self) -> str:
        """The URL for ``AWS_ENDPOINT_URL``."""
        return f"http://{_LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._running().pid

    @property
    def log_file(self) -> Path:
        """The log of the server and of the functions it runs."""
        if self._kept_log_file is not None:
            return self._kept_log_file
        if self._work_dir is None:
            raise LocalAwsError("The server is not running.")
        return self._work_dir / "local-aws.log"

    @property
    def faults(self) -> FaultsClient:
        """Adds faults for the next calls of an operation."""
        return FaultsClient(self._admin)

    def environment(self) -> dict[str, str]:
        """Returns the variables that point the AWS CLI, the SDKs and our tools at this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def client(self, service: str, **overrides: Any) -> Any:
        """Returns a boto3 client of this server. ``overrides`` are arguments of ``boto3.client``.

        It ignores proxies and profiles in the environment.
        """
        config = Config(proxies={}, read_timeout=_ANSWER_SECONDS).merge(overrides.pop("config", Config()))
        arguments: dict[str, Any] = {"endpoint_url": self.endpoint, "config": config, **overrides}
        with self._session_lock:
            return self._session.client(service, **arguments)

    def calls(self, operation: str | None = None, after: int = 0) -> list[Call]:
        """Returns the latest SageMaker calls (2,000 at most), oldest first."""
        return self._admin.calls(operation, after)

    def clear_calls(self) -> None:
        """Clear the call log."""
        self._admin.request("DELETE", "calls")

    def set_max_executions(self, limit: int) -> None:
        """Set the maximum number of concurrent executions."""
        self._admin.request("PUT", "limits", {"max_concurrent_executions": limit})

    def set_steps(self, mode: StepsMode) -> None:
        """Run or hold the steps of executions that start from now on."""
        self._admin.request("PUT", "steps", {"steps": mode})

    def reset(self) -> None:
        """Clear the state of all services, and end all functions and jobs."""
        self._admin.request("POST", "reset")

    def log_tail(self, lines: int = _TAIL_LINES) -> str:
        """Returns the last lines of the log, even after the server has stopped."""
        if self._log is None:
            return ""
        self._log.seek(0)
        return "\n".join(self._log.read().decode("utf-8", errors="replace").splitlines()[-lines:])

    def start(self) -> None:
        """Start the server and wait until it answers."""
        if self._process is not None:
            raise LocalAwsError("The server is already running.")
        listener = _listen(self._port)
        self._port = listener.getsockname()[1]
        self._work_dir = Path(tempfile.mkdtemp(prefix="local-aws-"))
        self._log = self.log_file.open("w+b")
        with listener:
            self._process = self._spawn(listener)
        try:
            self._wait_until_ready()
        except BaseException:
            self._process.kill()
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and wait until it has ended. Does nothing if it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._work_dir is not None:
            shutil.rmtree(self._work_dir, ignore_errors=True)

    @functools.cached_property
    def _session(self) -> Any:
        """One session for all clients: reading SageMaker's model takes a quarter of a second."""
        return boto3.session.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name=REGION,
            botocore_session=botocore.session.Session(session_vars=_NO_USER_CONFIGURATION),
        )

    @property
    def _admin(self) -> AdminClient:
        self._running()
        return AdminClient(_LOOPBACK, self._port)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise LocalAwsError("The server is not running.")
        return self._process

    def _spawn(self, listener: socket.socket) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "local_aws", "serve"]
        command += ["--listen-fd", str(listener.fileno()), "--stop-with-stdin"]
        command += ["--work-dir", str(self._work_dir), "--max-executions", str(self._max_executions)]
        command += ["--auth"] if self._auth else []
        command += ["--steps", self._steps]
        command += ["--ingest-features", str(self._ingest_features)] if self._ingest_features else []
        command += ["--spark-engine", str(self._spark_engine)] if self._spark_engine else []
        command += ["--data-wrangler-reads", self._data_wrangler_reads]
        command += ["--data-dir", str(self._data_dir)] if self._data_dir else []
        command += ["--delays", str(self._delays)] if self._delays is not None else []
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": _PACKAGE_PARENT, "PYTHONUNBUFFERED": "1"},
            pass_fds=[listener.fileno()],
            # Ctrl-C must reach this process only, which then stops the server.
            start_new_session=True,
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._start_timeout
        while time.monotonic() < deadline:
            code = self._running().poll()
            if code is not None:
                raise LocalAwsError(f"local-aws exited with code {code} while starting.\n{self.log_tail()}")
            try:
                # The socket already listens. If the process ends, this connection closes, too.
                left = max(1.0, deadline - time.monotonic())
                AdminClient(_LOOPBACK, self._port, timeout=left).request("GET", "health")
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise LocalAwsError(
            f"local-aws did not answer within {self._start_timeout:g} seconds.\n{self.log_tail()}"
        )


def _listen(port: int) -> socket.socket:
    """Bind the server's socket here, so that its port is known and stays reserved."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_LOOPBACK, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise LocalAwsError(f"Cannot listen on {_LOOPBACK}:{port}: {error.strerror}.") from error
    return listener
