"""Tests events that wait for a retry."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from local_aws.services.aws_lambda import async_invocation
from local_aws.services.aws_lambda.async_invocation import AsyncInvoker
from waiting import until

FUNCTION = {"config": {"FunctionName": "trigger", "FunctionArn": "arn"}}


@pytest.mark.parametrize("outcome", [{"error": True}, {"throttle": True}])
def test_reset_drops_pending_events(monkeypatch: pytest.MonkeyPatch, outcome: dict[str, bool]) -> None:
    monkeypatch.setattr(async_invocation, "RETRY_SECONDS", 3600)
    monkeypatch.setattr(async_invocation, "FIRST_THROTTLE_WAIT_SECONDS", 3600)
    attempts: list[Any] = []

    def attempt(_function: dict[str, Any], event: Any, _request_id: str) -> dict[str, Any]:
        attempts.append(event)
        return outcome

    invoker = AsyncInvoker(attempt, lambda _config: {})
    invoker.invoke(FUNCTION, "event")
    until(lambda: attempts)
    invoker.forget()
    until(lambda: "async-invocation" not in {thread.name for thread in threading.enumerate()})
    assert attempts == ["event"]
