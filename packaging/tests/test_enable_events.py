"""`make enable-events` against a local S3, with others who change the notifications at the same time."""

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
    """What somebody else writes."""
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


def test_it_is_turned_on_for_a_bucket_without_notifications(bucket: Recorder) -> None:
    assert enable(bucket)
    assert notifications(bucket) == {"EventBridgeConfiguration": {}}


def test_all_other_notifications_are_kept(bucket: Recorder, others: Callable[..., None]) -> None:
    others(
        QueueConfigurations=[QUEUE, {**QUEUE, "Id": "q2"}],
        TopicConfigurations=[TOPIC],
        LambdaFunctionConfigurations=[FUNCTION],
    )
    before = notifications(bucket)
    assert enable(bucket)
    assert notifications(bucket) == {**before, "EventBridgeConfiguration": {}}


def test_nothing_is_done_where_it_is_on(bucket: Recorder, others: Callable[..., None]) -> None:
    others(EventBridgeConfiguration={}, QueueConfigurations=[QUEUE])
    assert not enable(bucket)
    assert bucket.writes() == []


def test_the_destinations_of_others_are_not_tried_and_the_owner_is_named(bucket: Recorder) -> None:
    sent: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        sent.append(params)

    bucket.client.meta.events.register(f"before-parameter-build.s3.{PUT}", note)
    enable(bucket)
    [given] = sent
    assert given["SkipDestinationValidation"] is True
    assert given["ExpectedBucketOwner"] == ACCOUNT


def test_a_409_is_tried_again_later_each_time(bucket: Recorder) -> None:
    for _ in range(3):
        bucket.fail(PUT, 409, "OperationAborted")
    pauses: list[float] = []
    assert enable(bucket, pauses)
    assert notifications(bucket) == {"EventBridgeConfiguration": {}}
    assert len(pauses) == 3
    assert pauses == sorted(pauses)


def test_what_others_added_while_a_409_was_waited_for_is_kept(
    bucket: Recorder, others: Callable[..., None]
) -> None:
    bucket.fail(PUT, 409, "OperationAborted")
    bucket.before(PUT, "", lambda: others(TopicConfigurations=[TOPIC]))
    assert enable(bucket)
    after = notifications(bucket)
    assert "EventBridgeConfiguration" in after
    assert [each["Id"] for each in after["TopicConfigurations"]] == ["t"]


def test_others_who_write_over_it_are_noticed_and_their_change_is_kept(
    bucket: Recorder, others: Callable[..., None]
) -> None:
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


def test_others_who_write_it_too_with_more_are_left_alone(
    bucket: Recorder, others: Callable[..., None]
) -> None:
    def more(**_: Any) -> None:
        others(EventBridgeConfiguration={}, TopicConfigurations=[TOPIC])

    bucket.client.meta.events.register(f"after-call.s3.{PUT}", more)
    assert enable(bucket)
    assert len(bucket.writes()) == 1
    assert set(notifications(bucket)) == {"EventBridgeConfiguration", "TopicConfigurations"}


def test_a_read_that_comes_too_early_is_repeated_before_anything_is_written_again(bucket: Recorder) -> None:
    bucket.before(PUT, "", lambda: bucket.fail(GET, 200))  # an answer without notifications
    pauses: list[float] = []
    assert enable(bucket, pauses)
    assert len(bucket.writes()) == 1
    assert len(pauses) == 1


def test_others_who_never_stop_end_it_with_an_error(bucket: Recorder, others: Callable[..., None]) -> None:
    def undone(**_: Any) -> None:
        others(QueueConfigurations=[QUEUE])

    bucket.client.meta.events.register(f"after-call.s3.{PUT}", undone)
    with pytest.raises(PackagingError, match="changed by others 8 times") as refused:
        enable(bucket)
    assert "CloudTrail" in refused.value.hint
    assert len(bucket.writes()) == 8


def test_an_error_of_another_kind_is_not_tried_again(bucket: Recorder) -> None:
    bucket.fail(PUT, 403, "AccessDenied")
    with pytest.raises(Exception, match="AccessDenied"):
        enable(bucket)
    assert len(bucket.writes()) == 1


@pytest.mark.parametrize(
    ("status", "region", "told"),
    [
        (404, "", "There is no bucket"),
        (403, "", "another account"),
        (200, "eu-west-1", "is in eu-west-1, and this is us-east-1"),
    ],
)
def test_a_bucket_that_is_not_ours_or_not_here_is_refused(
    bucket: Recorder, status: int, region: str, told: str
) -> None:
    bucket.fail("HeadBucket", status, x_amz_bucket_region=region or "us-east-1")
    with pytest.raises(PackagingError, match=told) as refused:
        enable_events.check(bucket.client, BUCKET, ACCOUNT)
    assert refused.value.hint
    assert bucket.writes() == []


def run(aws: LocalAws, bucket: str) -> subprocess.CompletedProcess[str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, REPOSITORY / "packaging/enable_events.py", "--bucket", bucket],
        env=mine | aws.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("bucket")
def test_the_command_says_what_it_did_and_how_long_it_takes(aws: LocalAws) -> None:
    done = run(aws, BUCKET)
    assert done.returncode == 0, done.stderr
    assert "5 minutes" in done.stdout
    again = run(aws, BUCKET)
    assert again.returncode == 0
    assert "nothing was changed" in again.stdout


@pytest.mark.parametrize(
    "name", ["", "s3://team-data", "team data", "x" * 300, "arn:aws:s3:::team-data", "버킷"]
)
def test_the_command_refuses_what_is_no_bucket(aws: LocalAws, name: str) -> None:
    refused = run(aws, name)
    assert refused.returncode == 1
    assert "BUCKET" in refused.stderr
    assert "hint: " in refused.stderr
    assert "Traceback" not in refused.stderr
