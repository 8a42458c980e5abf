"""The other services, wired up for a test: functions, queues, an uploads rule."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from conftest import FIXTURES
from local_aws import LocalAws

ACCOUNT = "000000000000"


def code() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        content.writestr(entry, (FIXTURES / "bootstrap.py").read_bytes())
    return archive.getvalue()


def create_function(server: LocalAws, name: str = "trigger", policy: Any = None, **variables: str) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam = server.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    if policy is not None:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    functions = server.client("lambda")
    arn = functions.create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Handler="bootstrap",
        Role=role,
        Code={"ZipFile": code()},
        Environment={"Variables": variables},
        Timeout=900,
    )["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 5000}
    )
    return str(arn)


def create_queue(server: LocalAws, name: str, **attributes: str) -> tuple[str, str]:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


def receive(server: LocalAws, url: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait for exactly ``count`` messages, until the test times out."""
    sqs = server.client("sqs")
    messages: list[dict[str, Any]] = []
    while len(messages) < count:
        got = sqs.receive_message(
            QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
            AttributeNames=["All"],
        ).get("Messages", [])  # fmt: skip
        for message in got:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        messages += got
    assert len(messages) == count
    return messages


def depth(server: LocalAws, url: str) -> int:
    """Returns the number of messages in a queue, including those in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = server.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def create_bucket(server: LocalAws, targets: list[dict[str, Any]]) -> Any:
    """Create a bucket whose uploads of in/*.csv go to the targets. Returns an S3 client."""
    s3, events = server.client("s3"), server.client("events")
    s3.create_bucket(Bucket="data")
    s3.put_bucket_notification_configuration(
        Bucket="data", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    detail = {"bucket": {"name": ["data"]}, "object": {"key": [{"wildcard": "in/*.csv"}]}}
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
    events.put_rule(Name="uploads", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="uploads", Targets=targets)
    return s3


def logged(server: LocalAws, function: str) -> list[str]:
    logs, group = server.client("logs"), f"/aws/lambda/{function}"
    try:
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]
