"""A job's process: started, read, stopped, and never left behind."""

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
"""From SIGTERM to SIGKILL. SageMaker waits 120 seconds."""
_POLL_SECONDS: Final = 0.05


class StopSignal:
    """Tells a process to end, and how long it has for that."""

    def __init__(self) -> None:
        self.grace_seconds = STOP_GRACE_SECONDS
        self._event = threading.Event()

    def set(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Give it, to whoever waits."""
        self.grace_seconds = grace_seconds
        self._event.set()

    def is_set(self) -> bool:
        """Whether it was given."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for it, so long at most; answers whether it was given."""
        return self._event.wait(seconds)


def run_process(
    command: list[str],
    environment: dict[str, str],
    folder: Path,
    say: Callable[[bytes], None],
    stop: StopSignal,
    max_seconds: float,
) -> tuple[Ending, int]:
    """Run a command to its end, or until it is stopped; answers how it ended and its exit code.

    ``say`` gets each piece of its output, standard output and error together. Raises OSError when it cannot
    be started, ValueError for an argument that no process can be given.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A process group of its own, so that what it starts can be ended with it.
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
        # Whatever it started and left behind holds the pipe, so it goes before the output is read to its end.
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
