"""Runs commands as a user would at a terminal, and waits for their effects."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from builds import ROOT

WAIT_SECONDS: Final = 300.0
"""Limit for a hanging command. Long, because a busy machine is slow."""
LAST_LINES: Final = 30
# AWS settings, and the variables of the `make` that started the test or the demo.
REMOVED_PREFIXES: Final = ("AWS_", "MAKE", "MFLAGS", "FILE", "GIVEN_", "EVENT")
T = TypeVar("T")


class WalkthroughError(Exception):
    """A step of the workflow failed."""


def run(
    environment: dict[str, str], *command: object, at: Path = ROOT, limit: float = WAIT_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Runs a command with only these AWS variables. Merges its two output streams."""
    shell = {name: value for name, value in os.environ.items() if not name.startswith(REMOVED_PREFIXES)}
    arguments = [str(part) for part in command]
    try:
        return subprocess.run(
            arguments,
            cwd=at,
            env=shell | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=limit,
        )
    except subprocess.TimeoutExpired as error:
        raise WalkthroughError(f"`{' '.join(arguments)}` did not end within {limit:.0f} s") from error


def output_of(result: subprocess.CompletedProcess[str]) -> str:
    """Returns the output of a command. Raises WalkthroughError if it failed."""
    if result.returncode != 0:
        last = "\n".join(result.stdout.splitlines()[-LAST_LINES:])
        raise WalkthroughError(f"`{' '.join(result.args)}` failed:\n{last}")
    return result.stdout


def wait_for(what: str, look: Callable[[], T | None], seconds: float = WAIT_SECONDS) -> T:
    """Calls `look` until it returns a value other than None, and returns that value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    raise WalkthroughError(f"timed out after {seconds:.0f} s, waiting for {what}")
