"""Reads the messages in a project's dead-letter queue, and finds out why they failed.

A message contains an event that the function failed on, an event that EventBridge could not deliver, or
anything else that someone sent. The first two contain their first failure. The last failure is in the retry
function's log.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

# Number of messages to show. Each needs a search of the log.
SHOWN: Final = 10
# Pages of the log to search for one message.
PAGES: Final = 20
# The messages are invisible to other receivers while they are read, and visible again at the end.
HIDDEN_SECONDS: Final = 60
_LINE: Final = 300


@dataclasses.dataclass(frozen=True)
class DeadLetter:
    """A message in the dead-letter queue."""

    id: str
    upload: str
    """The object's URL, or the message's body."""
    time: str
    """The event's time. Empty if there is none."""
    first_failure: str
    """Empty if the message does not contain it."""
    sent: int
    """When it was first sent, in milliseconds since 1970."""


def peek(sqs: Any, url: str) -> list[DeadLetter]:
    """Reads the first `SHOWN` messages of the queue, and leaves them in it."""
    found: dict[str, dict[str, Any]] = {}
    try:
        while len(found) < SHOWN:
            got = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(10, SHOWN - len(found)),
                VisibilityTimeout=HIDDEN_SECONDS,
                # Long polling queries all of SQS's servers. Short polling queries a subset.
                WaitTimeSeconds=1,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp"],
            ).get("Messages", [])
            if not got:
                break
            found |= {message["MessageId"]: message for message in got}
    finally:
        _give_back(sqs, url, list(found.values()))
    return [read(message) for message in found.values()]


def _give_back(sqs: Any, url: str, messages: list[dict[str, Any]]) -> None:
    for start in range(0, len(messages), 10):
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
            for number, message in enumerate(messages[start : start + 10])
        ]
        # If this fails, the messages become visible after a minute.
        sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def read(message: dict[str, Any]) -> DeadLetter:
    """Reads an SQS message with any body."""
    body = message.get("Body", "")
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        payload = None
    attributes = message.get("MessageAttributes", {})
    event = _get(payload, "requestPayload") or payload
    bucket, key = _get(event, "detail", "bucket", "name"), _get(event, "detail", "object", "key")
    is_upload = isinstance(bucket, str) and isinstance(key, str)
    time = _get(event, "time") if is_upload else None
    return DeadLetter(
        id=message["MessageId"],
        upload=one_line(f"s3://{bucket}/{key}" if is_upload else f"no upload: {body}"),
        time=one_line(time) if isinstance(time, str) else "",
        first_failure=one_line(_first_failure(payload, attributes)),
        sent=int(message.get("Attributes", {}).get("SentTimestamp", 0)),
    )


def _first_failure(payload: Any, attributes: dict[str, Any]) -> str:
    """The first failure: from Lambda's envelope, or from EventBridge's message attributes."""
    parts = [_get(payload, "responsePayload", name) for name in ("errorType", "errorMessage")]
    if not any(parts):
        parts = [_get(attributes, name, "StringValue") for name in ("ERROR_CODE", "ERROR_MESSAGE")]
    return ": ".join(part for part in parts if isinstance(part, str) and part)


def _get(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def one_line(text: str) -> str:
    """The text on one line: control characters escaped, long text truncated."""
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return shown if len(shown) <= _LINE else f"{shown[:_LINE]}…"


def last_failure(logs: Any, group: str, letter: DeadLetter) -> str:
    """The retry function's last failure for this message, from its log. Empty if the log does not have it."""
    request: dict[str, Any] = {
        "logGroupName": group,
        "filterPattern": f'"{letter.id}"',
        "startTime": letter.sent,
    }
    latest = ""
    for _ in range(PAGES):
        try:
            page = logs.filter_log_events(**request)
        except ClientError as error:
            return f"unknown: {error}"
        for event in page["events"]:
            latest = _failure_in(event, letter.id) or latest
        if "nextToken" not in page:
            return latest
        request["nextToken"] = page["nextToken"]
    return f"{latest or 'unknown'} (not all of the log was searched)"


def _failure_in(event: dict[str, Any], message_id: str) -> str:
    try:
        line = json.loads(event["message"])
    except ValueError:
        return ""
    if _get(line, "message_id") != message_id or _get(line, "message") != "event failed":
        return ""
    when = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return one_line(f"{_get(line, 'reason')}: {_get(line, 'error')} ({when})")
