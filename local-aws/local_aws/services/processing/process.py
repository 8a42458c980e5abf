"""Runs a job's process, reads its output, and stops it with all its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

Ending = Literal["exited", "stopped", "timed-out"]
STOP_GRACE_SECONDS: Final = 10.0
"""The time between SIGTERM and SIGKILL. SageMaker waits 120 seconds."""
_POLL_SECONDS: Final = 0.05


class StopSignal:
    """A signal to end a process, with a grace period."""

    def __init__(self) -> None:
        self.grace_seconds = STOP_GRACE_SECONDS
        self._event = threading.Event()

    def set(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Send the signal."""
        self.grace_seconds = grace_seconds
        self._event.set()

    def is_set(self) -> bool:
        """Whether the signal was sent."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the signal, at most this long. Returns whether it was sent."""
        return self._event.wait(seconds)


def run_process(
    command: list[str],
    environment: dict[str, str],
    folder: Path,
    say: Callable[[bytes], None],
    stop: StopSignal,
    max_seconds: float,
) -> tuple[Ending, int]:
    """Run a command until it ends or is stopped. Returns how it ended, and its exit code.

    ``say`` gets each piece of its output, standard output and error together. Raises OSError if it cannot be
    started, ValueError for an argument that cannot be passed to a process.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Use a new process group, so that its children can be ended with it.
        start_new_session=True,
    )
    reader = threading.Thread(target=_read, args=(process, say), daemon=True)
    reader.start()
    try:
        ending = _wait(process, stop, time.monotonic() + max_seconds)
        if ending != "exited":
            _signal_group(process, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(stop.grace_seconds)
    finally:
        # Remaining children keep the pipe open. End them before reading the output to its end.
        _signal_group(process, signal.SIGKILL)
        code = process.wait()
        reader.join()
    return ending, code


def _wait(process: subprocess.Popen[bytes], stop: StopSignal, deadline: float) -> Ending:
    while process.poll() is None:
        if stop.wait(_POLL_SECONDS):
            return "stopped"
        if time.monotonic() >= deadline:
            return "timed-out"
    return "exited"


def _read(process: subprocess.Popen[bytes], say: Callable[[bytes], None]) -> None:
    if process.stdout is None:
        return
    with process.stdout as output:
        while piece := os.read(output.fileno(), 65536):
            say(piece)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
