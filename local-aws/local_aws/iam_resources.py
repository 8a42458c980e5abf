"""What requests are about, where ministack's IAM would take them for a question about everything.

A policy that names the resource, as it should, would not allow them.
"""

from __future__ import annotations

import functools
import json
from typing import Any, Final

from local_aws.message_moves import source_of_handle
from local_aws.ministack_settings import ministack

_ON_LOG_STREAMS: Final = frozenset({"CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"})


def name_the_resources() -> None:
    """Tell ministack's IAM which queue is moved, which alarm deleted, which log stream written to."""
    actions = ministack("core.iam_actions")
    extract = actions.extract_resource_arn

    @functools.wraps(extract)
    def extract_named(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
    ) -> Any:
        found = extract(service, method, path, headers, body, *rest)
        if service == "logs" and headers.get("x-amz-target", "").rpartition(".")[2] in _ON_LOG_STREAMS:
            # Policies allow to write to `...:log-group:<group>:log-stream:<stream>`, ministack has the group.
            return f"{found}:log-stream:{actions._safe_json_field(body, 'logStreamName')}"
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


def _queue_of_task(request: dict[str, Any]) -> str | None:
    source = request.get("SourceArn") or source_of_handle(str(request.get("TaskHandle", "")))
    return source if isinstance(source, str) else None


def _alarm(request: dict[str, Any], region: str, account: str) -> str | None:
    """The one alarm of DeleteAlarms. Of several ministack decides as of all: it can take only one ARN."""
    names = request.get("AlarmNames")
    if not isinstance(names, list) or len(names) != 1:
        return None
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{names[0]}"
