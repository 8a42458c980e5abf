"""What waits in a project's dead-letter queue, and why it was given up, as far as that can be known.

A message holds an event that the function failed on, or one that EventBridge could not deliver, or whatever
else somebody sent. The first two tell of their first failure; the last one is in the retry function's log.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

# Messages that are shown; each costs a search of the log.
SHOWN: Final = 10
# Pages of the log that are searched for one message.
PAGES: Final = 20
# While they are read nobody else receives them; they are given back at the end.
HIDDEN_SECONDS: Final = 60
_LINE: Final = 300


@dataclasses.dataclass(frozen=True)
class DeadLetter:
    """A message that was given up."""

    id: str
    upload: str
    """The object's URL, or what the message holds instead."""
    time: str
    """The event's, or nothing."""
    first_failure: str
    """Nothing where the message does not tell."""
    sent: int
    """When it was first kept, in milliseconds since 1970."""


def peek(sqs: Any, url: str) -> list[DeadLetter]:
    """The first messages of the queue, which are left as they are. More than are shown are not read."""
    found: dict[str, dict[str, Any]] = {}
    try:
        while len(found) < SHOWN:
            got = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(10, SHOWN - len(found)),
                VisibilityTimeout=HIDDEN_SECONDS,
                # A short wait asks all of SQS's servers; none would ask a few of them.
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
        # Those that it fails for come back by themselves after a minute.
        sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def read(message: dict[str, Any]) -> DeadLetter:
    """What a message of SQS tells. Any body is read."""
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
    """Lambda tells it in the envelope, EventBridge in the message's attributes."""
    told = [_get(payload, "responsePayload", name) for name in ("errorType", "errorMessage")]
    if not any(told):
        told = [_get(attributes, name, "StringValue") for name in ("ERROR_CODE", "ERROR_MESSAGE")]
    return ": ".join(part for part in told if isinstance(part, str) and part)


def _get(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def one_line(text: str) -> str:
    """The text in one line of a terminal: control characters escaped, the end cut off."""
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return shown if len(shown) <= _LINE else f"{shown[:_LINE]}…"


def last_failure(logs: Any, group: str, letter: DeadLetter) -> str:
    """Why the retry function failed for it the last time, by its log; nothing if the log does not have it."""
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
            return f"not known: {error}"
        for event in page["events"]:
            latest = _failure_in(event, letter.id) or latest
        if "nextToken" not in page:
            return latest
        request["nextToken"] = page["nextToken"]
    return f"{latest or 'not known'} (there is more of the log than was searched)"


def _failure_in(event: dict[str, Any], message_id: str) -> str:
    try:
        line = json.loads(event["message"])
    except ValueError:
        return ""
    if _get(line, "message_id") != message_id or _get(line, "message") != "event failed":
        return ""
    when = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return one_line(f"{_get(line, 'reason')}: {_get(line, 'error')} ({when})")
