"""The command behind `make smoke-aws`: it needs confirmation, and an interruption leaves no resources."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import REPOSITORY
from local_aws.launcher import LocalAws

NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(REPOSITORY / "packaging/smoke_aws.py"), *arguments]


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        command(*arguments),
        env=mine | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_dry_run_prints_calls_and_cost_without_credentials() -> None:
    done = run(NOWHERE, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for line in (
        'sagemaker:StartPipelineExecution {"PipelineName": "sagemaker-smoke-dryrun-tokens"',
        'cloudwatch:PutMetricAlarm {"AlarmName": "sagemaker-smoke-dryrun-alarms-dead-letters"',
        'servicecatalog:ProvisionProduct {"ProductId": "prod-<of the stack>"',
        's3:PutObject {"Bucket": "sagemaker-p-smokedryrunn-data-111122223333", "Key": "landing/a b+ü.csv"',
        'lambda:Invoke {"FunctionName": "sagemaker-p-smokedryrund-start-pipeline"',
        '{"FeatureGroupName": "sagemaker-smoke-dryrun-native", "RecordIdentifierValueAsString": "3"}',
        "0.166667 hours of an ml.m5.4xlarge x 0.922 (USE1-Processing:ml.m5.4xlarge)",
        "cost: nothing",
    ):
        assert line in done.stdout
    assert run(NOWHERE, "--dry-run").stdout == done.stdout


def test_dry_run_takes_checks_and_region() -> None:
    region = {"AWS_REGION": "eu-west-1"}
    done = run(NOWHERE | region, "--dry-run", "--checks", "launch")
    assert done.returncode == 0, done.stderr
    assert '"LocationConstraint": "eu-west-1"' in done.stdout
    assert "StartPipelineExecution" not in done.stdout


@pytest.mark.parametrize("checks", ["", "tokens,everything", "; rm"])
def test_rejects_unknown_checks(checks: str) -> None:
    refused = run(NOWHERE, "--dry-run", "--checks", checks)
    assert refused.returncode == 1
    assert "list of these: tokens, alarms, launch, native, data-wrangler" in refused.stderr


def test_calls_nothing_without_confirmation() -> None:
    refused = run(NOWHERE)
    assert refused.returncode == 1
    assert "CONFIRM is not set" in refused.stderr
    assert "hint: DRY_RUN=1" in refused.stderr


def test_rejects_account_other_than_the_confirmed_one(aws: LocalAws) -> None:
    refused = run(aws.environment(), "--confirm", "111122223333")
    assert refused.returncode == 1
    assert "CONFIRM=`111122223333` is not this account: 000000000000, us-east-1" in refused.stderr
    assert aws.client("iam").list_roles()["Roles"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_cleans_up_and_reports(aws: LocalAws, tmp_path: Path, number: signal.Signals) -> None:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    report = tmp_path / "report.json"
    process = subprocess.Popen(
        command(
            "--confirm",
            "000000000000",
            "--checks",
            "tokens,alarms",
            "--poll-seconds",
            "0.2",
            "--report",
            str(report),
        ),
        env=mine | aws.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    cloudwatch = aws.client("cloudwatch")
    while process.poll() is None and not cloudwatch.describe_alarms()["MetricAlarms"]:
        time.sleep(0.1)
    process.send_signal(number)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 1
    assert "error: Interrupted." in err
    assert "SHOWN      an equal token returns the same execution" in out
    assert "interrupted" in out
    assert '"left": []' in report.read_text()
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
    assert aws.client("sagemaker").list_pipelines()["PipelineSummaries"] == []
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
