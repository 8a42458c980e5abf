"""A step's retry policies: how often each kind of failure is tried again, and after how long."""

from __future__ import annotations

from typing import Any, Final

TIME_SCALE: Final = 0.01
"""A policy's seconds are hundredths here: a demo does not wait ten minutes for capacity."""


class StepFailedError(Exception):
    """A failed attempt at a step: the reason to show, and the kinds that policies know it by."""

    def __init__(self, reason: str, kind: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


class Retries:
    """What is left of a step's policies. The first that knows a failure decides."""

    def __init__(self, policies: Any) -> None:
        self._policies = [policy for policy in policies if isinstance(policy, dict)] if policies else []
        self._made = [0] * len(self._policies)

    def wait_after(self, failure: StepFailedError) -> float | None:
        """How many seconds to wait before the next attempt, or None if there is to be none."""
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
