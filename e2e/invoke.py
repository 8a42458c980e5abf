"""`make invoke`: sends an event to the function under `cargo lambda watch`, against local-aws.

Prints the function's answer. The exit code is 0 if the function succeeded.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from builds import ROOT
from local_aws.launcher import LocalAws, LocalAwsError
from wiring import create_pipeline

FUNCTION: Final = "start-pipeline"
PIPELINE: Final = "ingest-abalone"
# Log lines that mean that no answer will come: the function cannot start, or it ended.
ENDINGS: Final = ("the function cannot start", "command exited")
# The function times out after 30 seconds, but cargo may have to build it first.
ANSWER_SECONDS: Final = 600.0
READY_SECONDS: Final = 120.0


class InvokeError(Exception):
    """The event could not be sent, or the function did not answer."""


def free_port() -> int:
    """Returns a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Watch:
    """Runs `cargo lambda watch`, and copies its output to standard error."""

    def __init__(self, port: int, environment: dict[str, str]) -> None:
        command = ["cargo", "lambda", "watch", "--ignore-changes", "--package", FUNCTION]
        self._process = subprocess.Popen(
            [*command, "--invoke-address", "127.0.0.1", "--invoke-port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._port = port
        self.failure: str | None = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            sys.stderr.write(line)
            if any(ending in line for ending in ENDINGS):
                self.failure = "the function ended. See its log above"
        if self.failure is None:
            self.failure = "`cargo lambda watch` ended. See its output above"

    def wait_until_ready(self) -> None:
        """Waits until it accepts events."""
        deadline = time.monotonic() + READY_SECONDS
        while self.failure is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise InvokeError(self.failure or f"`cargo lambda watch` was not ready within {READY_SECONDS:.0f} s")

    def stop(self) -> None:
        """Stops it and the function."""
        for stop in (signal.SIGINT, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, stop)
                self._process.wait(timeout=5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def build() -> None:
    """Compiles the function first, so that compile errors are reported immediately."""
    result = subprocess.run(
        ["cargo", "build", "--locked", "--package", FUNCTION, "--bin", FUNCTION], cwd=ROOT, check=False
    )
    if result.returncode != 0:
        raise InvokeError("the function does not compile. See cargo's output above")


def send(event: Path, port: int, watch: Watch) -> int:
    """Sends the event. Returns the exit code of `cargo lambda invoke`."""
    deadline = time.monotonic() + ANSWER_SECONDS
    command = ["cargo", "lambda", "invoke", FUNCTION, "--data-file", str(event)]
    command += ["--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as sender:
        answer: str | None = None
        try:
            while answer is None:
                if watch.failure is not None:
                    raise InvokeError(watch.failure)
                if time.monotonic() > deadline:
                    raise InvokeError(f"the function did not answer within {ANSWER_SECONDS:.0f} s")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    answer, _ = sender.communicate(timeout=0.05)
        finally:
            sender.kill()
    print(answer, end="")
    # cargo-lambda treats an error at the function's start as an answer.
    if sender.returncode == 0 and '"errorType"' in answer:
        raise InvokeError("the function could not start")
    return sender.returncode


def main() -> int:
    """Sends the event and returns the exit code."""
    parser = argparse.ArgumentParser(description="Send an event to the function.")
    parser.add_argument("event", type=Path, help="file with the event, for example events/put-object.json")
    event = parser.parse_args().event.resolve()
    if not event.is_file():
        print(f"{event} is not a file.\nhint: make invoke EVENT=events/put-object.json", file=sys.stderr)
        return 2
    try:
        build()
        with LocalAws(steps="hold") as aws:
            create_pipeline(aws, PIPELINE)
            port = free_port()
            # The function must not see the AWS settings of the user's shell.
            shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
            watch = Watch(port, shell | {"SM_PIPELINE_NAME": PIPELINE} | aws.environment())
            try:
                watch.wait_until_ready()
                return send(event, port, watch)
            finally:
                watch.stop()
    except (InvokeError, LocalAwsError, ClientError, BotoCoreError) as error:
        print(f"The invocation failed: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
