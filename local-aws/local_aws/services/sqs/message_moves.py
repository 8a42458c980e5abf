"""The redrive of dead-letter queues, which ministack's SQS lacks: tasks that move messages back.

Implements StartMessageMoveTask, ListMessageMoveTasks and CancelMessageMoveTask, in the JSON protocol only.
All current SDKs use it. Sources: the Amazon SQS API Reference; "Configuring a dead-letter queue redrive" and
"Troubleshooting dead-letter queue and redrive issues" in the developer guide.
"""

from __future__ import annotations

import asyncio
import base64
import contextvars
import functools
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from local_aws.ministack.settings import ministack

MAX_RATE: Final = 500
_KEPT: Final = 10
"""The number of tasks of a source queue that can be listed."""
_ACTIVE: Final = ("RUNNING", "CANCELLING")
_UNKNOWN_SOURCE: Final = "CouldNotDetermineMessageSource"
_GONE: Final = "AWS.SimpleQueueService.NonExistentQueue"
_OF_SOURCE: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")

_key: contextvars.ContextVar[str] = contextvars.ContextVar("access_key", default="")
"""The access key of the SQS request being handled."""


@dataclass
class _Task:
    source: str
    destination: str | None
    rate: int | None
    to_move: int
    status: str = "RUNNING"
    moved: int = 0
    failure: str | None = None
    started: int = field(default_factory=lambda: int(time.time() * 1000))
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def handle(self) -> str:
        return base64.b64encode(json.dumps({"taskId": self.id, "sourceArn": self.source}).encode()).decode()

    def described(self) -> dict[str, Any]:
        found = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "Status": self.status,
            "SourceArn": self.source,
            "DestinationArn": self.destination,
            "MaxNumberOfMessagesPerSecond": self.rate,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "FailureReason": self.failure,
            "StartedTimestamp": self.started,
        }
        return {name: value for name, value in found.items() if value is not None}


class MessageMoves:
    """The message move tasks of all accounts, latest first."""

    def __init__(self) -> None:
        self._sqs = ministack("services.sqs")
        self._tasks: list[_Task] = []
        self._running: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()

    def start_task(self, request: dict[str, Any], _url: str) -> dict[str, Any]:
        """StartMessageMoveTask."""
        source_arn, destination = _text(self._sqs, request, "SourceArn"), request.get("DestinationArn")
        source = self._queue(source_arn, "SourceArn")
        rate = request.get("MaxNumberOfMessagesPerSecond")
        if not any(_dead_letter_target(queue) == source_arn for queue in self._sqs._queues.values()):
            raise self._refusal("Source queue must be configured as a Dead Letter Queue.")
        if destination == source_arn:
            raise self._refusal("Source queue arn and destination queue arn cannot be the same.")
        if destination is not None:
            target = self._queue(str(destination), "DestinationArn")
            if target["is_fifo"] != source["is_fifo"]:
                raise self._refusal("The source queue and destination queue must be of the same queue type.")
        if rate is not None and not 1 <= int(rate) <= MAX_RATE:
            raise self._refusal(
                f"Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid. "
                f"Reason: Must be between 1 and {MAX_RATE}, if provided."
            )
        self._may_move(source_arn, destination)
        now = time.time()
        # In the order of arrival. Messages in flight and delayed messages stay.
        waiting = [message["id"] for message in source["messages"] if message["visible_at"] <= now]
        task = _Task(source_arn, destination, rate, len(waiting))
        with self._lock:
            if any(each.source == source_arn and each.status in _ACTIVE for each in self._tasks):
                raise self._refusal(
                    "There is already a task running. Only one active task is allowed for a source queue arn "
                    "at a given time."
                )
            mine = [each for each in self._tasks if each.source == source_arn]
            for old in mine[_KEPT - 1 :]:
                self._tasks.remove(old)
            self._tasks.insert(0, task)
        # In the event loop, like all use of the queues except the poller of the mappings, which has a lock.
        running = asyncio.get_running_loop().create_task(self._run(task, waiting))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return {"TaskHandle": task.handle}

    def list_tasks(self, request: dict[str, Any], _url: str) -> dict[str, Any]:
        """ListMessageMoveTasks."""
        source_arn, most = _text(self._sqs, request, "SourceArn"), int(request.get("MaxResults") or 1)
        self._queue(source_arn, "SourceArn")
        if not 1 <= most <= _KEPT:
            raise self._refusal(
                f"Value {most} for parameter MaxResults is invalid. "
                f"Reason: Must be between 1 and {_KEPT}, if provided."
            )
        with self._lock:
            found = [task.described() for task in self._tasks if task.source == source_arn]
        return {"Results": found[:most]}

    def cancel_task(self, request: dict[str, Any], _url: str) -> dict[str, Any]:
        """CancelMessageMoveTask. Moved messages stay moved."""
        handle = _text(self._sqs, request, "TaskHandle")
        if source_of_handle(handle) is None:
            raise self._refusal("Value for parameter TaskHandle is invalid.")
        with self._lock:
            task = next((each for each in self._tasks if each.handle == handle), None)
            if task is None:
                raise self._sqs._Err("ResourceNotFoundException", "Task does not exist.", 404)
            if task.status != "RUNNING":
                raise self._sqs._Err("UnsupportedOperation", "Only active tasks can be cancelled.")
            task.status = "CANCELLING"
            return {"ApproximateNumberOfMessagesMoved": task.moved}

    def clear(self) -> None:
        """Remove all tasks, and cancel the running ones."""
        with self._lock:
            for task in self._tasks:
                task.status = "CANCELLED"
            self._tasks.clear()

    async def _run(self, task: _Task, waiting: list[str]) -> None:
        for message_id in waiting:
            await asyncio.sleep(1 / task.rate if task.rate else 0)
            with self._lock:
                if task.status != "RUNNING":
                    break
                task.failure = self._move(task, message_id)
                if task.failure:
                    task.status = "FAILED"
                    return
        with self._lock:
            if task.status in _ACTIVE:
                task.status = "CANCELLED" if task.status == "CANCELLING" else "COMPLETED"

    def _move(self, task: _Task, message_id: str) -> str | None:
        """Move a message, unless it was received meanwhile. Returns the reason of a failure."""
        sqs = self._sqs
        with sqs._queues_lock:
            source, now = sqs._queue_by_arn(task.source), time.time()
            if source is None:
                return _GONE
            message = next((each for each in source["messages"] if each["id"] == message_id), None)
            if message is None or message["visible_at"] > now:
                return None
            origin = task.destination or message.get("sys", {}).get("DeadLetterQueueSourceArn")
            if origin is None:
                return _UNKNOWN_SOURCE
            target = sqs._queue_by_arn(origin)
            if target is None:
                return _GONE
            source["messages"] = [each for each in source["messages"] if each is not message]
            # SQS treats it as a new message: new id, times and receive count, same body and attributes.
            system = {**message.get("sys", {}), "SentTimestamp": str(int(now * 1000))}
            system.pop("DeadLetterQueueSourceArn", None)
            target["messages"].append(
                {
                    **message,
                    "id": str(uuid.uuid4()),
                    "sys": system,
                    "sent_at": now,
                    "enqueued_at": now,
                    "visible_at": now + sqs.queue_delay(target),
                    "receive_count": 0,
                    "first_receive_at": None,
                    "receipt_handle": None,
                }
            )
            task.moved += 1
        sqs.esm_wake.set()
        return None

    def _queue(self, arn: str, parameter: str) -> dict[str, Any]:
        if arn.count(":") != 5 or not arn.startswith("arn:"):
            raise self._refusal(
                f"You must use this format to specify the {parameter}: "
                "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
            )
        queue: dict[str, Any] | None = self._sqs._queue_by_arn(arn)
        if queue is None:
            message = f"The resource that you specified for the {parameter} parameter doesn't exist."
            raise self._sqs._Err("ResourceNotFoundException", message, 404)
        return queue

    def _may_move(self, source: str, destination: str | None) -> None:
        """Check that the caller has the permissions that the task needs."""
        checks = [(action, source) for action in _OF_SOURCE]
        checks += [("sqs:SendMessage", destination)] if destination else []
        if not ministack("app").AUTH:
            return
        evaluator = ministack("core.iam_evaluator")
        actions = ministack("core.iam_actions")
        region = source.split(":")[3]
        for action, arn in checks:
            denied = evaluator.enforce(_key.get(), action, "sqs", region, resource_arn=arn)
            if denied is not None:
                explicit = getattr(denied, "decision", "") == "Deny"
                principal = getattr(denied, "principal_arn", "")
                message = actions.identity_denial_message(action, principal, arn, explicit)
                raise self._sqs._Err("AccessDenied", message, 403)

    def _refusal(self, message: str) -> Exception:
        error: Exception = self._sqs._Err("InvalidParameterValue", message)
        return error


