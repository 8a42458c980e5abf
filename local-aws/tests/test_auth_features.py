"""Tests that jobs, pipelines and groups have the permissions of their roles."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import NO_RETRIES
from feature_groups import BUCKET as FEATURES
from feature_groups import create_group, entry, group_request, record, runtime_of, settled, values_of
from jobs import BUCKET, create_steps, ended_execution, job_log, request, run_job, start_steps, upload
from local_aws import LocalAws
from waiting import until

GROUP = "arn:aws:sagemaker:us-east-1:000000000000:feature-group/fg-abalone"
ROLE = "arn:aws:iam::000000000000:role/service-role/worker"
LOGS = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
S3 = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def create_role(
    server: LocalAws, *statements: dict[str, Any], trusted: str = "sagemaker.amazonaws.com"
) -> None:
    """The role ``worker``, which SageMaker and the account may assume."""
    principals = [{"Service": trusted}, {"AWS": "arn:aws:iam::000000000000:root"}]
    trust = [{"Effect": "Allow", "Principal": item, "Action": "sts:AssumeRole"} for item in principals]
    iam = server.client("iam")
    iam.create_role(
        RoleName="worker",
        Path="/service-role/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
    )
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=json.dumps(policy))


@pytest.fixture
def as_worker(auth_server: LocalAws) -> Callable[..., Any]:
    """Returns a client with the credentials of the role ``worker`` with these statements."""

    def make(service: str, *statements: dict[str, Any]) -> Any:
        create_role(auth_server, *statements)
        key = auth_server.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="session")["Credentials"]
        return auth_server.client(
            service,
            config=NO_RETRIES,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key["SessionToken"],
        )

    return make


def denied(action: str, resource: str) -> Any:
    return pytest.raises(ClientError, match=f"{action} on resource: {resource} ")


def test_account_key_may_do_everything(auth_server: LocalAws) -> None:
    create_group(auth_server, OfflineStoreConfig=None)
    runtime = runtime_of(auth_server)
    runtime.put_record(FeatureGroupName=GROUP, Record=record(1))
    assert values_of(runtime, 1, FeatureNames=["rings", "sex"])


def test_refuses_forged_signature(auth_server: LocalAws) -> None:
    create_group(auth_server, OfflineStoreConfig=None)
    forged = runtime_of(auth_server, aws_access_key_id="test", aws_secret_access_key="wrong")
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        forged.put_record(FeatureGroupName="FG-abalone", Record=record(1))


def test_authorizes_reads_and_writes_of_records(auth_server: LocalAws, as_worker: Callable[..., Any]) -> None:
    create_group(auth_server, OfflineStoreConfig=None)
    runtime = as_worker("sagemaker-featurestore-runtime", allow("sagemaker:PutRecord", resource=GROUP))
    runtime.put_record(FeatureGroupName="FG-abalone", Record=record(1))
    with denied("sagemaker:GetRecord", GROUP) as error:
        values_of(runtime, 1)
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    ("allowed", "missing"),
    [
        ("sagemaker:PutRecord", "sagemaker:BatchWriteRecord"),
        ("sagemaker:BatchWriteRecord", "sagemaker:PutRecord"),
    ],
)
def test_batch_requires_both_permissions_on_every_group(
    auth_server: LocalAws, as_worker: Callable[..., Any], allowed: str, missing: str
) -> None:
    create_group(auth_server, OfflineStoreConfig=None)
    runtime = as_worker("sagemaker-featurestore-runtime", allow(allowed, resource=GROUP))
    with denied(missing, GROUP):
        runtime.batch_write_record(Entries=[entry(1)])
    assert auth_server.calls("BatchWriteRecord")[-1].error == "AccessDeniedException"


def test_refuses_whole_batch_if_one_group_is_denied(
    auth_server: LocalAws, as_worker: Callable[..., Any]
) -> None:
    create_group(auth_server, OfflineStoreConfig=None)
    create_group(auth_server, "other", OfflineStoreConfig=None)
    both = allow("sagemaker:BatchWriteRecord", "sagemaker:PutRecord", resource=GROUP)
    runtime = as_worker("sagemaker-featurestore-runtime", both)
    assert runtime.batch_write_record(Entries=[entry(1)])["Errors"] == []
    with denied("sagemaker:BatchWriteRecord", GROUP.replace("fg-abalone", "other")):
        runtime.batch_write_record(Entries=[entry(2), entry(3, group="other")])
    assert values_of(runtime_of(auth_server), 2) == {}


def test_creating_groups_and_jobs_requires_pass_role(
    auth_server: LocalAws, as_worker: Callable[..., Any]
) -> None:
    upload(auth_server)
    sagemaker = as_worker("sagemaker", allow("sagemaker:CreateFeatureGroup", "sagemaker:CreateProcessingJob"))
    with denied("iam:PassRole", ROLE):
        sagemaker.create_feature_group(**group_request(RoleArn=ROLE))
    with denied("iam:PassRole", ROLE):
        sagemaker.create_processing_job(ProcessingJobName="job", **request("report.py", RoleArn=ROLE))
    with denied("sagemaker:DescribeFeatureGroup", GROUP):
        sagemaker.describe_feature_group(FeatureGroupName="FG-abalone")


def test_refuses_role_that_does_not_trust_sagemaker(auth_server: LocalAws) -> None:
    upload(auth_server)
    create_role(auth_server, S3, trusted="lambda.amazonaws.com")
    for role in (ROLE, f"{ROLE}-none"):
        with pytest.raises(ClientError, match=f"Could not assume role {role}\\. Please ensure"):
            run_job(auth_server, request("report.py", RoleArn=role))


def test_job_has_permissions_of_its_role(auth_server: LocalAws) -> None:
    upload(auth_server)
    create_role(auth_server, S3, LOGS)
    job = run_job(auth_server, request("report.py", RoleArn=ROLE))
    assert job["ProcessingJobStatus"] == "Completed", job
    s3 = auth_server.client("s3")
    seen = json.loads(s3.get_object(Bucket=BUCKET, Key="out/report.json")["Body"].read())
    key = {name: value for name, value in seen["environment"].items() if "KEY" in name or "TOKEN" in name}
    sts = auth_server.client(
        "sts",
        aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=key["AWS_SESSION_TOKEN"],
    )
    assert sts.get_caller_identity()["Arn"] == "arn:aws:sts::000000000000:assumed-role/worker/SageMaker"


def test_job_fails_if_role_cannot_read_input(auth_server: LocalAws) -> None:
    upload(auth_server)
    create_role(auth_server, LOGS)
    job = run_job(auth_server, request("report.py", RoleArn=ROLE))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed: ")
    assert "AccessDenied" in job["FailureReason"]


def test_job_runs_without_log_if_role_cannot_write_logs(auth_server: LocalAws) -> None:
    upload(auth_server)
    create_role(auth_server, S3)
    assert run_job(auth_server, request("report.py", RoleArn=ROLE))["ProcessingJobStatus"] == "Completed"
    assert job_log(auth_server) == []


def test_job_has_log_if_role_can_write_to_streams_only(auth_server: LocalAws) -> None:
    upload(auth_server)
    streams = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/ProcessingJobs:log-stream:*"
    group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/ProcessingJobs"
    writing = allow("logs:CreateLogStream", "logs:PutLogEvents", resource=streams)
    create_role(auth_server, S3, writing, allow("logs:CreateLogGroup", resource=group))
    assert run_job(auth_server, request("report.py", RoleArn=ROLE))["ProcessingJobStatus"] == "Completed"
    assert job_log(auth_server) != []


def test_pipeline_creates_jobs_with_its_role(auth_server: LocalAws) -> None:
    auth_server.set_steps("run")
    upload(auth_server)
    create_role(auth_server, S3, LOGS)
    step = {"Name": "ingest", "Type": "Processing", "Arguments": request("report.py", RoleArn=ROLE)}
    sagemaker = create_steps(auth_server, step, role=ROLE)
    ended = ended_execution(sagemaker, start_steps(sagemaker, 1))
    assert "sagemaker:CreateProcessingJob on resource: " in ended["Steps"][0]["FailureReason"]
    policy = {"Version": "2012-10-17", "Statement": [
        S3, LOGS, allow("sagemaker:CreateProcessingJob"), allow("iam:PassRole", resource=ROLE)]}  # fmt: skip
    auth_server.client("iam").put_role_policy(
        RoleName="worker", PolicyName="p", PolicyDocument=json.dumps(policy)
    )
    ended = ended_execution(sagemaker, start_steps(sagemaker, 2))
    assert ended["PipelineExecutionStatus"] == "Succeeded", ended
    principal = auth_server.calls("CreateProcessingJob")[-1].principal
    assert principal == "arn:aws:sts::000000000000:assumed-role/worker/SageMaker"


def test_offline_store_is_written_with_role_of_group(auth_server: LocalAws) -> None:
    create_role(auth_server, allow("s3:GetBucketAcl"))
    create_group(auth_server, RoleArn=ROLE)
    runtime_of(auth_server).put_record(FeatureGroupName="FG-abalone", Record=record(1))
    sagemaker = auth_server.client("sagemaker")

    def blocked() -> str | None:
        found: dict[str, str] = sagemaker.describe_feature_group(FeatureGroupName="FG-abalone")[
            "OfflineStoreStatus"
        ]
        return found.get("BlockedReason")

    assert "s3:PutObject" in until(blocked)


def test_group_fails_if_role_cannot_access_bucket(auth_server: LocalAws) -> None:
    create_role(auth_server, LOGS)
    auth_server.client("s3").create_bucket(Bucket=FEATURES)
    sagemaker = auth_server.client("sagemaker")
    sagemaker.create_feature_group(**group_request(RoleArn=ROLE))
    described = settled(sagemaker)
    assert described["FeatureGroupStatus"] == "CreateFailed"
    assert "AccessDenied" in described["FailureReason"]
