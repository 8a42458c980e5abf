"""`make enable-events` against a local S3, with concurrent changes to the notifications."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import enable_events
from conftest import REPOSITORY
from doubles import Recorder
from local_aws.launcher import LocalAws
from staging.errors import PackagingError

BUCKET = "team-data"
ACCOUNT = "000000000000"
QUEUE = {"Id": "q", "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q", "Events": ["s3:ObjectCreated:*"]}
TOPIC = {"Id": "t", "TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Events": ["s3:ObjectRemoved:*"]}
FUNCTION = {
    "Id": "f",
    "LambdaFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
    "Events": ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"],
    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "a b/+자료"}]}},
}
PUT = "PutBucketNotificationConfiguration"
GET = "GetBucketNotificationConfiguration"


@pytest.fixture
def bucket(s3: Recorder) -> Recorder:
    s3.client.create_bucket(Bucket=BUCKET)
    s3.calls.clear()
    return s3


@pytest.fixture
def others(running_aws: LocalAws) -> Callable[..., None]:
    """Writes the notifications as another client."""
    client = running_aws.client("s3")

    def write(**notifications: Any) -> None:
        client.put_bucket_notification_configuration(
            Bucket=BUCKET, NotificationConfiguration=notifications, SkipDestinationValidation=True
        )

    return write


def enable(s3: Recorder, pauses: list[float] | None = None) -> bool:
    wait = (pauses if pauses is not None else []).append
    return enable_events.enable(s3.client, BUCKET, ACCOUNT, wait)


def notifications(s3: Recorder) -> dict[str, Any]:
    return enable_events.read(s3.client, {"Bucket": BUCKET})


def test_turns_on_for_bucket_without_notifications(bucket: Recorder) -> None:
    assert enable(bucket)
    assert notifications(bucket) == {"EventBridgeConfiguration": {}}


def test_keeps_other_notifications(bucket: Recorder, others: Callable[..., None]) -> None:
    others(
        QueueConfigurations=[QUEUE, {**QUEUE, "Id": "q2"}],
        TopicConfigurations=[TOPIC],
        LambdaFunctionConfigurations=[FUNCTION],
    )
    before = notifications(bucket)
    assert enable(bucket)
    assert notifications(bucket) == {**before, "EventBridgeConfiguration": {}}


def test_does_nothing_if_already_on(bucket: Recorder, others: Callable[..., None]) -> None:
    others(EventBridgeConfiguration={}, QueueConfigurations=[QUEUE])
    assert not enable(bucket)
    assert bucket.writes() == []


def test_skips_destination_validation_and_names_the_owner(bucket: Recorder) -> None:
    sent: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        sent.append(params)

    bucket.client.meta.events.register(f"before-parameter-build.s3.{PUT}", note)
    enable(bucket)
    [given] = sent
    assert given["SkipDestinationValidation"] is True
    assert given["ExpectedBucketOwner"] == ACCOUNT


def test_retries_409_with_increasing_pauses(bucket: Recorder) -> None:
    for _ in range(3):
        bucket.fail(PUT, 409, "OperationAborted")
    pauses: list[float] = []
    assert enable(bucket, pauses)
    assert notifications(bucket) == {"EventBridgeConfiguration": {}}
    assert len(pauses) == 3
    assert pauses == sorted(pauses)


def test_keeps_changes_made_during_409_retry(bucket: Recorder, others: Callable[..., None]) -> None:
    bucket.fail(PUT, 409, "OperationAborted")
    bucket.before(PUT, "", lambda: others(TopicConfigurations=[TOPIC]))
    assert enable(bucket)
    after = notifications(bucket)
    assert "EventBridgeConfiguration" in after
    assert [each["Id"] for each in after["TopicConfigurations"]] == ["t"]


def test_detects_overwrite_and_keeps_its_changes(bucket: Recorder, others: Callable[..., None]) -> None:
    others(QueueConfigurations=[QUEUE])
    puts = 0

    def overwritten(**_: Any) -> None:
        nonlocal puts
        puts += 1
        if puts == 1:
            others(QueueConfigurations=[QUEUE], TopicConfigurations=[TOPIC])

    bucket.client.meta.events.register(f"after-call.s3.{PUT}", overwritten)
    assert enable(bucket)
    after = notifications(bucket)
    assert puts == 2
    assert set(after) == {"EventBridgeConfiguration", "QueueConfigurations", "TopicConfigurations"}


def test_accepts_concurrent_write_that_includes_eventbridge(
    bucket: Recorder, others: Callable[..., None]
) -> None:
    def more(**_: Any) -> None:
        others(EventBridgeConfiguration={}, TopicConfigurations=[TOPIC])

    bucket.client.meta.events.register(f"after-call.s3.{PUT}", more)
    assert enable(bucket)
    assert len(bucket.writes()) == 1
    assert set(notifications(bucket)) == {"EventBridgeConfiguration", "TopicConfigurations"}


def test_repeats_stale_read_before_writing_again(bucket: Recorder) -> None:
    bucket.before(PUT, "", lambda: bucket.fail(GET, 200))  # a response without notifications
    pauses: list[float] = []
    assert enable(bucket, pauses)
    assert len(bucket.writes()) == 1
    assert len(pauses) == 1


def test_endless_concurrent_changes_are_an_error(bucket: Recorder, others: Callable[..., None]) -> None:
    def undone(**_: Any) -> None:
        others(QueueConfigurations=[QUEUE])

    bucket.client.meta.events.register(f"after-call.s3.{PUT}", undone)
    with pytest.raises(PackagingError, match="changed by others 8 times") as refused:
        enable(bucket)
    assert "CloudTrail" in refused.value.hint
    assert len(bucket.writes()) == 8


def test_does_not_retry_other_errors(bucket: Recorder) -> None:
    bucket.fail(PUT, 403, "AccessDenied")
    with pytest.raises(Exception, match="AccessDenied"):
        enable(bucket)
    assert len(bucket.writes()) == 1


@pytest.mark.parametrize(
    ("status", "region", "expected"),
    [
        (404, "", "There is no bucket"),
        (403, "", "another account"),
        (200, "eu-west-1", "is in eu-west-1, not in us-east-1"),
    ],
)
def test_rejects_missing_foreign_or_remote_bucket(
    bucket: Recorder, status: int, region: str, expected: str
) -> None:
    bucket.fail("HeadBucket", status, x_amz_bucket_region=region or "us-east-1")
    with pytest.raises(PackagingError, match=expected) as refused:
        enable_events.check(bucket.client, BUCKET, ACCOUNT)
    assert refused.value.hint
    assert bucket.writes() == []


def run(aws: LocalAws, bucket: str) -> subprocess.CompletedProcess[str]:
    shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, REPOSITORY / "packaging/enable_events.py", "--bucket", bucket],
        env=shell | aws.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("bucket")
def test_command_reports_result_and_delay(aws: LocalAws) -> None:
    done = run(aws, BUCKET)
    assert done.returncode == 0, done.stderr
    assert "5 minutes" in done.stdout
    again = run(aws, BUCKET)
    assert again.returncode == 0
    assert "nothing was changed" in again.stdout


@pytest.mark.parametrize(
    "name", ["", "s3://team-data", "team data", "x" * 300, "arn:aws:s3:::team-data", "버킷"]
)
def test_command_rejects_invalid_bucket_name(aws: LocalAws, name: str) -> None:
    refused = run(aws, name)
    assert refused.returncode == 1
    assert "BUCKET" in refused.stderr
    assert "hint: " in refused.stderr
    assert "Traceback" not in refused.stderr
