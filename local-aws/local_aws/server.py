"""Runs the server in the foreground, and cleans up when it stops."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_aws import delays, delivery_state, http_server
from local_aws.admin import Admin
from local_aws.backend import Backend, BackendSettings
from local_aws.gateway import Gateway
from local_aws.guardian import MARK, start_guardian, sweep
from local_aws.ministack import host as ministack_host
from local_aws.ministack.host import MinistackHost
from local_aws.ministack.settings import LOOPBACK, check_version, environment
from local_aws.services.processing.container import Engines
from local_aws.services.processing.data_wrangler import Reads
from local_aws.services.sagemaker.model import StepsMode
from local_aws.services.sagemaker.service import SageMakerService
from local_aws.state_file import load, save

DEFAULT_PORT: Final = 4566
DEFAULT_MAX_EXECUTIONS: Final = 20
"""SageMaker's default quota of concurrent pipeline executions in an account and region."""
_PR_SET_PDEATHSIG: Final = 1
_PACKAGE_PARENT: Final = str(Path(__file__).resolve().parent.parent)
# Lambda functions inherit the server's environment. Credentials, proxies or profiles in it would change what
# they do, so only these variables are kept.
_KEPT_VARIABLES: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")


class StartError(RuntimeError):
    """The server cannot start. The text is the reason."""


@dataclass(frozen=True)
class Settings:
    """The options of the command line."""

    port: int = DEFAULT_PORT
    auth: bool = False
    studio: bool = False
    max_executions: int = DEFAULT_MAX_EXECUTIONS
    steps: StepsMode = "run"
    ingest_features: Path | None = None
    spark_engine: Path | None = None
    data_wrangler_reads: Reads = "mount"
    data_dir: Path | None = None
    work_dir: Path | None = None
    listen_fd: int | None = None
    stop_with_parent: bool = False
    stop_with_stdin: bool = False
    delays: float = 1.0


def run(settings: Settings) -> int:
    """Serve until a signal stops the server. Returns the exit code."""
    check_version()
    delays.set_factor(settings.delays)
    if settings.stop_with_parent:
        _stop_with_parent()
    _check_program(settings.ingest_features, "ingest-features")
    _check_program(settings.spark_engine, "spark-engine")
    if settings.data_dir is not None:
        _make_writable(settings.data_dir)
    listener = _listener(settings)
    port = int(listener.getsockname()[1])
    work_dir = settings.work_dir or Path(tempfile.mkdtemp(prefix="local-aws-"))
    guardian = start_guardian(work_dir)
    try:
        data_dir = settings.data_dir.resolve() if settings.data_dir else None
        _enter_environment(settings, port, work_dir, data_dir)
        asyncio.run(_serve(settings, listener, port, data_dir))
    finally:
        sweep(work_dir)
        if guardian.stdin is not None:
            guardian.stdin.close()
        guardian.wait()
    return 0


def _check_program(program: Path | None, name: str) -> None:
    if program is not None and not (program.is_file() and os.access(program, os.X_OK)):
        raise StartError(f"{program} is not an executable file. hint: set --{name} to the {name} program.")


def instructions(port: int) -> str:
    """Returns shell lines that point the AWS CLI, the SDKs and this project's tools at the server."""
    return "\n".join(
        [
            f"local-aws is ready on http://{LOOPBACK}:{port}. Stop it with Ctrl-C.",
            "To use it with the AWS CLI, boto3 and the Rust tools, run in another shell:",
            "",
            f"  export AWS_ENDPOINT_URL=http://{LOOPBACK}:{port}",
            "  export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1",
            "  export AWS_ACCESS_KEY_ID=test",
            "  export AWS_SECRET_ACCESS_KEY=test",
            "",
            "Then, for example:  aws sagemaker list-pipelines",
            f"Faults, calls, limits: http://{LOOPBACK}:{port}/_local-aws/ (see docs/local-aws.md)",
        ]
    )


