"""The deployed templates with IAM enforced: an upload to the stack's bucket starts its pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

import stacks
from builds import ARCHITECTURE
from inventory import everything
from local_aws.launcher import LocalAws
from observe import depth, eventually, executions, input_url, log_lines
from resolve import Template
from walkthrough import STAGING_BUCKET
from wiring import ACCOUNT, REGION, create_pipeline

FUNCTION = f"sagemaker-{stacks.PROJECT_ID}-start-pipeline"
RETRY_FUNCTION = f"{FUNCTION}-retry"
OWN_BUCKET = f"sagemaker-{stacks.PROJECT_ID}-data-{ACCOUNT}"
ARTIFACTS = f"sagemaker-{stacks.PROJECT_ID}-artifacts-{ACCOUNT}"
EXISTING_BUCKET = "landing-zone"
PACKAGED = {
    "StagingBucketName": STAGING_BUCKET,
    "StartPipelineX8664Sha256": "0" * 64,
    "IngestionPipelineX8664Sha256": "0" * 64,
    "SeedCodeSha256": "0" * 64,
}


@pytest.fixture(scope="module")
def running_aws() -> Iterator[LocalAws]:
    """A server that checks signatures and permissions."""
    with LocalAws(auth=True) as aws:
        yield aws


@pytest.fixture
def staged(aws: LocalAws) -> dict[str, str]:
    """Stages the package, and deploys the portfolio, which creates the roles."""
    parameters = stacks.stage(aws)
    stacks.deploy(aws, "portfolio", stacks.PORTFOLIO, stacks.portfolio_parameters())
    return parameters


@pytest.fixture(params=["created", "existing"])
def project(request: pytest.FixtureRequest, aws: LocalAws, staged: dict[str, str]) -> dict[str, str]:
    """The outputs of a deployed project, with its own data bucket or an existing one."""
    changes = {"Dashboard": "Yes"}
    if request.param == "existing":
        s3 = aws.client("s3")
        s3.create_bucket(Bucket=EXISTING_BUCKET)
        s3.put_bucket_notification_configuration(
            Bucket=EXISTING_BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        changes["DataBucketName"] = EXISTING_BUCKET
    return stacks.deploy(aws, "project", stacks.PRODUCT, stacks.product_parameters(staged, **changes))


def upload(aws: LocalAws, project: dict[str, str], key: str) -> None:
    """Uploads a file to the project's data bucket."""
    aws.client("s3").put_object(Bucket=project["DataBucketName"], Key=key, Body=b"x")


def failures(aws: LocalAws, function: str) -> list[str]:
    """Returns the reasons why uploads failed, from a function's log."""
    return [line["reason"] for line in log_lines(aws, function) if line.get("message") == "event failed"]


def test_only_uploads_that_match_prefix_and_suffix_start_the_pipeline(
    aws: LocalAws, project: dict[str, str]
) -> None:
    create_pipeline(aws, project["PipelineName"])
    for key in ("elsewhere/a.csv", "landing/a.txt", "a.csv"):
        upload(aws, project, key)
    upload(aws, project, "landing/전복 a+b.csv")
    eventually(lambda: executions(aws, project["PipelineName"]), "the execution")
    found = [input_url(aws, execution) for execution in executions(aws, project["PipelineName"])]
    assert found == [f"{project['DataLocation']}전복 a+b.csv"]
    # The caller is the role that the portfolio's stack created.
    [call] = aws.calls("StartPipelineExecution")
    assert f":assumed-role/AmazonSageMakerServiceCatalogProductsFs-Lambda-{REGION}/" in call.principal
    assert log_lines(aws, RETRY_FUNCTION) == []


def test_failed_upload_is_retried_through_the_queue(aws: LocalAws, project: dict[str, str]) -> None:
    create_pipeline(aws, project["PipelineName"])
    aws.faults.error("StartPipelineExecution", code="ResourceLimitExceeded", times=1)
    upload(aws, project, "landing/a.csv")
    eventually(lambda: executions(aws, project["PipelineName"]), "the execution")
    assert failures(aws, FUNCTION) == ["ExecutionLimit"]
    eventually(lambda: log_lines(aws, RETRY_FUNCTION), "the second function's log")
    eventually(lambda: depth(aws, project["RetryQueueUrl"]) == 0, "an empty queue")
    assert failures(aws, RETRY_FUNCTION) == []
    assert len(executions(aws, project["PipelineName"])) == 1


def test_upload_before_the_first_build_waits_in_the_retry_queue(
    aws: LocalAws, project: dict[str, str]
) -> None:
    upload(aws, project, "landing/a.csv")
    eventually(lambda: failures(aws, RETRY_FUNCTION), "the second failure")
    assert failures(aws, FUNCTION) == failures(aws, RETRY_FUNCTION) == ["PipelineNotFound"]
    assert depth(aws, project["RetryQueueUrl"]) == 1
    assert depth(aws, project["DeadLetterQueueUrl"]) == 0


