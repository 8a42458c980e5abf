"""How the demo tells what it does: stages with their durations, and aligned lines below them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LABEL = 12
_SHA_256 = re.compile(r"([0-9a-f]{8})[0-9a-f]{56}")


class Narration:
    """Writes to standard output, and remembers how long each stage took."""

    def __init__(self) -> None:
        self._took: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """A numbered stage; its duration is told at its end."""
        number = len(self._took) + 1
        self.text(f"\n{number:>2}  {title}")
        begin = time.monotonic()
        yield
        seconds = time.monotonic() - begin
        self._took.append((title, seconds))
        self.text(f"    ({seconds:.1f} s)")

    def command(self, command: str) -> None:
        """What somebody types."""
        self.text(f"    $ {command}")

    def line(self, label: str, *parts: str) -> None:
        """A label, and what it stands for, in one or more parts; hashes are shortened."""
        told = _SHA_256.sub(r"\1…", "  ".join(parts))
        self.text(f"    {label:<{_LABEL}}{told}".rstrip())

    def totals(self) -> None:
        """Every stage with its duration, and all of them."""
        width = max(len(title) for title, _ in self._took)
        self.text("\nHow long it took")
        for number, (title, seconds) in enumerate(self._took, start=1):
            self.text(f"{number:>2}  {title:<{width}}{seconds:>8.1f} s")
        self.text(f"    {'in all':<{width}}{sum(seconds for _, seconds in self._took):>8.1f} s")

    @staticmethod
    def text(text: str) -> None:
        """As it is, and at once."""
        print(text, flush=True)
