"""Matches events against event patterns with TestEventPattern of local-aws's ministack."""

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import eventbridge


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Return whether the event matches. An invalid pattern raises :class:`ValueError`."""
    request = {"Event": json.dumps(event), "EventPattern": json.dumps(pattern)}
    status, _, body = eventbridge._test_event_pattern(request)
    answer: dict[str, Any] = json.loads(body)
    if status != 200:
        raise ValueError(answer.get("message", answer))
    return bool(answer["Result"])
