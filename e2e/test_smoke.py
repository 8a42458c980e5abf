"""Runs the checks of `make smoke-aws` on local-aws: their requests are valid, and they clean up."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import stacks
from builds import ROOT
from inventory import everything
from local_aws.launcher import LocalAws
from wiring import ACCOUNT

LAUNCH_ROLE = "AmazonSageMakerServiceCatalogProductsLaunchRole"


@pytest.fixture(scope="module")
def running_aws(engine: Path) -> Iterator[LocalAws]:
    """A server that runs jobs, and checks signatures and permissions."""
    with LocalAws(auth=True, ingest_features=engine) as aws:
        yield aws


@pytest.fixture
def parameters(aws: LocalAws) -> dict[str, str]:
    """Deploys the portfolio. Returns the parameters that packaging sets in the product template."""
    staged, iam = stacks.stage(aws, with_build=True), aws.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "servicecatalog.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam.create_role(
        RoleName=LAUNCH_ROLE,
        Path="/service-role/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    # The portfolio's second policy replaces the AWS managed policy of the role.
    of_stacks = {
        "Effect": "Allow",
        "Action": "cloudformation:*",
        "Resource": "arn:aws:cloudformation:*:*:stack/SC-*",
    }
    iam.put_role_policy(
        RoleName=LAUNCH_ROLE,
        PolicyName="stacks",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [of_stacks]}),
    )
    name = "sm-project-sc-portfolio"
    outputs = stacks.deploy(aws, name, stacks.PORTFOLIO, stacks.portfolio_parameters())
    for policy in ("FSIngestionProductPolicyArn", "ProjectsLaunchPolicyArn"):
        iam.attach_role_policy(RoleName=LAUNCH_ROLE, PolicyArn=outputs[policy])
    return staged


def operator(aws: LocalAws) -> dict[str, str]:
    """Creates a user with exactly the documented permissions of the checks. Returns the access key."""
    iam = aws.client("iam")
    iam.create_user(UserName="operator")
    policy = (ROOT / "packaging/smoke/permissions.json").read_text()
    iam.put_user_policy(UserName="operator", PolicyName="smoke", PolicyDocument=policy)
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def smoke(aws: LocalAws, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `make smoke-aws`."""
    command = [sys.executable, str(ROOT / "packaging/smoke_aws.py")]
    return subprocess.run(
        [*command, *arguments],
        env=aws.environment() | operator(aws),
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )


class Metrics(threading.Thread):
    """Publishes the CloudWatch metrics that local-aws does not: those of services, and those in logs."""

    def __init__(self, aws: LocalAws) -> None:
        super().__init__(daemon=True)
        self._aws = aws
        self._done = threading.Event()

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        """Publishes the metrics for each alarm and pipeline of the checks, until stopped."""
        cloudwatch = self._aws.client("cloudwatch")
        while not self._done.wait(0.2):
            for alarm in cloudwatch.describe_alarms(AlarmNamePrefix="sagemaker-smoke-")["MetricAlarms"]:
                name = alarm["AlarmName"].removesuffix("-dead-letters")
                self._count("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", f"{name}-waiting", 600)
                self._count("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", f"{name}-received", 0)
                self._count("AWS/Sagemaker/ModelBuildingPipeline", "ExecutionFailed", "PipelineName", name, 1)
                self._count(
                    "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", alarm["AlarmName"], 1
                )

            pipelines = self._aws.client("sagemaker").list_pipelines(PipelineNamePrefix="s3-fs-ingest")
            for pipeline in pipelines["PipelineSummaries"]:
                name = pipeline["PipelineName"]
                self._count("SageMakerFeatureIngestion", "ExecutionsStarted", "PipelineName", name, 1)

    def _count(self, namespace: str, metric: str, dimension: str, name: str, value: float) -> None:
        data = {"MetricName": metric, "Dimensions": [{"Name": dimension, "Value": name}], "Value": value}
        self._aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[data])


@pytest.mark.timeout(900)
def test_all_checks_run_and_leave_nothing(aws: LocalAws, parameters: dict[str, str], tmp_path: Path) -> None:
    before = everything(aws)
    report = tmp_path / "report.json"
    assignments = " ".join(f"{name}={value}" for name, value in parameters.items())
    options = ["--report", str(report), "--parameters", assignments, "--poll-seconds", "0.5"]
    with Metrics(aws):
        result = smoke(aws, "--confirm", ACCOUNT, *options)
    assert result.returncode == 0, result.stderr + result.stdout
    found = json.loads(report.read_text())
    assert found["left"] == []
    # The test created the user. SageMaker keeps the log group.
    kept = {"user operator", "log group /aws/sagemaker/ProcessingJobs"}
    assert everything(aws) - before == kept
    assert {verdict["outcome"] for verdict in found["verdicts"]} == {"shown"}
    assert len(found["verdicts"]) == len({verdict["claim"] for verdict in found["verdicts"]}) == 19