class Opening:
    """Prints the instructions once the server answers. With `studio`, sets up the account before that."""

    def __init__(self, port: int, *, studio: bool) -> None:
        self._port = port
        self._studio = studio
        self.failed = False

    def begin(self) -> None:
        """Returns at once: the server must answer the requests that set up the account."""
        if self._studio:
            threading.Thread(target=self._set_up, daemon=True, name="studio-account").start()
        else:
            print(instructions(self._port), flush=True)

    def _set_up(self) -> None:
        # A program of its own, which uses the API as any other client does.
        done = subprocess.run(
            [sys.executable, "-m", "local_aws.studio_account"],
            env={**os.environ, "PYTHONPATH": _PACKAGE_PARENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            print(f"{instructions(self._port)}\n\n{done.stdout}", end="", flush=True)
        else:
            self.failed = True
            os.kill(os.getpid(), signal.SIGTERM)


async def _serve(settings: Settings, listener: socket.socket, port: int, data_dir: Path | None) -> None:
    state_file = data_dir / "sagemaker.json" if data_dir else None
    host = MinistackHost()
    backend_settings = BackendSettings(
        settings.max_executions,
        settings.steps,
        Engines(settings.ingest_features, settings.spark_engine),
        (data_dir or Path.cwd()) / "codecommit",
        settings.data_wrangler_reads,
    )
    backend = Backend(backend_settings, host, f"http://{LOOPBACK}:{port}")
    service = SageMakerService(host, backend)
    if state_file:
        load(backend, state_file)
        delivery_state.load(backend, state_file.with_name("delivery.json"))
    app = ministack_host.install(service, on_reset=service.reset)

    async def reset() -> None:
        # Stop jobs before ministack's reset: it answers no requests during the reset, not even those of jobs.
        await asyncio.to_thread(backend.stop)
        await ministack_host.reset_everything()

    admin = Admin(service, reset)
    opening = Opening(port, studio=settings.studio)
    gateway = Gateway(app, admin, backend.delivery.git, when_ready=opening.begin)
    await http_server.serve(gateway, listener, _stop_signal(settings, backend))
    await asyncio.to_thread(ministack_host.stop_functions)
    if state_file:
        save(backend, state_file)
        delivery_state.save(backend, state_file.with_name("delivery.json"))
    if opening.failed:
        raise StartError("The account with SageMaker Studio could not be set up. The reason is above.")


def _stop_signal(settings: Settings, backend: Backend) -> Callable[[], Awaitable[None]]:
    """Returns a function that waits for a signal or for the end of standard input."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)

    def watch_stdin() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop.set)

    if settings.stop_with_stdin:
        threading.Thread(target=watch_stdin, daemon=True, name="stdin").start()

    async def wait() -> None:
        await stop.wait()
        # The server still answers: jobs write their logs, and stores write their rows.
        await asyncio.to_thread(backend.stop)
        # The server would wait for requests that wait for a function.
        await asyncio.to_thread(ministack_host.stop_functions)

    return wait


def _listener(settings: Settings) -> socket.socket:
    """Listen on loopback before anything else starts, so that a port in use fails early."""
    if settings.listen_fd is not None:
        return socket.socket(fileno=settings.listen_fd)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, settings.port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise StartError(
            f"Cannot listen on {LOOPBACK}:{settings.port}: {error.strerror}. "
            "hint: stop the process that uses the port, or set --port (0 picks a free port)."
        ) from error
    return listener


def _make_writable(data_dir: Path) -> None:
    """Check at the start that the state can be written at the end."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise StartError(
            f"Cannot write to {data_dir}: {error.strerror}. hint: set --data-dir to a writable directory."
        ) from error


def _enter_environment(settings: Settings, port: int, work_dir: Path, data_dir: Path | None) -> None:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(environment(port, settings.auth, work_dir, data_dir))
    os.environ.update(
        {
            MARK: str(work_dir),
            "HOME": str(work_dir / "home"),
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )
    for name in ("home", "tmp"):
        (work_dir / name).mkdir(mode=0o700, exist_ok=True)
    tempfile.tempdir = str(work_dir / "tmp")
    os.chdir(work_dir)


def _stop_with_parent() -> None:
    """Ask Linux to send SIGTERM when the parent process ends, however it ends."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            raise StartError("The process that started local-aws has already ended.")
