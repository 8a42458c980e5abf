"""Tests the redrive of dead-letter queues, and its permissions."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws
from plumbing import create_queue, receive

DEAD = "arn:aws:sqs:us-east-1:000000000000:dead"


@pytest.fixture
def queues(server: LocalAws) -> tuple[str, str]:
    """Returns the URLs of a queue and of its dead-letter queue."""
    dead, arn = create_queue(server, "dead")
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    url, _ = create_queue(server, "work", RedrivePolicy=policy, VisibilityTimeout="0")
    return url, dead


def give_up(server: LocalAws, url: str, *bodies: str) -> None:
    """Send messages, and receive them until they are in the dead-letter queue."""
    sqs = server.client("sqs")
    for body in bodies:
        attributes = {"kind": {"DataType": "String", "StringValue": "test"}}
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
    while sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        pass


def task(server: LocalAws) -> dict[str, Any]:
    [found] = server.client("sqs").list_message_move_tasks(SourceArn=DEAD)["Results"]
    return dict(found)


def ended(server: LocalAws) -> dict[str, Any]:
    """Wait for the end of the latest task, until the test times out."""
    while (found := task(server))["Status"] in {"RUNNING", "CANCELLING"}:
        time.sleep(0.02)
    return found


def waiting(server: LocalAws, url: str) -> int:
    found = server.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def test_redrives_to_source_queue_as_new_messages(server: LocalAws, queues: tuple[str, str]) -> None:
    url, dead = queues
    give_up(server, url, "one", "둘")
    assert waiting(server, dead) == 2
    before = server.client("sqs").receive_message(QueueUrl=dead, VisibilityTimeout=0)["Messages"]
    server.client("sqs").start_message_move_task(SourceArn=DEAD)
    found = ended(server)
    assert found["Status"] == "COMPLETED"
    assert "TaskHandle" not in found
    assert (found["ApproximateNumberOfMessagesMoved"], found["ApproximateNumberOfMessagesToMove"]) == (2, 2)
    assert waiting(server, dead) == 0
    moved = receive(server, url, 2)
    assert sorted(message["Body"] for message in moved) == ["one", "둘"]
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in moved} == {"1"}
    assert {message["MessageAttributes"]["kind"]["StringValue"] for message in moved} == {"test"}
    assert before[0]["MessageId"] not in {message["MessageId"] for message in moved}


def test_directly_sent_message_moves_to_named_queue_only(server: LocalAws, queues: tuple[str, str]) -> None:
    url, dead = queues
    sqs = server.client("sqs")
    sqs.send_message(QueueUrl=dead, MessageBody="by hand")
    sqs.start_message_move_task(SourceArn=DEAD)
    failed = ended(server)
    assert (failed["Status"], failed["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert waiting(server, dead) == 1
    sqs.start_message_move_task(SourceArn=DEAD, DestinationArn=DEAD.replace("dead", "work"))
    assert ended(server)["Status"] == "COMPLETED"
    assert receive(server, url)[0]["Body"] == "by hand"


def test_messages_in_flight_stay(server: LocalAws, queues: tuple[str, str]) -> None:
    url, dead = queues
    sqs = server.client("sqs")
    give_up(server, url, "one", "two")
    read = sqs.receive_message(QueueUrl=dead, VisibilityTimeout=600)["Messages"]
    sqs.start_message_move_task(SourceArn=DEAD)
    assert ended(server)["ApproximateNumberOfMessagesMoved"] == 1
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=read[0]["ReceiptHandle"])
    assert len(receive(server, url)) == 1


def test_allows_one_task_and_cancel_keeps_moved_messages(server: LocalAws, queues: tuple[str, str]) -> None:
    url, dead = queues
    sqs = server.client("sqs")
    give_up(server, url, *"abcde")
    handle = sqs.start_message_move_task(SourceArn=DEAD, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    assert task(server)["TaskHandle"] == handle
    with pytest.raises(ClientError, match="There is already a task running"):
        sqs.start_message_move_task(SourceArn=DEAD)
    while task(server)["ApproximateNumberOfMessagesMoved"] == 0:
        time.sleep(0.02)
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    found = ended(server)
    assert found["Status"] == "CANCELLED"
    assert found["ApproximateNumberOfMessagesMoved"] == moved == 5 - waiting(server, dead)
    with pytest.raises(ClientError, match="Only active tasks"):
        sqs.cancel_message_move_task(TaskHandle=handle)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"SourceArn": "dead"}, "You must use this format to specify the SourceArn"),
        ({"SourceArn": f"{DEAD}er"}, "the SourceArn parameter doesn't exist"),
        ({"SourceArn": DEAD.replace("dead", "work")}, "must be configured as a Dead Letter Queue"),
        ({"SourceArn": DEAD, "DestinationArn": f"{DEAD}er"}, "the DestinationArn parameter doesn't exist"),
        ({"SourceArn": DEAD, "DestinationArn": DEAD}, "cannot be the same"),
        ({"SourceArn": DEAD, "MaxNumberOfMessagesPerSecond": 501}, "Must be between 1 and 500"),
    ],
)
@pytest.mark.usefixtures("queues")
def test_refuses_invalid_requests(server: LocalAws, request_: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError, match=expected):
        server.client("sqs").start_message_move_task(**request_)
    assert server.client("sqs").list_message_move_tasks(SourceArn=DEAD)["Results"] == []


@pytest.mark.parametrize(
    "missing",
    [
        "sqs:StartMessageMoveTask",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:SendMessage",
    ],
)
def test_redrive_requires_permissions_of_task(auth_server: LocalAws, missing: str) -> None:
    _, dead = create_queue(auth_server, "dead")
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    _, work = create_queue(auth_server, "work", RedrivePolicy=policy)
    of_dead = {"StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"}
    grants = {**{f"sqs:{name}": dead for name in of_dead}, "sqs:SendMessage": work}
    refused = client_of(auth_server, "refused", {name: grants[name] for name in grants.keys() - {missing}})
    with pytest.raises(ClientError, match=f"not authorized to perform: {missing}"):
        refused.start_message_move_task(SourceArn=dead, DestinationArn=work)
    allowed = client_of(auth_server, "allowed", grants)
    assert allowed.start_message_move_task(SourceArn=dead, DestinationArn=work)["TaskHandle"]


def client_of(server: LocalAws, name: str, grants: dict[str, str]) -> Any:
    """Returns an SQS client of a user with these actions, each on its queue."""
    iam = server.client("iam")
    iam.create_user(UserName=name)
    statements = [{"Effect": "Allow", "Action": what, "Resource": where} for what, where in grants.items()]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return server.client(
        "sqs", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
