"""Cleans up after a server that was killed.

A small process next to the server. It reads a pipe whose only writer is the server: the pipe closes when the
server ends, however it ends. It uses the standard library only, and runs as a file.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

MARK = "LOCAL_AWS_RUN"
"""The environment variable that marks the processes of a run. Lambda functions inherit it."""
_GRACE_SECONDS = 2.0
_LAST_SECONDS = 60.0
"""Time for the kernel to remove killed processes. One that hangs in a system call is abandoned."""


def start_guardian(work_dir: Path) -> subprocess.Popen[bytes]:
    """Start the guardian in its own session, so that Ctrl-C in the server's terminal does not end it."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(work_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )


def sweep(work_dir: Path) -> None:
    """End the processes of a run and remove its directory."""
    _end_all(work_dir, signal.SIGTERM, _GRACE_SECONDS)
    # Remove the directory last: a living process might still write to it.
    _end_all(work_dir, signal.SIGKILL, _LAST_SECONDS)
    shutil.rmtree(work_dir, ignore_errors=True)


def _end_all(work_dir: Path, number: signal.Signals, seconds: float) -> None:
    """Signal the processes of a run, including ones that start meanwhile, and wait until none is left."""
    deadline = time.monotonic() + seconds
    signalled: set[int] = set()
    while (left := set(_processes_of(work_dir))) and time.monotonic() < deadline:
        _signal_all(left - signalled, number)
        signalled |= left
        time.sleep(0.02)


def _processes_of(work_dir: Path) -> list[int]:
    """The processes whose environment has this run's mark. Works on Linux only."""
    mark = f"{MARK}={work_dir}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*") if Path("/proc/self/environ").exists() else []:
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


def _signal_all(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def main() -> None:
    """Wait for the end of standard input, then sweep."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    sweep(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
