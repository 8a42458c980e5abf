"""Accounts for the rows of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from spark_engine.registry import LostValues


@dataclass
class Account:
    """The rows that a run read and wrote, and the values that it lost."""

    lost: list[LostValues] = field(default_factory=list)
    rows_read: int = 0
    rows_malformed: int = 0
    rows_rejected: int = 0
    rows_written: int = 0

    def read(self, rows: int, malformed: int, *, rejected: bool) -> None:
        """Add the rows of a source. Malformed rows are kept or rejected."""
        self.rows_read += rows
        self.rows_malformed += malformed
        self.rows_rejected += malformed if rejected else 0

    def summary(self) -> dict[str, Any]:
        """Return the account as JSON."""
        return {
            "rows_read": self.rows_read,
            "rows_malformed": self.rows_malformed,
            "rows_rejected": self.rows_rejected,
            "rows_dropped": max(0, self.rows_read - self.rows_rejected - self.rows_written),
            "rows_written": self.rows_written,
            "values_lost": [asdict(lost) for lost in self.lost],
        }
