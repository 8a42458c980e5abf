"""Fixes to the resource ARNs on which ministack authorizes requests. UPSTREAM.md has a section for each."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Final

from local_aws.ministack.settings import ministack

_ON_LOG_STREAMS: Final = frozenset({"CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"})
# The operations on a rule, with the member that names it.
_RULE_MEMBERS: Final = {
    **dict.fromkeys(("DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "PutRule"), "Name"),
    **dict.fromkeys(("ListTargetsByRule", "PutTargets", "RemoveTargets"), "Rule"),
}


def _authorize_on(service: str, resource: Callable[[str, bytes, str, str], str | None]) -> None:
    """Authorize requests to a service on a resource, by operation, body, region and account.

    None means the resource that ministack finds.
    """
    actions = ministack("core.iam_actions")
    extract = actions.extract_resource_arn

    @functools.wraps(extract)
    def extract_named(
        requested: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
    ) -> Any:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        found = resource(operation, body, *rest[-2:]) if requested == service else None
        return found or extract(requested, method, path, headers, body, *rest)

    actions.extract_resource_arn = extract_named


def _alarm(_operation: str, body: bytes, region: str, account: str) -> str | None:
    """Returns the ARN if DeleteAlarms names one alarm. ministack can use one ARN only."""
    try:
        names = json.loads(body)["AlarmNames"]
        [name] = names
    except (ValueError, KeyError, TypeError):
        return None
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"


def _log_stream(operation: str, body: bytes, region: str, account: str) -> str | None:
    """Returns the ARN of a log stream."""
    if operation not in _ON_LOG_STREAMS:
        return None
    field = ministack("core.iam_actions")._safe_json_field
    group, stream = field(body, "logGroupName"), field(body, "logStreamName")
    return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"


def _rule(operation: str, body: bytes, region: str, account: str) -> str | None:
    """Returns the ARN of a rule. That of the default bus does not name the bus."""
    if operation not in _RULE_MEMBERS:
        return None
    field = ministack("core.iam_actions")._safe_json_field
    bus = field(body, "EventBusName") or "default"
    on_bus = "" if bus == "default" else f"{bus.rpartition('/')[2]}/"
    return f"arn:aws:events:{region}:{account}:rule/{on_bus}{field(body, _RULE_MEMBERS[operation])}"


IAM_FIXES: Final[dict[str, Callable[[], None]]] = {
    "alarm-arns": lambda: _authorize_on("monitoring", _alarm),
    "log-stream-arns": lambda: _authorize_on("logs", _log_stream),
    "rule-arns": lambda: _authorize_on("events", _rule),
}
