"""The portfolio commands with the real AWS CLI, against local CloudFormation and IAM."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import REPOSITORY
from local_aws.launcher import LocalAws
from staging.place import PORTFOLIO_KEY

ROLE = "arn:aws:iam::000000000000:role/service-role/execution"
TEMPLATE = Path(__file__).parent / "fixtures/portfolio-like.yaml"


def run(aws: LocalAws, *arguments: str) -> subprocess.CompletedProcess[str]:
    shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, REPOSITORY / "packaging/portfolio.py", *arguments],
        env=shell | aws.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def attached(aws: LocalAws, role: str) -> list[str]:
    answer = aws.client("iam").list_attached_role_policies(RoleName=role)
    return [policy["PolicyArn"] for policy in answer["AttachedPolicies"]]


@pytest.fixture
def staged(aws: LocalAws) -> LocalAws:
    """A staged template, and the roles that receive policies."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="my-bucket")
    s3.put_object(Bucket="my-bucket", Key=PORTFOLIO_KEY, Body=TEMPLATE.read_bytes())
    for role in ("launch", "execution"):
        aws.client("iam").create_role(RoleName=role, Path="/service-role/", AssumeRolePolicyDocument="{}")
    return aws


def test_every_command_can_be_repeated(staged: LocalAws) -> None:
    first = run(staged, "deploy", "--bucket", "my-bucket", "--principal", ROLE)
    assert first.returncode == 0, first.stderr
    again = run(staged, "deploy")
    assert again.returncode == 0, again.stderr
    assert "No changes to deploy" in again.stderr
    outputs = dict(line.split() for line in again.stdout.splitlines() if line.startswith(("  A", "  F")))
    for command, policies in (
        ("attach", [outputs["FSIngestionProductPolicyArn"]]),
        ("attach", [outputs["FSIngestionProductPolicyArn"]]),
        ("detach", []),
        ("detach", []),
    ):
        done = run(staged, command)
        assert done.returncode == 0, done.stderr
        assert attached(staged, "launch") == policies
        assert len(attached(staged, "execution")) == len(policies)
    staged.client("iam").delete_role(RoleName="launch")
    refused = run(staged, "attach")
    assert refused.returncode == 1
    assert "role launch does not exist yet" in refused.stderr


def test_recognizes_missing_stack_and_template(staged: LocalAws) -> None:
    gone = run(staged, "delete")
    assert gone.returncode == 0, gone.stderr
    assert "nothing to delete" in gone.stdout
    unstaged = run(staged, "deploy", "--bucket", "no-such-bucket", "--principal", ROLE)
    assert unstaged.returncode == 1
    assert "hint: make package S3_BUCKET_NAME=no-such-bucket" in unstaged.stderr
