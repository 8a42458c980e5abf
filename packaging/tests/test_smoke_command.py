"""`make smoke-aws` as a command: nothing without confirmation, and nothing left when it is interrupted."""

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
from worlds import program

NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true"}


def command(folder: Path, *arguments: str) -> list[str]:
    script = str(REPOSITORY / "packaging/smoke_aws.py")
    return [sys.executable, script, "--program", str(program(folder)), *arguments]


def run(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        command(folder, *arguments),
        env=mine | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_a_dry_run_needs_no_credentials_prints_every_call_with_its_cost_and_makes_none(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, NOWHERE, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for line in (
        'sagemaker:StartPipelineExecution {"PipelineName": "sagemaker-smoke-dryrun-tokens"',
        'cloudwatch:PutMetricAlarm {"AlarmName": "sagemaker-smoke-dryrun-alarms-dead-letters"',
        'servicecatalog:ProvisionProduct {"ProductId": "prod-<of the stack>"',
        'sagemaker:CreateProcessingJob {"ProcessingResources"',
        "cost: about $0.1537 = 0.166667 hours of an ml.m5.4xlarge x 0.922",
        "cost: nothing",
    ):
        assert line in done.stdout
    assert run(tmp_path, NOWHERE, "--dry-run").stdout == done.stdout


def test_a_dry_run_can_be_of_some_checks_and_of_another_region(tmp_path: Path) -> None:
    region = {"AWS_REGION": "eu-west-1"}
    done = run(tmp_path, NOWHERE | region, "--dry-run", "--checks", "launch")
    assert done.returncode == 0, done.stderr
    assert '"LocationConstraint": "eu-west-1"' in done.stdout
    assert "StartPipelineExecution" not in done.stdout


@pytest.mark.parametrize("checks", ["", "tokens,everything", "; rm"])
def test_unknown_checks_are_refused(tmp_path: Path, checks: str) -> None:
    refused = run(tmp_path, NOWHERE, "--dry-run", "--checks", checks)
    assert refused.returncode == 1
    assert "hint: some of tokens, alarms, launch, binding" in refused.stderr


def test_without_confirmation_nothing_is_asked(tmp_path: Path) -> None:
    refused = run(tmp_path, NOWHERE)
    assert refused.returncode == 1
    assert "CONFIRM is not set" in refused.stderr
    assert "hint: DRY_RUN=1" in refused.stderr


def test_another_account_than_the_confirmed_one_is_left_alone(aws: LocalAws, tmp_path: Path) -> None:
    refused = run(tmp_path, aws.environment(), "--confirm", "111122223333")
    assert refused.returncode == 1
    assert "CONFIRM=`111122223333` is not this account: 000000000000, us-east-1" in refused.stderr
    assert aws.client("iam").list_roles()["Roles"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_removes_what_it_made_and_reports(
    aws: LocalAws, tmp_path: Path, number: signal.Signals
) -> None:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    report = tmp_path / "report.json"
    process = subprocess.Popen(
        command(
            tmp_path,
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
    assert "SHOWN      an equal token gives the same execution" in out
    assert "interrupted" in out
    assert '"left": []' in report.read_text()
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
    assert aws.client("sagemaker").list_pipelines()["PipelineSummaries"] == []
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
