"""The command behind `make package`: its output and its requirements."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import REPOSITORY
from local_aws.launcher import LocalAws


def package(root: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command with only these AWS variables."""
    shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    command = [sys.executable, str(REPOSITORY / "packaging/package.py"), "--root", str(root)]
    return subprocess.run(
        [*command, *arguments],
        env=shell | nothing | {"AWS_EC2_METADATA_DISABLED": "true"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_prints_the_next_step(root: Path, aws: LocalAws) -> None:
    done = package(root, aws.environment(), "--bucket", "my-bucket", "--version", "1.0")
    assert done.returncode == 0, done.stderr
    staged = "https://my-bucket.s3.us-east-1.amazonaws.com/amazon-sagemaker-reusable-components"
    assert f"{staged}/sm-project-sc-portfolio.yaml" in done.stdout
    assert "version 1.0" in done.stdout
    assert "make deploy S3_BUCKET_NAME=my-bucket SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=" in done.stdout
    assert "https://console.aws.amazon.com/cloudformation/home?region=us-east-1#/stacks/create" in done.stdout
    again = package(root, aws.environment(), "--bucket", "my-bucket", "--version", "2.0")
    assert "already staged as version 1.0" in again.stdout


def test_aws_region_overrides_aws_default_region(root: Path, aws: LocalAws) -> None:
    regions = {"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "us-east-1"}
    shown = package(root, aws.environment() | regions, "--bucket", "my-bucket", "--dry-run")
    assert "my-bucket in eu-west-3" in shown.stdout


def test_dry_run_needs_no_credentials_or_region(root: Path) -> None:
    shown = package(root, {}, "--bucket", "my-bucket", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "would upload amazon-sagemaker-reusable-components/sm-project-sc-portfolio.yaml" in shown.stdout
    assert "no AWS region is set" in shown.stderr
    assert "no AWS credentials" in shown.stderr


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "No AWS region is set"),
        ({"AWS_REGION": "somewhere"}, "`somewhere` is not an AWS region"),
        ({"AWS_REGION": "eu-west-1"}, "There are no AWS credentials"),
        (
            {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "only one"},
            "The AWS credentials cannot be used",
        ),
        ({"AWS_PROFILE": "none"}, "The config profile (none) could not be found"),
    ],
)
@pytest.mark.parametrize("only_check", [True, False])
def test_reports_missing_configuration_with_hint(
    root: Path, environment: dict[str, str], expected: str, only_check: bool
) -> None:
    refused = package(root, environment, "--bucket", "my-bucket", *(["--only-check"] if only_check else []))
    assert refused.returncode == 1
    assert f"error: {expected}" in refused.stderr
    assert "hint: " in refused.stderr
    assert "Traceback" not in refused.stderr


def test_only_check_reports_errors_before_the_build(tmp_path: Path, aws: LocalAws) -> None:
    nothing_built = tmp_path
    for arguments in (
        ["--bucket", ""],
        ["--bucket", "My_Bucket"],
        ["--bucket", "my-bucket", "--version", "a b"],
    ):
        refused = package(nothing_built, aws.environment(), "--only-check", *arguments)
        assert refused.returncode == 1, arguments
        assert "hint: " in refused.stderr
    done = package(nothing_built, aws.environment(), "--only-check", "--bucket", "my-bucket")
    assert done.returncode == 0, done.stderr
    assert aws.client("s3").list_buckets()["Buckets"] == []
