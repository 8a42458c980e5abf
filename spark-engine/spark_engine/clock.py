"""The current time of a run. A retried run with the same time computes the same rows.

Spark has no setting for it, so the calls in formulas and queries are replaced by constants.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass

# Texts, quoted names and comments are matched first, so that calls in them are left alone.
_TOKEN = re.compile(
    r"""
    '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `[^`]*`
    | --[^\n]* | /\*.*?\*/
    | (?P<name>\b[A-Za-z_]\w*\b)(?P<call>\s*\(\s*\))?
    """,
    re.VERBOSE | re.DOTALL,
)
_CALLS = frozenset(
    {"now", "curdate", "unix_timestamp", "current_timestamp", "current_date", "localtimestamp"}
)
# Spark also knows them without parentheses.
_BARE = frozenset({"current_timestamp", "current_date", "localtimestamp"})
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


@dataclass(frozen=True)
class Clock:
    """A time that stands still."""

    time: dt.datetime

    @classmethod
    def parse(cls, text: str) -> Clock:
        """Read seconds since 1970, or a time in ISO 8601. Raises ValueError."""
        try:
            return cls(_EPOCH + dt.timedelta(seconds=float(text)))
        except (ValueError, OverflowError):
            # Python 3.9 reads neither Z nor fractions of other than 3 or 6 digits.
            exact = re.sub(r"\.(\d{1,6})\d*", lambda match: f".{match[1]:<06}", text)
            time = dt.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", exact))
            return cls(time if time.tzinfo else time.replace(tzinfo=dt.timezone.utc))

    def fixed(self, sql: str, columns: Collection[str] = ()) -> str:
        """Replace the calls of the current time in an expression or a query.

        A column with the name of a call has precedence over a call without parentheses.
        """
        taken = {name.casefold() for name in columns}

        def replaced(match: re.Match[str]) -> str:
            name = (match["name"] or "").casefold()
            bare = match["call"] is None
            if name not in (_BARE - taken if bare else _CALLS) or _is_a_name(sql, match):
                return match[0]
            return self._constant(name)

        return _TOKEN.sub(replaced, sql)

    def _constant(self, name: str) -> str:
        time = self.time.astimezone(dt.timezone.utc)
        micros = (time - _EPOCH) // dt.timedelta(microseconds=1)
        if name == "unix_timestamp":
            return f"{micros // 1_000_000}L"
        if name in ("current_date", "curdate"):
            return f"DATE'{time:%Y-%m-%d}'"
        if name == "localtimestamp":
            return f"TIMESTAMP_NTZ'{time:%Y-%m-%d %H:%M:%S.%f}'"
        return f"timestamp_micros({micros}L)"


def _is_a_name(sql: str, match: re.Match[str]) -> bool:
    """Return whether a word is a part of a qualified name, an alias or another call."""
    before, after = sql[: match.start()].rstrip(), sql[match.end() :].lstrip()
    alias = re.search(r"\bas$", before, re.IGNORECASE) is not None
    return before.endswith(".") or alias or after.startswith((".", "("))
