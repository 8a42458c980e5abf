"""A shell that stays open between blocks of commands, as a reader's terminal does."""

from __future__ import annotations

import os
import subprocess
import threading
import uuid
from pathlib import Path
from types import TracebackType
from typing import Final

from builds import ROOT
from terminal import LAST_LINES, REMOVED_PREFIXES, WalkthroughError, wait_for

BLOCK_SECONDS: Final = 1200.0
"""Limit for a block. Long, because a busy machine is slow."""
_SET_UP: Final = "set -eo pipefail\n"


class Shell:
    """One bash process. Its variables and functions stay from block to block; a failed command ends it."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        shell = {name: value for name, value in os.environ.items() if not name.startswith(REMOVED_PREFIXES)}
        self._folder = folder
        self._process = subprocess.Popen(
            ["bash"],
            cwd=ROOT,
            env=shell | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._printed: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._end = ""
        self.run(_SET_UP)

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._printed.append(line)

    def start(self, text: str) -> None:
        """Types a block, without waiting for its end."""
        block = self._folder / "block.sh"
        # Like bash, does not count a failure before `&&`, not even in the last line.
        block.write_text(f"{text}\n:\n")
        self._end = f"end of {uuid.uuid4()}"
        self._printed.clear()
        assert self._process.stdin is not None
        # The block comes from a file, so that its commands cannot read the next block as their input.
        self._process.stdin.write(f". '{block}' < /dev/null\necho '{self._end}'\n")
        self._process.stdin.flush()

    def wait_for_output(self, text: str) -> None:
        """Waits until the block has printed a text."""
        wait_for(f"`{text}` in the output", lambda: self._has(text) or None)

    def finish(self) -> str:
        """Waits for the end of the block. Returns its output. Raises WalkthroughError if it failed."""
        wait_for("the end of the block", lambda: self._ended() or None, BLOCK_SECONDS)
        if not self._has(self._end):
            last = "".join(self._printed[-LAST_LINES:])
            raise WalkthroughError(f"a command failed:\n{last}")
        return "".join(line for line in self._printed if self._end not in line)

    def run(self, text: str) -> str:
        """Types a block. Returns its output."""
        self.start(text)
        return self.finish()

    def _ended(self) -> bool:
        return self._has(self._end) or not self._reader.is_alive()

    def _has(self, text: str) -> bool:
        return any(text in line for line in list(self._printed))
