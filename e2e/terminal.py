"""Commands as somebody at a terminal runs them, and waiting for what they bring about."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from builds import ROOT

WAIT_SECONDS: Final = 300.0
"""For what hangs. A machine with much else to do is slow."""
LAST_LINES: Final = 30
# AWS's own, and what the make that a test or the demo was started by tells its own recipes.
_NOT_HANDED_ON: Final = ("AWS_", "MAKE", "MFLAGS", "FILE", "GIVEN_", "EVENT")
T = TypeVar("T")


class RoadError(Exception):
    """What failed on the way, with what was said about it."""


def run(environment: dict[str, str], *command: object, at: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command with these variables of AWS and no others. Its two outputs are one."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)}
    arguments = [str(part) for part in command]
    try:
        return subprocess.run(
            arguments,
            cwd=at,
            env=mine | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=WAIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise RoadError(f"`{' '.join(arguments)}` did not end within {WAIT_SECONDS:.0f} s") from error


def done(result: subprocess.CompletedProcess[str]) -> str:
    """What a command wrote. Raises RoadError if it failed."""
    if result.returncode != 0:
        last = "\n".join(result.stdout.splitlines()[-LAST_LINES:])
        raise RoadError(f"`{' '.join(result.args)}` failed:\n{last}")
    return result.stdout


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """What `look` finds; looks again until it finds something."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    raise RoadError(f"{what} did not come within {WAIT_SECONDS:.0f} s")
