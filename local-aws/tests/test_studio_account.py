"""Tests the account with SageMaker Studio that `serve --studio` opens."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws
from local_aws.server import Opening
from local_aws.studio_account import (
    AWS_POLICIES,
    DEFAULT_BUCKET,
    LAUNCH_ROLE,
    STUDIO_ROLE,
    STUDIO_ROLE_ARN,
    StudioAccount,
    open_account,
)
from waiting import until

PACKAGE_PARENT = Path(__file__).resolve().parent.parent


def studio_user(server: LocalAws, account: StudioAccount, service: str) -> Any:
    return server.client(
        service,
        aws_access_key_id=account.key["AccessKeyId"],
        aws_secret_access_key=account.key["SecretAccessKey"],
        aws_session_token=account.key["SessionToken"],
    )


def trusted(server: LocalAws, role: str) -> dict[str, str]:
    document = server.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    parsed = json.loads(document) if isinstance(document, str) else document
    [statement] = parsed["Statement"]
    return dict(statement["Principal"])


def test_opens_account_with_domain_roles_and_bucket(auth_server: LocalAws) -> None:
    account = open_account(auth_server.client)
    sagemaker = auth_server.client("sagemaker")
    domain = sagemaker.describe_domain(DomainId=account.domain_id)
    assert domain["DefaultUserSettings"]["ExecutionRole"] == STUDIO_ROLE_ARN
    assert trusted(auth_server, LAUNCH_ROLE) == {"Service": "servicecatalog.amazonaws.com"}
    assert trusted(auth_server, STUDIO_ROLE)["Service"] == "sagemaker.amazonaws.com"
    assert [each["Name"] for each in auth_server.client("s3").list_buckets()["Buckets"]] == [DEFAULT_BUCKET]


def test_key_is_a_studio_users(auth_server: LocalAws) -> None:
    account = open_account(auth_server.client)
    caller = studio_user(auth_server, account, "sts").get_caller_identity()["Arn"]
    assert caller == f"arn:aws:sts::000000000000:assumed-role/{STUDIO_ROLE}/studio-user"
    studio_user(auth_server, account, "s3").put_object(Bucket=DEFAULT_BUCKET, Key="my.flow", Body=b"{}")
    with pytest.raises(ClientError, match="AccessDenied"):
        studio_user(auth_server, account, "iam").list_roles()


def test_opening_again_changes_nothing(auth_server: LocalAws) -> None:
    first = open_account(auth_server.client)
    again = open_account(auth_server.client)
    assert again.domain_id == first.domain_id
    assert len(auth_server.client("sagemaker").list_domains()["Domains"]) == 1


def test_data_directory_keeps_account(tmp_path: Path) -> None:
    with LocalAws(auth=True, data_dir=tmp_path / "data") as first:
        before = open_account(first.client)
        first.client("s3").put_object(Bucket=DEFAULT_BUCKET, Key="my.flow", Body=b"{}")
        document = json.dumps(json.loads(AWS_POLICIES.read_text())["AmazonSageMakerFullAccess"])
        policy = first.client("iam").create_policy(PolicyName="more", PolicyDocument=document)["Policy"][
            "Arn"
        ]
        first.client("iam").attach_role_policy(RoleName=STUDIO_ROLE, PolicyArn=policy)
    with LocalAws(auth=True, data_dir=tmp_path / "data") as second:
        after = open_account(second.client)
        assert after.domain_id == before.domain_id
        assert second.client("s3").get_object(Bucket=DEFAULT_BUCKET, Key="my.flow")["Body"].read() == b"{}"
        attached = second.client("iam").list_attached_role_policies(RoleName=STUDIO_ROLE)
        assert [each["PolicyArn"] for each in attached["AttachedPolicies"]] == [policy]


def test_server_prints_names_and_working_key(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "local_aws", "serve", "--port", "0", "--auth", "--studio"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_PARENT)},
    )
    try:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "AWS_SESSION_TOKEN" in line:
                break
        for name in (STUDIO_ROLE_ARN, LAUNCH_ROLE, DEFAULT_BUCKET):
            assert name in printed
        exported = dict(re.findall(r"(AWS_\w+)=(\S+)", printed))
        shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        command = [sys.executable, "-m", "awscli", "sagemaker", "list-domains"]
        done = subprocess.run(command, env=shell | exported, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["Domains"][0]["DomainId"] in printed
    finally:
        process.terminate()
        process.communicate()
    assert process.returncode == 0


def test_failed_set_up_stops_server(monkeypatch: pytest.MonkeyPatch) -> None:
    signals: list[int] = []
    monkeypatch.setattr("local_aws.server.os.kill", lambda _pid, number: signals.append(number))
    monkeypatch.setattr("local_aws.server.sys.executable", "/bin/false")
    opening = Opening(1, studio=True)
    opening.begin()
    until(lambda: signals == [signal.SIGTERM])
    assert opening.failed


def test_unreachable_server_is_clear_error() -> None:
    shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables = {
        "PYTHONPATH": str(PACKAGE_PARENT),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = [sys.executable, "-m", "local_aws.studio_account"]
    done = subprocess.run(command, env=shell | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot set up the account: ")
    assert "hint: start local-aws" in done.stderr
