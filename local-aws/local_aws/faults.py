"""Faults that tests switch on: the next N calls of an operation go wrong in a chosen way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from local_aws.errors import COMMON_ERRORS, AwsError

Kind = Literal[
    "throttle", "server-error", "unavailable", "slow", "cut-before", "cut-after", "error", "partial"
]
"""What goes wrong:

- ``throttle``: ThrottlingException, 400. ``server-error``: InternalFailure, 500. ``unavailable``:
  ServiceUnavailable, 503. ``error``: the error named by ``code``. Nothing is carried out.
- ``slow``: the request is carried out, its answer comes after ``delay_seconds``.
- ``cut-before``: the TCP connection is closed, nothing is carried out. ``cut-after``: the request is carried
  out, then the connection is closed without an answer.
- ``partial``: of a batch the first ``entries`` are not carried out. Without a ``code`` they are answered as
  unprocessed, with one as errors of that code.
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
    """A fault that cannot be switched on, and why."""


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
        """The text of the error that an entry of a batch gets."""
        return self.message or f"{self.code}, switched on by a fault of local-aws."

    def error(self) -> AwsError | None:
        """The AWS error that this fault answers, if it is one that answers an error."""
        if self.kind == "error" and self.code is not None:
            return AwsError(self.code, self.entry_message())
        if self.kind in _MESSAGES:
            code, message = _MESSAGES[self.kind]
            return AwsError(code, self.message or message)
        return None


class Faults:
    """Faults in the order they were switched on: for each call, the first that fits is used up by one."""

    def __init__(
        self, operations: Iterable[str], batches: Iterable[str], modelled_codes: Iterable[str]
    ) -> None:
        self._operations = frozenset(operations)
        self._batches = frozenset(batches)
        self._codes = frozenset(modelled_codes) | COMMON_ERRORS.keys()
        self._pending: list[FaultSpec] = []

    def extend(self, operations: Iterable[str], modelled_codes: Iterable[str]) -> None:
        """Know the operations and errors of another service, too."""
        self._operations |= frozenset(operations)
        self._codes |= frozenset(modelled_codes)

    def add(self, fields: dict[str, Any]) -> FaultSpec:
        """Switch a fault on, from the fields of a FaultSpec. Raises BadFaultError."""
        fault = self._checked(fields)
        self._pending.append(fault)
        return fault

    def take(self, operation: str) -> FaultSpec | None:
        """The fault that hits this call, or None."""
        for fault in self._pending:
            if fault.operation in (operation, ANY_OPERATION):
                fault.times -= 1
                if fault.times == 0:
                    self._pending.remove(fault)
                return fault
        return None

    def pending(self) -> list[dict[str, Any]]:
        """The faults still to come, with the calls they are left for."""
        return [asdict(fault) for fault in self._pending]

    def clear(self) -> None:
        """Switch all faults off."""
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
        _require((delay > 0) == (kind == "slow"), "delay_seconds is for slow faults, which need it")
        code, message = fields.get("code"), fields.get("message")
        _require(code is not None or kind != "error", "code is for faults of kind error, which need it")
        _require(code is None or kind in ("error", "partial"), "code is for faults of kind error and partial")
        _require(code is None or code in self._codes, f"code must be one of {', '.join(sorted(self._codes))}")
        _require(message is None or isinstance(message, str), "message must be text")
        entries = fields.get("entries", 1)
        _require(
            isinstance(entries, int) and not isinstance(entries, bool) and 1 <= entries <= MAX_ENTRIES,
            f"entries must be a whole number from 1 to {MAX_ENTRIES}",
        )
        _require(
            kind != "partial" or operation in self._batches,
            f"faults of kind partial are for {', '.join(sorted(self._batches))}",
        )
        _require(kind == "partial" or entries == 1, "entries is for faults of kind partial")
        return FaultSpec(**fields)


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise BadFaultError(otherwise)
