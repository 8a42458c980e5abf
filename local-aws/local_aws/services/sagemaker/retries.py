"""A step's retry policies: the number and the delays of the retries for each kind of failure."""

from __future__ import annotations

from typing import Any, Final

TIME_SCALE: Final = 0.01
"""A policy's seconds are hundredths here, so that a demo does not wait minutes for capacity."""


class StepFailedError(Exception):
    """A failed attempt at a step: its reason, and the exception types that match it in policies."""

    def __init__(self, reason: str, kind: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


class Retries:
    """The remaining retries of a step. The first policy that matches a failure applies."""

    def __init__(self, policies: Any) -> None:
        self._policies = [policy for policy in policies if isinstance(policy, dict)] if policies else []
        self._made = [0] * len(self._policies)

    def wait_after(self, failure: StepFailedError) -> float | None:
        """Returns the seconds to wait before the next attempt, or None if there are no retries left."""
        for index, policy in enumerate(self._policies):
            if failure.kind not in policy.get("ExceptionType", []):
                continue
            made = self._made[index]
            if made >= int(policy.get("MaxAttempts", 5)):
                return None
            self._made[index] += 1
            backoff = float(policy.get("BackoffRate", 2.0)) ** made
            return float(policy.get("IntervalSeconds", 1)) * backoff * TIME_SCALE
        return None
