"""The call log: calls, callers and answers, for tests and demos."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Final

MAX_CALLS: Final = 2000
"""The log keeps the latest calls only."""


@dataclass(frozen=True)
class CallRecord:
    """A SageMaker call as it arrived and as it was answered."""

    id: int
    """Counts up from 1."""
    time: float
    """Seconds since 1970, when the call arrived."""
    operation: str
    request: Any
    """The JSON body, or its text if it was not a JSON object."""
    request_id: str
    principal: str
    """The ARN of the caller."""
    status: int | None
    """The HTTP status of the answer, or None if the connection was cut."""
    error: str | None
    """The code of the error that was answered."""
    response: Any
    """The JSON body of the answer. With the fault ``cut-after``, the answer that was not sent."""
    fault: str | None
    """The kind of the fault that hit this call."""
    started_execution: str | None
    """The ARN of the execution that this call started. None for a repeated token, which starts nothing."""
    notes: list[str]


class CallLog:
    """The latest calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[CallRecord] = deque(maxlen=MAX_CALLS)
        self._last_id = 0

    def add(self, **fields: Any) -> None:
        """Append a call and assign its id."""
        self._last_id += 1
        self._calls.append(CallRecord(id=self._last_id, **fields))

    def listed(self, operation: str | None = None, after: int = 0) -> list[dict[str, Any]]:
        """Returns the calls of an operation, or of all, with an id greater than ``after``."""
        return [
            asdict(call)
            for call in self._calls
            if call.id > after and (operation is None or call.operation == operation)
        ]

    def clear(self) -> None:
        """Remove all calls. Ids continue to count."""
        self._calls.clear()
