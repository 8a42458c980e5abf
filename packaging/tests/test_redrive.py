"""`make redrive` against a local SQS, and against a fake SQS that fails or is busy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest

import redrive
from conftest import REPOSITORY
from dead_letters import SHOWN, last_failure, read
from local_aws.launcher import LocalAws
from staging.errors import PackagingError

ID = "p-abcdefghijkl"
DEAD = f"sagemaker-{ID}-dead-letters"
RETRY = f"sagemaker-{ID}-retry"
LOG_GROUP = f"/aws/lambda/sagemaker-{ID}-start-pipeline-retry"
ENVELOPE = (REPOSITORY / "events/lambda-destination-envelope.json").read_text()
EVENT = (REPOSITORY / "events/key-korean.json").read_text()


class Project:
    """A project's queues."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.sqs = aws.client("sqs")
        self.dead = self.sqs.create_queue(QueueName=DEAD)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:000000000000:{DEAD}"
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 100})
        self.retry = self.sqs.create_queue(
            QueueName=RETRY, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "900"}
        )["QueueUrl"]

    def add_dead_letters(self, *bodies: str, **attributes: str) -> list[str]:
        """Sends messages to the dead-letter queue. Returns their IDs."""
        given = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
        }
        return [
            self.sqs.send_message(QueueUrl=self.dead, MessageBody=body, MessageAttributes=given)["MessageId"]
            for body in bodies
        ]

    def waiting(self, url: str) -> int:
        """The number of visible messages."""
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the command."""
        shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.run(
            [sys.executable, REPOSITORY / "packaging/redrive.py", *arguments],
            env=shell | self.aws.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )


@pytest.fixture
def project(aws: LocalAws) -> Project:
    return Project(aws)


@pytest.mark.parametrize(
    "named",
    [
        ("--project", ID),
        ("--queue", DEAD),
        ("--queue", f"arn:aws:sqs:us-east-1:000000000000:{DEAD}"),
        ("--queue", f"https://sqs.us-east-1.amazonaws.com/000000000000/{DEAD}"),
    ],
)
def test_moves_all_messages_unchanged(project: Project, named: tuple[str, str]) -> None:
    project.add_dead_letters(
        ENVELOPE, EVENT, "not JSON", RULE_ARN="arn:aws:events:us-east-1:000000000000:rule/r"
    )
    done = project.run(*named)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"Moved 3 messages to {RETRY}.\nEach is tried immediately, then every 900 s, at most 100 times.\n"
    )
    assert "3 of 3 moved" in done.stderr
    assert project.waiting(project.dead) == 0
    moved = project.sqs.receive_message(
        QueueUrl=project.retry, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )["Messages"]
    assert sorted(message["Body"] for message in moved) == sorted([ENVELOPE, EVENT, "not JSON"])
    assert all("RULE_ARN" in message["MessageAttributes"] for message in moved)


def test_dry_run_shows_failures_and_moves_nothing(project: Project) -> None:
    [first] = project.add_dead_letters(ENVELOPE)
    [second] = project.add_dead_letters(
        EVENT, ERROR_CODE="NO_PERMISSIONS", ERROR_MESSAGE="may not be invoked"
    )
    project.add_dead_letters("\u202e no\nJSON")
    logs = project.aws.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP)
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName="s")
    lines = [
        {"message": "event failed", "message_id": first, "reason": "ExecutionLimit", "error": "full"},
        {
            "message": "event failed",
            "message_id": first,
            "reason": "PipelineNotFound",
            "error": "no pipeline",
        },
        {"message": "execution started", "message_id": first},
        {"message": "event failed", "message_id": second, "reason": "AccessDenied", "error": "denied"},
    ]
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": json.dumps(line)} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=LOG_GROUP, logStreamName="s", logEvents=events)
    done = project.run("--project", ID, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"3 messages in {DEAD}." in done.stdout
    assert (
        "s3://amzn-s3-demo-bucket/landing/abalone.csv\n    uploaded:      2026-11-22T01:02:03Z" in done.stdout
    )
    assert "first failure: Transient.ExecutionLimit: SageMaker refused to start" in done.stdout
    assert "last failure:  PipelineNotFound: no pipeline (" in done.stdout
    assert "first failure: NO_PERMISSIONS: may not be invoked" in done.stdout
    assert "last failure:  AccessDenied: denied (" in done.stdout
    assert r"no upload: \u202e no\nJSON" in done.stdout
    assert f"last failure:  unknown; it is not in the log group {LOG_GROUP}" in done.stdout
    assert "Nothing was moved." in done.stdout
    assert project.waiting(project.dead) == 3


def test_dry_run_shows_first_of_many_messages(project: Project) -> None:
    project.add_dead_letters(*(ENVELOPE for _ in range(SHOWN + 3)))
    done = project.run("--project", ID, "--dry-run")
    assert done.stdout.count("s3://amzn-s3-demo-bucket/landing/abalone.csv") == SHOWN
    assert "and 3 more" in done.stdout
    assert project.waiting(project.dead) == SHOWN + 3


def test_empty_queue_starts_no_move(project: Project) -> None:
    done = project.run("--project", ID)
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout
    assert project.sqs.list_message_move_tasks(SourceArn=arn(DEAD))["Results"] == []


def test_follows_running_move(project: Project) -> None:
    project.add_dead_letters("a", "b", "c")
    project.sqs.start_message_move_task(
        SourceArn=arn(DEAD), DestinationArn=arn(RETRY), MaxNumberOfMessagesPerSecond=1
    )
    done = project.run("--project", ID)
    assert done.returncode == 0, done.stderr
    assert "following it" in done.stderr
    assert "Moved 3 messages" in done.stdout
    assert len(project.sqs.list_message_move_tasks(SourceArn=arn(DEAD), MaxResults=10)["Results"]) == 1


def arn(name: str) -> str:
    return f"arn:aws:sqs:us-east-1:000000000000:{name}"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "PROJECT is not set."),
        (("--project", "p-a", "--queue", DEAD), "Both PROJECT and QUEUE"),
        (("--project", "전복"), "neither the name nor the id"),
        (("--project", "nobody"), "There is no project `nobody`"),
        (("--project", "p-zzz"), "There is no project `p-zzz`"),
        (("--queue", RETRY), f"hint: QUEUE={DEAD}"),
        (("--queue", "orders-dead-letters"), "is not the dead-letter queue of a project"),
        (("--queue", "sagemaker-p-zzz-dead-letters"), "There is no queue sagemaker-p-zzz-dead-letters"),
        (("--queue", f"arn:aws:sqs:eu-west-1:000000000000:{DEAD}"), "AWS_REGION=eu-west-1"),
        (("--queue", f"arn:aws:sqs:us-east-1:999999999999:{DEAD}"), "is in account 999999999999"),
        (("--queue", f"https://sqs.us-east-1.amazonaws.com/999999999999/{DEAD}"), "AWS_PROFILE="),
        (("--queue", f"https://sqs.eu-west-1.amazonaws.com/000000000000/{DEAD}"), "AWS_REGION=eu-west-1"),
    ],
)
def test_rejects_unknown_project_or_queue(
    project: Project, arguments: tuple[str, ...], expected: str
) -> None:
    project.add_dead_letters("a")
    refused = project.run(*arguments)
    assert refused.returncode == 1
    assert expected in refused.stderr
    assert "hint: " in refused.stderr
    assert "Traceback" not in refused.stderr
    assert project.waiting(project.dead) == 1


def test_rejects_queues_without_redrive_policy(project: Project) -> None:
    project.sqs.set_queue_attributes(QueueUrl=project.retry, Attributes={"RedrivePolicy": ""})
    refused = project.run("--project", ID)
    assert refused.returncode == 1
    assert f"{DEAD} is not the dead-letter queue of {RETRY}" in refused.stderr


class Named:
    """A fake SageMaker with one project."""

    def describe_project(self, ProjectName: str) -> dict[str, str]:  # noqa: N803
        assert ProjectName == "Abalone"
        return {"ProjectId": ID}


def test_finds_project_by_name(project: Project) -> None:
    assert redrive.project_id(project.sqs, Named(), "Abalone", "") == ID


class Tasks:
    """An SQS client with prepared move tasks."""

    def __init__(self, client: Any, *tasks: dict[str, Any]) -> None:
        self._client = client
        self._tasks = list(tasks)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def start_message_move_task(self, **_: Any) -> dict[str, str]:
        return {"TaskHandle": "h"}

    def list_message_move_tasks(self, **_: Any) -> dict[str, Any]:
        found = self._tasks.pop(0) if len(self._tasks) > 1 else self._tasks[0]
        return {"Results": [found] if found else []}


def task(status: str, moved: int = 0, started: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "Status": status,
        "StartedTimestamp": started,
        "ApproximateNumberOfMessagesMoved": moved,
        **more,
    }


def test_ignores_previous_task(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.add_dead_letters("a")
    before, mine = task("COMPLETED", moved=7, started=1), task("COMPLETED", moved=1)
    sqs = Tasks(project.sqs, before, before, task("RUNNING"), mine)
    pauses: list[float] = []
    redrive.redrive(sqs, redrive.find(sqs, ID), pauses.append)
    output = capsys.readouterr()
    assert "Moved 1 message to" in output.out
    assert "0 of ? moved" in output.err
    assert len(pauses) == 2


def test_reports_remaining_messages(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.add_dead_letters("a", "b")
    sqs = Tasks(project.sqs, {}, task("COMPLETED", moved=1))
    redrive.redrive(sqs, redrive.find(sqs, ID))
    assert f"2 messages still in {DEAD}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (task("FAILED", moved=1, FailureReason="AccessDenied"), "failed: AccessDenied"),
        (task("CANCELLED", moved=1), "was cancelled"),
    ],
)
def test_unsuccessful_move_is_an_error(project: Project, ended: dict[str, Any], expected: str) -> None:
    project.add_dead_letters("a", "b")
    sqs = Tasks(project.sqs, {}, ended)
    with pytest.raises(PackagingError, match=expected) as failed:
        redrive.redrive(sqs, redrive.find(sqs, ID))
    assert "1 message moved, 2 left" in str(failed.value)
    assert "nothing is lost" in failed.value.hint


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[[]]",
        '"text"',
        "[" * 100_000,
        '{"detail": 1}',
        '{"detail": {"bucket": [], "object": {"key": 3}}}',
        '{"requestPayload": "text", "responsePayload": [1]}',
        '{"detail": {"bucket": {"name": "\\ud800"}, "object": {"key": "a\\u202eb\\n"}}}',
        "x" * 1_000_000,
    ],
)
def test_shows_any_body_on_one_short_line(body: str) -> None:
    letter = read({"MessageId": "m", "Body": body})
    shown = letter.upload + letter.first_failure + letter.time
    assert shown.isprintable()
    assert len(shown) < 700
    shown.encode()


def test_reports_incomplete_log_search() -> None:
    class Endless:
        def filter_log_events(self, **_: Any) -> dict[str, Any]:
            return {"events": [], "nextToken": "more"}

    [letter] = [read({"MessageId": "m", "Body": "x", "Attributes": {"SentTimestamp": "0"}})]
    assert last_failure(Endless(), LOG_GROUP, letter).startswith("unknown (not all of the log")
