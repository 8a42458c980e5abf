"""`make redrive`: moves the messages in a project's dead-letter queue back to its retry queue.

    python packaging/redrive.py --project my-project
    python packaging/redrive.py --project p-abcdefghijkl --dry-run

SQS itself moves the messages (StartMessageMoveTask). This program never holds a message, and Ctrl-C loses
none. To SQS they are new messages, with another 14 days and all their receives. The move takes all messages;
those that cannot succeed return to the dead-letter queue after the last receive.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from dead_letters import last_failure, peek
from staging.errors import PackagingError, error_code, run

PROJECT_ID: Final = re.compile(r"p-[a-z0-9]{1,18}")
PROJECT_NAME: Final = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")
QUEUE: Final = re.compile(r"(?:.*[:/])?sagemaker-(p-[a-z0-9]{1,18})-(dead-letters|retry)")
ENDED: Final = {"COMPLETED", "CANCELLED", "FAILED"}
POLL_SECONDS: Final = 2.0
_NEEDED: Final = (
    "required permissions: sqs:StartMessageMoveTask, ListMessageMoveTasks, ReceiveMessage, DeleteMessage, "
    "ChangeMessageVisibility, GetQueueUrl, GetQueueAttributes on the dead-letter queue; sqs:SendMessage, "
    "GetQueueUrl, GetQueueAttributes on the retry queue; sagemaker:DescribeProject for a project's name"
)


@dataclass(frozen=True)
class Queues:
    """A project's two queues, as SQS describes them."""

    project_id: str
    url: str
    arn: str
    waiting: int
    in_flight: int
    retry_arn: str
    retry_seconds: int
    tries: int

    @property
    def name(self) -> str:
        """The dead-letter queue's name."""
        return self.arn.rpartition(":")[2]

    @property
    def retry_name(self) -> str:
        """The retry queue's name."""
        return self.retry_arn.rpartition(":")[2]


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(
        description="Moves the messages in a project's dead-letter queue back to its retry queue."
    )
    parser.add_argument("--project", default="", help="the project's name or ID")
    parser.add_argument(
        "--queue", default="", help="instead of the project: name, URL or ARN of its dead-letter queue"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show the messages and why they failed, and move nothing"
    )
    options = parser.parse_args()
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    config = Config(retries={"mode": "standard", "max_attempts": 5})
    clients = {name: session.client(name, config=config) for name in ("sqs", "sagemaker", "logs")}
    sqs = clients["sqs"]
    try:
        queues = find(sqs, project_id(sqs, clients["sagemaker"], options.project, options.queue))
        if options.dry_run:
            look(sqs, clients["logs"], queues)
        else:
            redrive(sqs, queues)
    except ClientError as error:
        if error_code(error) in {"AccessDenied", "AccessDeniedException"}:
            raise PackagingError(str(error), _NEEDED) from error
        raise


def project_id(sqs: Any, sagemaker: Any, project: str, queue: str) -> str:
    """The project's ID, which is part of its queues' names."""
    if bool(project) == bool(queue):
        problem = "Both PROJECT and QUEUE are set." if project else "PROJECT is not set."
        raise PackagingError(
            problem, "PROJECT=<name or id>, or QUEUE=<name, URL or ARN of the dead-letter queue>"
        )
    if queue:
        return _id_in(sqs, queue)
    if PROJECT_ID.fullmatch(project) and _url(sqs, f"sagemaker-{project}-dead-letters") is not None:
        return project
    if not PROJECT_NAME.fullmatch(project):
        raise PackagingError(
            f"PROJECT=`{project[:80]}` is neither the name nor the id of a project.",
            "`aws sagemaker list-projects` lists the projects",
        )
    try:
        return str(sagemaker.describe_project(ProjectName=project)["ProjectId"])
    except ClientError as error:
        if error_code(error) in {"ResourceNotFound", "ValidationException"}:
            raise PackagingError(
                f"There is no project `{project}` in {sagemaker.meta.region_name}, by name or by id.",
                "`aws sagemaker list-projects` lists the projects; set AWS_REGION for another region",
            ) from error
        raise


def _id_in(sqs: Any, queue: str) -> str:
    named = QUEUE.fullmatch(queue)
    if named is None:
        raise PackagingError(
            f"QUEUE=`{queue[:200]}` is not the dead-letter queue of a project.",
            "use sagemaker-<project id>-dead-letters, or the project's output DeadLetterQueueUrl",
        )
    if named[2] == "retry":
        raise PackagingError(
            f"QUEUE=`{queue[:200]}` is the retry queue. Its messages are retried automatically.",
            f"QUEUE=sagemaker-{named[1]}-dead-letters",
        )
    here = sqs.meta.region_name
    region = re.search(r"(?:arn:[a-z-]+:sqs:|//sqs\.)([a-z0-9-]+)[.:]", queue)
    if region and region[1] != here:
        raise PackagingError(
            f"The queue is in {region[1]}, not in {here}.", f"AWS_REGION={region[1]} make redrive ..."
        )
    account = re.search(r"(?:^|[:/])([0-9]{12})[:/]sagemaker-", queue)
    found = _url(sqs, f"sagemaker-{named[1]}-{named[2]}")
    if account and found and f"/{account[1]}/" not in found:
        raise PackagingError(
            f"The queue is in account {account[1]}. In this account, {found} has the same name.",
            "AWS_PROFILE=<a profile of the queue's account>",
        )
    return named[1]