def test_update_changes_the_prefix(aws: LocalAws, staged: dict[str, str]) -> None:
    project = stacks.deploy(aws, "project", stacks.PRODUCT, stacks.product_parameters(staged))
    create_pipeline(aws, project["PipelineName"])
    changed = stacks.product_parameters(staged, DataKeyPrefix="incoming/", RetryDelaySeconds="60")
    stacks.update(aws, "project", stacks.PRODUCT, changed)
    for key in ("landing/a.csv", "incoming/b.csv"):
        upload(aws, project, key)
    eventually(lambda: executions(aws, project["PipelineName"]), "the execution")
    [execution] = executions(aws, project["PipelineName"])
    assert input_url(aws, execution) == f"s3://{project['DataBucketName']}/incoming/b.csv"
    queue = aws.client("sqs").get_queue_attributes(
        QueueUrl=project["RetryQueueUrl"], AttributeNames=["VisibilityTimeout"]
    )
    assert queue["Attributes"]["VisibilityTimeout"] == "60"


def test_role_cannot_start_the_pipeline_of_another_project(aws: LocalAws, staged: dict[str, str]) -> None:
    """The functions' role allows only pipeline names with the project prefix."""
    parameters = stacks.product_parameters(staged)
    project = stacks.deploy(aws, "project", stacks.PRODUCT, parameters)
    create_pipeline(aws, "other-team")
    functions = aws.client("lambda")
    functions.update_function_configuration(
        FunctionName=FUNCTION, Environment={"Variables": {"SM_PIPELINE_NAME": "other-team"}}
    )
    upload(aws, project, "landing/a.csv")
    eventually(lambda: failures(aws, FUNCTION), "the failure")
    assert failures(aws, FUNCTION) == ["AccessDenied"]
    assert executions(aws, "other-team") == []


def test_outputs_match_those_that_the_template_tests_compute(aws: LocalAws, staged: dict[str, str]) -> None:
    parameters = stacks.product_parameters(staged, Dashboard="Yes")
    found = stacks.deploy(aws, "project", stacks.PRODUCT, parameters)
    stack = Template.load(stacks.PRODUCT).resolve(parameters, region=REGION, account=ACCOUNT)
    expected = dict(stack.outputs)
    # The URLs have local-aws's host instead of those of SQS and CodeCommit.
    for name in ("RetryQueueUrl", "DeadLetterQueueUrl", "RepositoryCloneUrl"):
        assert found.pop(name).rpartition("/")[2] == expected.pop(name).rpartition("/")[2]
    assert found == expected


def test_rejects_an_unpackaged_engine_before_creating_resources(aws: LocalAws) -> None:
    aws.client("s3").create_bucket(Bucket=STAGING_BUCKET)
    parameters = stacks.product_parameters(PACKAGED, Engine="native")
    with pytest.raises(ClientError, match="The native engine is not packaged"):
        stacks.create(aws, "project", stacks.PRODUCT, parameters)
    assert stacks.status(aws, "project") == "gone"


def test_launch_fails_if_a_name_exists_and_keeps_the_existing_resource(
    aws: LocalAws, staged: dict[str, str]
) -> None:
    taken = f"sagemaker-{stacks.PROJECT_ID}-retry"
    aws.client("sqs").create_queue(QueueName=taken)
    before = everything(aws)
    stacks.create(aws, "project", stacks.PRODUCT, stacks.product_parameters(staged))
    assert stacks.status(aws, "project") == "ROLLBACK_COMPLETE"
    reason = f"RetryQueue: Resource of type 'AWS::SQS::Queue' with identifier '{taken}' already exists."
    assert reason in stacks.reasons(aws, "project")
    assert everything(aws) - before == {"stack project (ROLLBACK_COMPLETE)"}
    assert before <= everything(aws)


def test_failed_launch_leaves_no_resources(aws: LocalAws, staged: dict[str, str]) -> None:
    before = everything(aws)
    processor = "Arm64" if ARCHITECTURE == "arm64" else "X8664"
    # Never staged.
    parameters = stacks.product_parameters(staged, **{f"StartPipeline{processor}Sha256": "f" * 64})
    stacks.create(aws, "project", stacks.PRODUCT, parameters)
    assert stacks.status(aws, "project") == "ROLLBACK_COMPLETE"
    assert any("StartPipeline" in reason for reason in stacks.reasons(aws, "project"))
    assert everything(aws) - before == {"stack project (ROLLBACK_COMPLETE)"}


def test_deleting_a_project_leaves_only_its_buckets(aws: LocalAws, staged: dict[str, str]) -> None:
    before = everything(aws)
    project = stacks.deploy(
        aws, "project", stacks.PRODUCT, stacks.product_parameters(staged, Dashboard="Yes")
    )
    upload(aws, project, "elsewhere/a.csv")
    assert len(everything(aws)) > len(before) + 8
    aws.client("cloudformation").delete_stack(StackName="project")
    assert stacks.status(aws, "project") == "gone"
    kept = {f"bucket {OWN_BUCKET}", f"bucket {ARTIFACTS}"}
    assert everything(aws) - before == kept
    # The buckets still reject requests without TLS.
    for bucket in (OWN_BUCKET, ARTIFACTS):
        policy = json.loads(aws.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
        assert "TlsOnly" in [statement["Sid"] for statement in policy["Statement"]]
    aws.client("cloudformation").delete_stack(StackName="portfolio")
    assert stacks.status(aws, "portfolio") == "gone"
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("iam").list_policies(Scope="Local")["Policies"] == []