def source_of_handle(handle: str) -> str | None:
    """Returns the source queue of a task's handle."""
    try:
        return str(json.loads(base64.b64decode(handle, validate=True))["sourceArn"])
    except (ValueError, KeyError, TypeError):
        return None


def install_message_moves() -> None:
    """Add the operations to ministack's SQS."""
    sqs = ministack("services.sqs")
    moves = MessageMoves()
    handle_request, reset = sqs.handle_request, sqs.reset
    router = ministack("core.router")

    @functools.wraps(handle_request)
    async def handle_knowing_the_caller(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Any:
        _key.set(str(router.extract_access_key_id(headers, query)))
        return await handle_request(method, path, headers, body, query)

    @functools.wraps(reset)
    def reset_moves_too() -> None:
        moves.clear()
        reset()

    sqs.handle_request, sqs.reset = handle_knowing_the_caller, reset_moves_too
    sqs._HANDLERS.update(
        StartMessageMoveTask=moves.start_task,
        ListMessageMoveTasks=moves.list_tasks,
        CancelMessageMoveTask=moves.cancel_task,
    )
    _authorize_on_source()


def _authorize_on_source() -> None:
    """Authorize the operations on the source queue. They have no QueueUrl, which ministack looks for."""
    actions = ministack("core.iam_actions")
    extract = actions.extract_resource_arn

    @functools.wraps(extract)
    def extract_source(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
    ) -> Any:
        found = extract(service, method, path, headers, body, *rest)
        if service != "sqs" or found != "*":
            return found
        field = actions._safe_json_field
        return str(field(body, "SourceArn") or source_of_handle(field(body, "TaskHandle")) or found)

    actions.extract_resource_arn = extract_source


def _text(sqs: Any, request: dict[str, Any], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise sqs._Err("MissingParameter", f"The request must contain the parameter {name}.")
    return value


def _dead_letter_target(queue: dict[str, Any]) -> str | None:
    policy = queue["attributes"].get("RedrivePolicy")
    return str(json.loads(policy).get("deadLetterTargetArn")) if policy else None
