"""Tests fixes to ministack, on the way from an upload to a function or a queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws
from plumbing import ACCOUNT, create_bucket, create_function, create_queue, depth, logged, receive
from waiting import until

KEYS = [
    "in/plain.csv",
    "in/space + plus %20 percent.csv",
    "in/한국어 데이터.csv",
    "in/😀.csv",
    "in/control\x01\x7f\ttab\nnewline.csv",
    "in/a//b/../c.csv",
    "in/?&=#*\\.csv",
    "in/line\u2028separator.csv",
    "in/" + "가" * 338 + "xxx.csv",
]


def test_event_has_uploaded_key_and_filter_applies(server: LocalAws) -> None:
    url, arn = create_queue(server, "events")
    s3 = create_bucket(server, [{"Id": "events", "Arn": arn}])
    for key in ["out/a.csv", "in/a.txt", *KEYS]:
        s3.put_object(Bucket="data", Key=key, Body=b"1,2")
    details = [json.loads(message["Body"])["detail"] for message in receive(server, url, len(KEYS))]
    assert sorted(detail["object"]["key"] for detail in details) == sorted(KEYS)
    assert len({detail["object"]["sequencer"] for detail in details}) == len(KEYS)
    assert {detail["object"]["size"] for detail in details} == {3}
    assert len(KEYS[-1].encode()) == 1024


def test_event_has_fields_of_s3(server: LocalAws) -> None:
    url, arn = create_queue(server, "events")
    s3 = create_bucket(server, [{"Id": "events", "Arn": arn}])
    etag = s3.put_object(Bucket="data", Key="in/a.csv", Body=b"1,2")["ETag"]
    event = json.loads(receive(server, url)[0]["Body"])
    assert event["time"].endswith("Z")
    assert len(event["time"]) == len("2026-11-22T12:00:00Z")
    assert event["resources"] == ["arn:aws:s3:::data"]
    assert event["detail"]["reason"] == "PutObject"
    assert event["detail"]["object"]["etag"] == etag.strip('"')
    assert "version-id" not in event["detail"]["object"]


def test_event_of_versioned_bucket_has_version(server: LocalAws) -> None:
    url, arn = create_queue(server, "events")
    s3 = create_bucket(server, [{"Id": "events", "Arn": arn}])
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    put = s3.put_object(Bucket="data", Key="in/a.csv", Body=b"1")["VersionId"]
    copied = s3.copy_object(Bucket="data", Key="in/b.csv", CopySource="data/in/a.csv")["VersionId"]
    details = [json.loads(message["Body"])["detail"] for message in receive(server, url, 2)]
    assert {(detail["reason"], detail["object"]["version-id"]) for detail in details} == {
        ("PutObject", put),
        ("CopyObject", copied),
    }


def test_refuses_key_over_1024_bytes(server: LocalAws) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="data")
    with pytest.raises(ClientError, match="KeyTooLongError"):
        s3.put_object(Bucket="data", Key="가" * 341 + "xx", Body=b"")
    s3.put_object(Bucket="data", Key="가" * 341 + "x", Body=b"")


def test_failed_event_is_retried_then_sent_to_destination(server: LocalAws) -> None:
    function = create_function(server)
    url, queue = create_queue(server, "failures")
    server.client("lambda").put_function_event_invoke_config(
        FunctionName="trigger",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    s3 = create_bucket(server, [{"Id": "trigger", "Arn": function}])
    s3.put_object(Bucket="data", Key="in/fail.csv", Body=b"1")
    envelope = json.loads(receive(server, url)[0]["Body"])
    assert envelope["version"] == "1.0"
    assert envelope["requestContext"]["condition"] == "RetriesExhausted"
    assert envelope["requestContext"]["approximateInvokeCount"] == 2
    assert envelope["requestContext"]["functionArn"] == f"{function}:$LATEST"
    assert envelope["requestPayload"]["detail"]["object"]["key"] == "in/fail.csv"
    assert envelope["responsePayload"] == {"errorMessage": "failed on request", "errorType": "Asked"}
    attempts = [line for line in logged(server, "trigger") if line.startswith("event ")]
    assert {line.split()[1] for line in attempts} == {envelope["requestContext"]["requestId"]}
    assert len(attempts) == 2


def test_event_for_missing_function_goes_to_dead_letter_queue(server: LocalAws) -> None:
    url, queue = create_queue(server, "undelivered")
    missing = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:gone"
    s3 = create_bucket(server, [{"Id": "gone", "Arn": missing, "DeadLetterConfig": {"Arn": queue}}])
    s3.put_object(Bucket="data", Key="in/a.csv", Body=b"1")
    message = receive(server, url)[0]
    assert json.loads(message["Body"])["detail"]["object"]["key"] == "in/a.csv"
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_RESOURCE"
    assert attributes["TARGET_ARN"] == missing
    assert attributes["RULE_ARN"].endswith(":rule/uploads")


def test_rule_requires_permission_of_function(auth_server: LocalAws) -> None:
    function = create_function(auth_server)
    url, queue = create_queue(auth_server, "undelivered")
    seen, seen_arn = create_queue(auth_server, "failures")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": seen_arn}],
    }
    auth_server.client("iam").put_role_policy(
        RoleName="trigger", PolicyName="p", PolicyDocument=json.dumps(policy)
    )
    auth_server.client("lambda").put_function_event_invoke_config(
        FunctionName="trigger",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": seen_arn}},
    )
    s3 = create_bucket(auth_server, [{"Id": "f", "Arn": function, "DeadLetterConfig": {"Arn": queue}}])
    s3.put_object(Bucket="data", Key="in/fail1.csv", Body=b"1")
    refused = receive(auth_server, url)[0]
    assert refused["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    auth_server.client("lambda").add_permission(
        FunctionName="trigger",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=f"arn:aws:events:us-east-1:{ACCOUNT}:rule/uploads",
    )
    s3.put_object(Bucket="data", Key="in/fail2.csv", Body=b"1")
    failed = json.loads(receive(auth_server, seen)[0]["Body"])
    assert failed["requestPayload"]["detail"]["object"]["key"] == "in/fail2.csv"


def test_only_failed_items_of_batch_are_retried_then_dead_lettered(server: LocalAws) -> None:
    dead_url, dead = create_queue(server, "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})
    # The test makes messages visible again: one second may be too short on a busy machine.
    url, source = create_queue(server, "source", VisibilityTimeout="43200", RedrivePolicy=redrive)
    create_function(server)
    sqs = server.client("sqs")
    server.client("lambda").create_event_source_mapping(
        EventSourceArn=source, FunctionName="trigger", FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    for body in ("good 1", "bad", "good 2"):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    def records(body: str) -> list[dict[str, Any]]:
        lines = [line for line in logged(server, "trigger") if line.startswith("event ")]
        found = [record for line in lines for record in json.loads(line.split(" ", 2)[2])["Records"]]
        return [record for record in found if record["body"] == body]

    tried: list[str] = []

    def attempt() -> str | None:
        handles = [str(record["receiptHandle"]) for record in records("bad")]
        return next((handle for handle in handles if handle not in tried), None)

    for _ in range(2):
        tried.append(until(attempt))
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=tried[-1], VisibilityTimeout=0)
    assert [message["Body"] for message in receive(server, dead_url)] == ["bad"]
    until(lambda: depth(server, url) == 0)
    assert [len(records(body)) for body in ("good 1", "bad", "good 2")] == [1, 2, 1]


@pytest.mark.parametrize(
    "location", ["s3://results", "s3://results/", "s3://results/deep", "s3://results/deep/"]
)
def test_query_result_is_at_output_location(server: LocalAws, location: str) -> None:
    s3, athena = server.client("s3"), server.client("athena")
    s3.create_bucket(Bucket="results")
    asked = athena.start_query_execution(
        QueryString="SELECT 1 AS one, 'a,b' AS text", ResultConfiguration={"OutputLocation": location}
    )

    def ended() -> Any:
        execution = athena.get_query_execution(QueryExecutionId=asked["QueryExecutionId"])["QueryExecution"]
        return None if execution["Status"]["State"] in ("QUEUED", "RUNNING") else execution

    found = until(ended)["ResultConfiguration"]["OutputLocation"]
    assert found == f"{location.rstrip('/')}/{asked['QueryExecutionId']}.csv"
    key = found.removeprefix("s3://results/")
    body = s3.get_object(Bucket="results", Key=key)["Body"].read().decode()
    assert body.split() == ["one,text", '1,"a,b"']
