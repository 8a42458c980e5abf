"""Faults that tests add: the next N calls of an operation fail in a chosen way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from local_aws.protocol.errors import COMMON_ERRORS, AwsError

Kind = Literal[
    "throttle", "server-error", "unavailable", "slow", "cut-before", "cut-after", "error", "partial"
]
"""How a call fails:

- ``throttle``: ThrottlingException, 400. ``server-error``: InternalFailure, 500. ``unavailable``:
  ServiceUnavailable, 503. ``error``: the error named by ``code``. Nothing is carried out.
- ``slow``: the request is carried out; the answer is sent after ``delay_seconds``.
- ``cut-before``: the TCP connection is closed; nothing is carried out. ``cut-after``: the request is carried
  out, then the connection is closed without an answer.
- ``partial``: the first ``entries`` of a batch are not carried out. Without a ``code`` they are returned as
  unprocessed, otherwise as errors with that code.
"""

ANY_OPERATION: Final = "*"
MAX_TIMES: Final = 1_000_000
MAX_ENTRIES: Final = 100
MAX_DELAY_SECONDS: Final = 900.0
_MESSAGES: Final = {
    "throttle": ("ThrottlingException", "Rate exceeded"),
    "server-error": ("InternalFailure", "The request processing has failed because of an unknown error."),
    "unavailable": ("ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
}


class BadFaultError(ValueError):
    """A fault is invalid. The text is the reason."""


@dataclass
class FaultSpec:
    """A fault for the next ``times`` calls of ``operation`` (``*``: of any operation)."""

    operation: str
    kind: Kind
    times: int = 1
    delay_seconds: float = 0.0
    code: str | None = None
    message: str | None = None
    entries: int = 1

    def entry_message(self) -> str:
        """The error text of an entry of a batch."""
        return self.message or f"{self.code}, injected by a fault of local-aws."

    def error(self) -> AwsError | None:
        """The AWS error that this fault returns, if any."""
        if self.kind == "error" and self.code is not None:
            return AwsError(self.code, self.entry_message())
        if self.kind in _MESSAGES:
            code, message = _MESSAGES[self.kind]
            return AwsError(code, self.message or message)
        return None


class Faults:
    """Faults in the order they were added. A call uses up one count of the first fault that matches it."""

    def __init__(
        self, operations: Iterable[str], batches: Iterable[str], modelled_codes: Iterable[str]
    ) -> None:
        self._operations = frozenset(operations)
        self._batches = frozenset(batches)
        self._codes = frozenset(modelled_codes) | COMMON_ERRORS.keys()
        self._pending: list[FaultSpec] = []

    def extend(self, operations: Iterable[str], modelled_codes: Iterable[str]) -> None:
        """Add the operations and errors of another service."""
        self._operations |= frozenset(operations)
        self._codes |= frozenset(modelled_codes)

    def add(self, fields: dict[str, Any]) -> FaultSpec:
        """Add a fault, given the fields of a FaultSpec. Raises BadFaultError."""
        fault = self._checked(fields)
        self._pending.append(fault)
        return fault

    def take(self, operation: str) -> FaultSpec | None:
        """Returns the fault that hits this call, or None."""
        for fault in self._pending:
            if fault.operation in (operation, ANY_OPERATION):
                fault.times -= 1
                if fault.times == 0:
                    self._pending.remove(fault)
                return fault
        return None

    def pending(self) -> list[dict[str, Any]]:
        """The remaining faults, with their remaining counts."""
        return [asdict(fault) for fault in self._pending]

    def clear(self) -> None:
        """Remove all faults."""
        self._pending.clear()

    def _checked(self, fields: dict[str, Any]) -> FaultSpec:
        unknown = fields.keys() - FaultSpec.__dataclass_fields__.keys()
        _require(not unknown, f"unknown fields: {', '.join(sorted(unknown))}")
        operation, kind = fields.get("operation"), fields.get("kind")
        known = ", ".join(sorted(self._operations))
        _require(
            operation == ANY_OPERATION or operation in self._operations,
            f"operation must be {ANY_OPERATION} or one of {known}",
        )
        _require(kind in get_args(Kind), f"kind must be one of {', '.join(get_args(Kind))}")
        times = fields.get("times", 1)
        _require(
            isinstance(times, int) and not isinstance(times, bool) and 1 <= times <= MAX_TIMES,
            f"times must be a whole number from 1 to {MAX_TIMES}",
        )
        delay = fields.get("delay_seconds", 0.0)
        _require(
            isinstance(delay, int | float)
            and not isinstance(delay, bool)
            and 0 <= delay <= MAX_DELAY_SECONDS,
            f"delay_seconds must be a number from 0 to {MAX_DELAY_SECONDS:g}",
        )
        _require(
            (delay > 0) == (kind == "slow"),
            "delay_seconds is required for faults of kind slow, and not allowed for others",
        )
        code, message = fields.get("code"), fields.get("message")
        _require(code is not None or kind != "error", "code is required for faults of kind error")
        _require(
            code is None or kind in ("error", "partial"),
            "code is allowed for faults of kind error and partial only",
        )
        _require(code is None or code in self._codes, f"code must be one of {', '.join(sorted(self._codes))}")
        _require(message is None or isinstance(message, str), "message must be a string")
        entries = fields.get("entries", 1)
        _require(
            isinstance(entries, int) and not isinstance(entries, bool) and 1 <= entries <= MAX_ENTRIES,
            f"entries must be a whole number from 1 to {MAX_ENTRIES}",
        )
        _require(
            kind != "partial" or operation in self._batches,
            f"faults of kind partial are allowed for {', '.join(sorted(self._batches))} only",
        )
        _require(kind == "partial" or entries == 1, "entries is allowed for faults of kind partial only")
        return FaultSpec(**fields)


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise BadFaultError(otherwise)
