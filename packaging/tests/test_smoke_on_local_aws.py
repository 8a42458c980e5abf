"""The event that the smoke checks send again, with local S3 and EventBridge."""

from __future__ import annotations

import time

import pytest

from local_aws.launcher import LocalAws
from smoke import ingesting, project
from smoke.aws import LiveAws
from smoke.cleanup import Cleanup
from smoke.context import Context


@pytest.fixture
def context(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A check's context with local-aws."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    live = LiveAws(None)
    return Context(
        aws=live,
        cleanup=Cleanup(live),
        run_id="abc123",
        check="native",
        deadline=time.time() + 60,
        poll_seconds=0.1,
        stack="",
        parameters={},
    )


def test_event_of_an_awkward_key_is_copied(aws: LocalAws, context: Context) -> None:
    s3, bucket = aws.client("s3"), project.data_bucket(context)
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    queue = ingesting.copy_events(context)
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    context.until(lambda: ingesting.probe_arrives(context, queue), "a probe arrived")
    version = ingesting.put(context, ingesting.KEY, b"a")
    event = context.until(lambda: ingesting.event_of_file(context, queue), "the event arrived")
    assert event["detail-type"] == "Object Created"
    assert ingesting.event_verdict(ingesting.Upload(version, event)).outcome == "shown"
    assert context.cleanup.run() == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
    assert aws.client("events").list_rules()["Rules"] == []
