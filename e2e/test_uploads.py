"""Each upload starts its pipeline once, for any key and any kind of upload."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from local_aws.launcher import LocalAws
from observe import EVENTS, depth, eventually, executions, input_url, invoke, log_lines, parameters
from wiring import FUNCTION, wire

KEYS = [
    "landing/abalone.csv",
    "landing/raw data/abalone 2026 11.csv",
    "landing/a+b.csv",
    "landing/a%20b.csv",
    "landing/a%2Bb&c=d?e#f;g.csv",
    "landing/전복 데이터.csv",
    "landing/🐚-shells.csv",
    "landing/בדיקה ١٢٣ ไทย.csv",
    "landing/a\tb\u2028c\u0085d.csv",
    "landing/....csv",
    "landing//double//slash.csv",
    "landing/" + "복" * 337 + "a.csv",
]


@pytest.mark.parametrize("key", KEYS)
def test_any_key_reaches_the_pipeline_verbatim_and_once(aws: LocalAws, package: Path, key: str) -> None:
    wiring = wire(aws, package)
    aws.client("s3").put_object(Bucket=wiring.bucket, Key=key, Body=b"x")
    eventually(lambda: executions(aws), "the execution")
    eventually(lambda: depth(aws, wiring.tap), "the event")
    found = executions(aws)
    assert [input_url(aws, execution) for execution in found] == [f"s3://{wiring.bucket}/{key}"]


def test_only_keys_with_prefix_and_suffix_start_an_execution(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package)
    s3 = aws.client("s3")
    for key in ["landing/a.txt", "elsewhere/a.csv", "a.csv", "landing", "landing/a.csv.bak", "Landing/a.csv"]:
        s3.put_object(Bucket=wiring.bucket, Key=key, Body=b"x")
    s3.put_object(Bucket=wiring.bucket, Key="landing/deep/er/last.csv", Body=b"x")
    eventually(lambda: executions(aws), "the execution")
    assert [input_url(aws, found) for found in executions(aws)] == [
        f"s3://{wiring.bucket}/landing/deep/er/last.csv"
    ]
    eventually(lambda: depth(aws, wiring.tap), "the event")
    assert depth(aws, wiring.tap) == 1


@pytest.mark.parametrize("versioned", [False, True])
def test_each_upload_of_a_key_starts_its_own_execution(aws: LocalAws, package: Path, versioned: bool) -> None:
    wiring = wire(aws, package, versioned=versioned)
    s3 = aws.client("s3")
    for upload in range(3):
        # Each upload counts, even with the same content.
        s3.put_object(Bucket=wiring.bucket, Key="landing/same.csv", Body=b"same")
        eventually(functools.partial(has_executions, aws, upload + 1), "the execution")
    assert len({found["PipelineExecutionArn"] for found in executions(aws)}) == 3


def test_execution_receives_the_version_of_its_object(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package, versioned=True)
    uploaded = aws.client("s3").put_object(Bucket=wiring.bucket, Key="landing/a.csv", Body=b"x")
    [execution] = eventually(lambda: executions(aws), "the execution")
    assert parameters(aws, execution)["InputDataVersion"] == uploaded["VersionId"]


def test_copies_and_multipart_uploads_start_executions(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package)
    s3 = aws.client("s3")
    s3.put_object(Bucket=wiring.bucket, Key="elsewhere/source.csv", Body=b"x")
    source = {"Bucket": wiring.bucket, "Key": "elsewhere/source.csv"}
    s3.copy_object(Bucket=wiring.bucket, Key="landing/copied.csv", CopySource=source)
    upload = s3.create_multipart_upload(Bucket=wiring.bucket, Key="landing/parts.csv")
    part = {"Bucket": wiring.bucket, "Key": "landing/parts.csv", "UploadId": upload["UploadId"]}
    etag = s3.upload_part(**part, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    eventually(lambda: len(executions(aws)) == 2, "both executions")
    urls = {input_url(aws, found) for found in executions(aws)}
    assert urls == {f"s3://{wiring.bucket}/landing/{name}.csv" for name in ("copied", "parts")}


def test_skips_folder_markers_and_empty_objects(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package, suffix="")
    s3 = aws.client("s3")
    s3.put_object(Bucket=wiring.bucket, Key="landing/folder/", Body=b"")
    s3.put_object(Bucket=wiring.bucket, Key="landing/empty.csv", Body=b"")

    def skips() -> list[str]:
        lines = log_lines(aws, FUNCTION)
        return sorted(line["reason"] for line in lines if line.get("message") == "event skipped")

    eventually(lambda: len(skips()) == 2, "both skips")
    assert skips() == ["empty_object", "folder_marker"]
    assert executions(aws) == []
    assert depth(aws, wiring.retry_queue) == 0


def test_redelivered_event_finds_the_execution_of_the_first_delivery(aws: LocalAws, package: Path) -> None:
    wiring = wire(aws, package)
    aws.client("s3").put_object(Bucket=wiring.bucket, Key="landing/a.csv", Body=b"x")
    eventually(lambda: executions(aws), "the execution")
    message = eventually(
        lambda: aws.client("sqs").receive_message(QueueUrl=wiring.tap).get("Messages"), "the event"
    )
    answers = [invoke(aws, message[0]["Body"]) for _ in range(3)]
    assert {answer["execution_arn"] for answer in answers} == {executions(aws)[0]["PipelineExecutionArn"]}
    assert len(executions(aws)) == 1


def test_execution_is_named_after_the_object(aws: LocalAws, package: Path) -> None:
    wire(aws, package)
    answer = invoke(aws, (EVENTS / "key-spaces.json").read_text())
    assert answer["outcome"] == "started"
    execution = executions(aws)[0]
    assert execution["PipelineExecutionDisplayName"] == "abalone-2026-11-20261122-010203"
    assert execution["PipelineExecutionDescription"] == "landing/raw data/abalone 2026 11.csv"


def test_logs_and_metrics_describe_the_execution(aws: LocalAws, package: Path) -> None:
    wire(aws, package)
    answer = invoke(aws, (EVENTS / "put-object.json").read_text())
    lines = eventually(lambda: log_lines(aws, FUNCTION), "the log")
    started = next(line for line in lines if line.get("message") == "execution started")
    assert started["bucket"] == "amzn-s3-demo-bucket"
    assert started["key"] == "landing/abalone.csv"
    assert started["token"] == answer["token"]
    assert started["execution_arn"] == answer["execution_arn"]
    assert started["request_id"]
    metric = next(line for line in lines if line.get("ExecutionsStarted") == 1)
    assert metric["PipelineName"] == "ingest-abalone"
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "SageMakerFeatureIngestion"


def has_executions(aws: LocalAws, number: int) -> bool:
    return len(executions(aws)) == number
