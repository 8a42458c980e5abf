"""What requests are about, where ministack's IAM would take them for a question about everything.

A policy that names the resource, as it should, would not allow them.
"""

from __future__ import annotations

import functools
import importlib
import json
from typing import Any

from local_aws.message_moves import source_of_handle


def name_the_resources() -> None:
    """Tell ministack's IAM of the queue that a move task is about, and of the alarm that is deleted."""
    actions: Any = importlib.import_module("ministack.core.iam_actions")
    extract = actions.extract_resource_arn

    @functools.wraps(extract)
    def extract_named(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
    ) -> Any:
        found = extract(service, method, path, headers, body, *rest)
        if found != "*" or service not in {"sqs", "monitoring"}:
            return found
        try:
            request = json.loads(body)
        except ValueError:
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
