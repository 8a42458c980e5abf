"""Asynchronous invocation of Lambda functions: attempts, retries, destinations of failed events.

Source: "How Lambda handles errors and retries with asynchronous invocation" and "Adding a destination" in the
AWS Lambda Developer Guide; "Using dead-letter queues to process undelivered events" in that of EventBridge.
AWS waits one minute before the first retry and two before the second. Here it is seconds.
"""

from __future__ import annotations

import contextvars
import functools
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.clients import Clients, Credentials
from local_aws.delays import scaled

_log = logging.getLogger("local_aws")
RETRY_SECONDS: Final = 1.0
"""The delay of the first retry. The second is delayed twice as long."""
FIRST_THROTTLE_WAIT_SECONDS: Final = 0.1
MAX_THROTTLE_WAIT_SECONDS: Final = 5.0
Execute = Callable[[dict[str, Any], Any, str], dict[str, Any]]
"""Maps function, event and request id to the outcome: ``body``, and ``error`` or ``throttle`` on failure."""
RoleKey = Callable[[dict[str, Any]], dict[str, str]]
"""Maps a function's configuration to the variables that hold its role's key."""


class AsyncInvoker:
    """Invokes functions in the background. All attempts at an event have one request id, as on AWS."""

    def __init__(self, execute: Execute, credentials: RoleKey) -> None:
        self._execute = execute
        self._credentials = credentials
        self._forgotten = threading.Event()

    def invoke(self, function: dict[str, Any], event: Any) -> None:
        """Queue an event for a function, and return at once."""
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run,
            args=(self._run, function, event, self._forgotten),
            name="async-invocation",
            daemon=True,
        ).start()

    def forget(self) -> None:
        """Drop all events, because a reset has removed the functions and queues."""
        forgotten, self._forgotten = self._forgotten, threading.Event()
        forgotten.set()

    def _run(self, function: dict[str, Any], event: Any, forgotten: threading.Event) -> None:
        request_id = str(uuid.uuid4())
        settings = _event_invoke_settings(function)
        attempts = 1 + int(settings.get("MaximumRetryAttempts", 2))
        expires = time.monotonic() + int(settings.get("MaximumEventAgeInSeconds", 21600))
        result: dict[str, Any] = {}
        condition, made = "RetriesExhausted", 0
        while made < attempts:
            if made:
                forgotten.wait(scaled(RETRY_SECONDS * 2 ** (made - 1)))
            if forgotten.is_set():
                return
            result = self._until_not_throttled(function, event, request_id, expires, forgotten)
            made += 1
            if forgotten.is_set() or not (result.get("error") or result.get("throttle")):
                return
            if time.monotonic() >= expires:
                condition = "EventAgeExceeded"
                break
        self._report_failure(function, event, result, request_id, condition, made, settings)

    def _until_not_throttled(
        self,
        function: dict[str, Any],
        event: Any,
        request_id: str,
        expires: float,
        forgotten: threading.Event,
    ) -> dict[str, Any]:
        """Run one attempt. Throttling does not count: Lambda retries until the event is too old."""
        wait = FIRST_THROTTLE_WAIT_SECONDS
        while True:
            result = self._execute(function, event, request_id)
            if not result.get("throttle") or time.monotonic() >= expires or forgotten.wait(scaled(wait)):
                return result
            wait = min(2 * wait, MAX_THROTTLE_WAIT_SECONDS)

    def _report_failure(
        self,
        function: dict[str, Any],
        event: Any,
        result: dict[str, Any],
        request_id: str,
        condition: str,
        attempts: int,
        settings: dict[str, Any],
    ) -> None:
        config = function["config"]
        error = result.get("body")
        _log.warning("Lambda %s failed after %d attempts: %s", config["FunctionName"], attempts, error)
        destination = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if destination:
            envelope = {
                "version": "1.0",
                "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "requestContext": {
                    "requestId": request_id,
                    "functionArn": f"{config['FunctionArn']}:{config.get('Version', '$LATEST')}",
                    "condition": condition,
                    "approximateInvokeCount": attempts,
                },
                "requestPayload": event,
                "responseContext": {
                    "statusCode": 200,
                    "executedVersion": config.get("Version", "$LATEST"),
                    "functionError": "Unhandled",
                },
                "responsePayload": error,
            }
            self._send(config, destination, json.dumps(envelope), {})
        queue = (config.get("DeadLetterConfig") or {}).get("TargetArn")
        if queue:
            message = error.get("errorMessage", "") if isinstance(error, dict) else ""
            attributes = {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": message}
            self._send(config, queue, json.dumps(event), attributes)

    def _send(self, config: dict[str, Any], arn: str, body: str, attributes: dict[str, str]) -> None:
        """Send with the role of the function. Without its permission, the event is dropped, as on AWS."""
        key = self._credentials(config)
        try:
            _send_message(arn, body, attributes, key)
        except (BotoCoreError, ClientError, ValueError) as failure:
            _log.error(
                "Lambda %s: could not send the failed event to %s: %s", config["FunctionName"], arn, failure
            )


def send_to_dead_letter_queue(
    target: dict[str, Any], rule: dict[str, Any], payload: str, code: str, message: str
) -> None:
    """Send an undeliverable event to the target's dead-letter queue, if it has one."""
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    _log.warning("EventBridge: not delivered (%s): %s", code, message)
    if not queue:
        return
    attributes = {
        "RULE_ARN": str(rule.get("Arn", "")),
        "TARGET_ARN": str(target.get("Arn", "")),
        "ERROR_CODE": code,
        "ERROR_MESSAGE": message,
    }
    account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    def send() -> None:
        try:
            _send_message(queue, payload, attributes, account)
        except (BotoCoreError, ClientError, ValueError) as failure:
            _log.error(
                "EventBridge: could not send the event to the dead-letter queue %s: %s", queue, failure
            )

    # In the background, because this may be the thread that serves the queue.
    threading.Thread(target=send, daemon=True).start()


def _event_invoke_settings(function: dict[str, Any]) -> dict[str, Any]:
    by_qualifier = function.get("event_invoke_configs") or {}
    version = function["config"].get("Version", "$LATEST")
    settings: dict[str, Any] = (
        by_qualifier.get(version) or function.get("event_invoke_config") or by_qualifier.get("$LATEST") or {}
    )
    return {name: value for name, value in settings.items() if value is not None}


@functools.lru_cache(maxsize=64)
def _client(endpoint: str, region: str, credentials: Credentials) -> Any:
    """Returns an SQS client for a role. Cached, because creating one is slow."""
    return Clients(endpoint).client("sqs", region, credentials)


def _send_message(arn: str, body: str, attributes: dict[str, str], key: dict[str, str]) -> None:
    _, _, service, region, account, name = arn.split(":", 5)
    if service != "sqs":
        raise ValueError(f"local-aws can send failed events to SQS queues only, not to {service}")
    credentials = Credentials(
        key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"], key.get("AWS_SESSION_TOKEN") or None
    )
    client = _client(os.environ["AWS_ENDPOINT_URL"], region, credentials)
    client.send_message(
        QueueUrl=f"{os.environ['AWS_ENDPOINT_URL']}/{account}/{name}",
        MessageBody=body,
        MessageAttributes={
            attribute: {"DataType": "String", "StringValue": value}
            for attribute, value in attributes.items()
            if value
        },
    )
