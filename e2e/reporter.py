"""The demo's output: numbered steps with their durations, and aligned lines below each step."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LABEL = 12
_SHA_256 = re.compile(r"([0-9a-f]{8})[0-9a-f]{56}")


class Reporter:
    """Writes to standard output, and records the duration of each step."""

    def __init__(self) -> None:
        self._durations: list[tuple[str, float]] = []

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Prints a numbered title, and the duration when the step ends."""
        number = len(self._durations) + 1
        self.text(f"\n{number:>2}  {title}")
        begin = time.monotonic()
        yield
        seconds = time.monotonic() - begin
        self._durations.append((title, seconds))
        self.text(f"    ({seconds:.1f} s)")

    def command(self, command: str) -> None:
        """Prints a command that the user would type."""
        self.text(f"    $ {command}")

    def line(self, label: str, *parts: str) -> None:
        """Prints a label and its value, in one or more parts. Shortens SHA-256 hashes."""
        value = _SHA_256.sub(r"\1…", "  ".join(parts))
        self.text(f"    {label:<{_LABEL}}{value}".rstrip())

    def totals(self) -> None:
        """Prints the duration of each step, and the total."""
        width = max(len(title) for title, _ in self._durations)
        self.text("\nDurations")
        for number, (title, seconds) in enumerate(self._durations, start=1):
            self.text(f"{number:>2}  {title:<{width}}{seconds:>8.1f} s")
        self.text(f"    {'total':<{width}}{sum(seconds for _, seconds in self._durations):>8.1f} s")

    @staticmethod
    def text(text: str) -> None:
        """Prints a line, and flushes it."""
        print(text, flush=True)
