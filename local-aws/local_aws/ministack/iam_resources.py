"""Fixes the resource ARNs that ministack's IAM uses for some requests."""

from __future__ import annotations

import functools
import json
from typing import Any, Final

from local_aws.ministack.settings import ministack
from local_aws.services.sqs.message_moves import source_of_handle

_ON_LOG_STREAMS: Final = frozenset({"CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"})


# The operations on a rule, with the member that names it.
_RULE_MEMBERS: Final = {
    **dict.fromkeys(("DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "PutRule"), "Name"),
    **dict.fromkeys(("ListTargetsByRule", "PutTargets", "RemoveTargets"), "Rule"),
}


def name_the_resources() -> None:
    """Authorize message moves, DeleteAlarms, log writes and changes of rules on the resource they name."""
    # ministack authorizes them on `*`, on the log group or on `rule/default/<rule>`, so a policy that names
    # the resource denies them.
    actions = ministack("core.iam_actions")
    extract = actions.extract_resource_arn

    @functools.wraps(extract)
    def extract_named(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
    ) -> Any:
        found = extract(service, method, path, headers, body, *rest)
        if service == "logs" and headers.get("x-amz-target", "").rpartition(".")[2] in _ON_LOG_STREAMS:
            # Policies name `...:log-group:<group>:log-stream:<stream>`; ministack uses the group.
            return f"{found}:log-stream:{actions._safe_json_field(body, 'logStreamName')}"
        member = _RULE_MEMBERS.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if service == "events" and member:
            return _rule(actions, body, member, *rest[-2:])
        if found != "*" or service not in {"sqs", "monitoring"}:
            return found
        try:
            request = json.loads(body)
        except ValueError:
            return found
        if not isinstance(request, dict):
            return found
        _, region, account = rest
        return (_queue_of_task(request) if service == "sqs" else _alarm(request, region, account)) or found

    actions.extract_resource_arn = extract_named


def _rule(actions: Any, body: bytes, member: str, region: str, account: str) -> str:
    """Returns the ARN of a rule. That of the default bus does not name the bus."""
    bus = actions._safe_json_field(body, "EventBusName") or "default"
    on_bus = "" if bus == "default" else f"{bus.rpartition('/')[2]}/"
    return f"arn:aws:events:{region}:{account}:rule/{on_bus}{actions._safe_json_field(body, member)}"


def _queue_of_task(request: dict[str, Any]) -> str | None:
    source = request.get("SourceArn") or source_of_handle(str(request.get("TaskHandle", "")))
    return source if isinstance(source, str) else None


def _alarm(request: dict[str, Any], region: str, account: str) -> str | None:
    """Returns the ARN if DeleteAlarms names one alarm. ministack can use one ARN only."""
    names = request.get("AlarmNames")
    if not isinstance(names, list) or len(names) != 1:
        return None
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{names[0]}"