def find(sqs: Any, identifier: str) -> Queues:
    """The project's queues. Raises an error if one is missing, or if they are not connected."""
    name, retry_name = f"sagemaker-{identifier}-dead-letters", f"sagemaker-{identifier}-retry"
    url, retry_url = _url(sqs, name), _url(sqs, retry_name)
    if url is None or retry_url is None:
        missing = name if url is None else retry_name
        raise PackagingError(
            f"There is no queue {missing} in {sqs.meta.region_name}.",
            "check that the project exists (aws sagemaker list-projects) and was created from this product; "
            "set AWS_REGION or AWS_PROFILE if it is in another region or account",
        )
    dead = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    retry = sqs.get_queue_attributes(QueueUrl=retry_url, AttributeNames=["All"])["Attributes"]
    policy = json.loads(retry.get("RedrivePolicy", "{}"))
    if policy.get("deadLetterTargetArn") != dead["QueueArn"]:
        raise PackagingError(
            f"{name} is not the dead-letter queue of {retry_name}. The queue's redrive policy was changed.",
            f"update the project's stack, or set the RedrivePolicy of {retry_name} to {name}",
        )
    return Queues(
        identifier,
        url,
        dead["QueueArn"],
        int(dead["ApproximateNumberOfMessages"]),
        int(dead["ApproximateNumberOfMessagesNotVisible"]),
        retry["QueueArn"],
        int(retry["VisibilityTimeout"]),
        int(policy["maxReceiveCount"]),
    )


def _url(sqs: Any, name: str) -> str | None:
    try:
        return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])
    except sqs.exceptions.QueueDoesNotExist:
        return None


def look(sqs: Any, logs: Any, queues: Queues) -> None:
    """Prints the messages and why they failed."""
    letters = peek(sqs, queues.url)
    waiting = max(queues.waiting, len(letters))
    print(f"{counted(waiting)} in {queues.name}{_in_flight(queues)}.")
    group = f"/aws/lambda/sagemaker-{queues.project_id}-start-pipeline-retry"
    for letter in letters:
        print(f"\n  {letter.upload}")
        if letter.time:
            print(f"    uploaded:      {letter.time}")
        if letter.first_failure:
            print(f"    first failure: {letter.first_failure}")
        failure = last_failure(logs, group, letter) or f"unknown; it is not in the log group {group}"
        print(f"    last failure:  {failure}")
    if waiting > len(letters):
        print(f"\n  and {waiting - len(letters)} more")
    if waiting:
        print(f"\nNothing was moved. Without DRY_RUN=1, all messages move back to {queues.retry_name}.")


def redrive(sqs: Any, queues: Queues, wait: Callable[[float], None] = time.sleep) -> None:
    """Starts moving all messages, and waits for the end."""
    latest = newest(sqs, queues)
    if latest and latest["Status"] not in ENDED:
        print(f"A task is already moving messages of {queues.name}; following it.", file=sys.stderr)
        known = None
    elif queues.waiting == 0:
        print(f"{counted(0)} in {queues.name}{_in_flight(queues)}; nothing to do.")
        return
    else:
        known = latest["StartedTimestamp"] if latest else None
        sqs.start_message_move_task(SourceArn=queues.arn, DestinationArn=queues.retry_arn)
        print(f"Moving {counted(queues.waiting)} from {queues.name} to {queues.retry_name}.", file=sys.stderr)
        print("Ctrl-C stops this program, not the move. Run it again to follow the move.", file=sys.stderr)
    task = follow(sqs, queues, known, wait)
    report(sqs, queues, task)


def newest(sqs: Any, queues: Queues) -> dict[str, Any] | None:
    """The queue's newest task. Only this one can be active."""
    found: list[dict[str, Any]] = sqs.list_message_move_tasks(SourceArn=queues.arn).get("Results", [])
    return found[0] if found else None


def follow(sqs: Any, queues: Queues, known: int | None, wait: Callable[[float], None]) -> dict[str, Any]:
    """Waits for the task to end. Returns it. `known` is the start time of the previous task."""
    shown = -1
    while True:
        task = newest(sqs, queues)
        if task is not None and task.get("StartedTimestamp") != known:
            moved = task.get("ApproximateNumberOfMessagesMoved", 0)
            if moved != shown:
                # SQS reports the total once the task runs.
                total = task.get("ApproximateNumberOfMessagesToMove", "?")
                print(f"  {moved} of {total} moved", file=sys.stderr)
                shown = moved
            if task["Status"] in ENDED:
                return task
        wait(POLL_SECONDS)


def report(sqs: Any, queues: Queues, task: dict[str, Any]) -> None:
    """Prints the result. Raises an error if the task did not complete."""
    moved = task.get("ApproximateNumberOfMessagesMoved", 0)
    left = find(sqs, queues.project_id)
    if task["Status"] != "COMPLETED":
        how = "was cancelled" if task["Status"] == "CANCELLED" else f"failed: {task.get('FailureReason')}"
        raise PackagingError(
            f"The move {how}. {counted(moved)} moved, {left.waiting + left.in_flight} left in {queues.name}.",
            f"nothing is lost; fix the cause and run this again ({_NEEDED})",
        )
    print(f"Moved {counted(moved)} to {queues.retry_name}.")
    print(f"Each is tried immediately, then every {queues.retry_seconds} s, at most {queues.tries} times.")
    if left.waiting or left.in_flight:
        print(
            f"{counted(left.waiting + left.in_flight)} still in {queues.name}, by SQS's approximate count. "
            "They arrived in the meantime, or another consumer is reading them. Run this again to move them."
        )


def counted(number: int) -> str:
    """A count of messages, such as `1 message`."""
    return f"{number} message" if number == 1 else f"{number} messages"


def _in_flight(queues: Queues) -> str:
    return f" (and {queues.in_flight} in flight)" if queues.in_flight else ""


if __name__ == "__main__":
    sys.exit(run(main))
