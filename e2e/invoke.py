"""`make invoke`: sends an event to the function under `cargo lambda watch`, against local-aws.

Prints the function's answer. The exit code is 0 if the function succeeded.
"""

from __future__ import annotations

import argparse
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from local_aws.launcher import LocalAws, LocalAwsError
from wiring import create_pipeline

ROOT: Final = Path(__file__).resolve().parent.parent
FUNCTION: Final = "start-pipeline"
PIPELINE: Final = "ingest-abalone"
READY: Final = "starting Runtime server"
# The function's own last word when its environment is not usable; nobody would answer the event then.
CANNOT_START: Final = "the function cannot start"


class InvokeError(Exception):
    """Why the event could not be sent."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Watch:
    """`cargo lambda watch`, its output passed on to standard error."""

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
        self._lines: queue.Queue[str] = queue.Queue()
        self.failure: str | None = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            sys.stderr.write(line)
            if CANNOT_START in line:
                self.failure = "the function cannot start; its log above says why"
            self._lines.put(line)
        if self.failure is None:
            self.failure = "`cargo lambda watch` ended; its output above says why"

    def wait_until_ready(self) -> None:
        """Until it takes events; it compiles the function with the first one."""
        while self.failure is None:
            try:
                if READY in self._lines.get(timeout=0.1):
                    return
            except queue.Empty:
                continue
        raise InvokeError(self.failure)

    def stop(self) -> None:
        """Ends it and the function."""
        for stop in (signal.SIGINT, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, stop)
                self._process.wait(timeout=5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def send(event: Path, port: int, watch: Watch) -> int:
    """Sends the event; gives the exit code of `cargo lambda invoke`."""
    command = ["cargo", "lambda", "invoke", FUNCTION, "--data-file", str(event)]
    sender = subprocess.Popen(
        [*command, "--invoke-address", "127.0.0.1", "--invoke-port", str(port)], cwd=ROOT
    )
    try:
        while sender.poll() is None:
            if watch.failure is not None:
                raise InvokeError(watch.failure)
            time.sleep(0.05)
    finally:
        sender.kill()
    return sender.wait()


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description="Send an event to the function.")
    parser.add_argument("event", type=Path)
    event = parser.parse_args().event.resolve()
    if not event.is_file():
        print(f"{event} is not a file.\nhint: make invoke EVENT=events/put-object.json", file=sys.stderr)
        return 2
    try:
        with LocalAws() as aws:
            create_pipeline(aws, PIPELINE)
            port = free_port()
            # Whatever points the user's shell at AWS must not reach the function.
            mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
            watch = Watch(port, mine | {"SM_PIPELINE_NAME": PIPELINE} | aws.environment())
            try:
                watch.wait_until_ready()
                return send(event, port, watch)
            finally:
                watch.stop()
    except (InvokeError, LocalAwsError) as error:
        print(f"The event was not sent: {error}.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
