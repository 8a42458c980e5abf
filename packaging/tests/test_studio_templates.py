"""`make studio-templates`: the changes to the bucket and the domain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Answers, Shell, service_error

DOMAIN = "arn:aws:sagemaker:eu-west-1:123456789012:domain/d-0123456789ab"
LOCATION = "s3://my-bucket/amazon-sagemaker-reusable-components/"
TAG = "sagemaker:projectS3TemplatesLocation"
ARGUMENTS = ("studio_templates.py", "--bucket", "my-bucket", "--domain", "d-0123456789ab")
OTHERS = {"ID": "web", "AllowedOrigins": ["https://example.com"], "AllowedMethods": ["GET"]}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell with a staged template, a bucket without CORS and a domain without the tag."""
    shell = Shell(tmp_path / "shell")
    shell.answers = {
        "sts get-caller-identity": {"out": {"Account": "123456789012"}},
        "s3api head-object": {"out": {}},
        "s3api get-bucket-cors": service_error("GetBucketCors", "NoSuchCORSConfiguration"),
        "s3api put-bucket-cors": {},
        "sagemaker describe-domain": {"out": {"DomainArn": DOMAIN}},
        "sagemaker list-tags": {"out": {"Tags": [{"Key": "team", "Value": "ours"}]}},
        "sagemaker add-tags": {},
    }
    return shell


def rules(shell: Shell) -> list[dict[str, object]]:
    """The written CORS rules."""
    [put] = shell.calls("put-bucket-cors")
    assert put[put.index("--expected-bucket-owner") + 1] == "123456789012"
    configuration = json.loads(put[put.index("--cors-configuration") + 1])
    return list(configuration["CORSRules"])


def test_tags_domain_and_allows_studio_to_read(shell: Shell) -> None:
    done = shell.run(*ARGUMENTS)
    assert done.returncode == 0, done.stderr
    [rule] = rules(shell)
    assert rule["AllowedOrigins"] == ["https://*.sagemaker.aws"]
    assert rule["AllowedMethods"] == ["GET", "HEAD"]
    tag = f"Key={TAG},Value={LOCATION}"
    assert shell.calls("add-tags") == [["sagemaker", "add-tags", "--resource-arn", DOMAIN, "--tags", tag]]
    assert f"aws sagemaker delete-tags --resource-arn {DOMAIN} --tag-keys {TAG}" in done.stdout


def test_keeps_other_rules_and_replaces_our_old_rule(shell: Shell) -> None:
    shell.run(*ARGUMENTS)
    [ours] = rules(shell)
    shell.answers["s3api get-bucket-cors"] = {
        "out": {"CORSRules": [{**ours, "AllowedMethods": ["PUT"]}, OTHERS]}
    }
    shell.run(*ARGUMENTS)
    assert rules(shell) == [OTHERS, ours]


def test_second_run_changes_nothing(shell: Shell) -> None:
    shell.run(*ARGUMENTS)
    shell.answers["s3api get-bucket-cors"] = {"out": {"CORSRules": [OTHERS, *rules(shell)]}}
    shell.answers["sagemaker list-tags"] = {"out": {"Tags": [{"Key": TAG, "Value": LOCATION}]}}
    done = shell.run(*ARGUMENTS)
    assert done.returncode == 0, done.stderr
    assert shell.calls("put-bucket-cors", "add-tags") == []


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("s3api head-object", service_error("HeadObject", "404", "Not Found"), "make package"),
        ("s3api head-object", service_error("HeadObject", "403", "Forbidden"), "is in this account"),
        ("sagemaker describe-domain", service_error("DescribeDomain", "ResourceNotFound"), "list-domains"),
        (
            "sagemaker list-tags",
            {"out": {"Tags": [{"Key": TAG, "Value": "s3://another/place/"}]}},
            "delete-tags",
        ),
        ("s3api get-bucket-cors", service_error("GetBucketCors", "AccessDenied"), "s3:GetBucketCORS"),
    ],
)
def test_changes_nothing_on_error(shell: Shell, command: str, answer: Answers, expected: str) -> None:
    shell.answers[command] = answer
    refused = shell.run(*ARGUMENTS)
    assert refused.returncode == 1
    assert expected in refused.stderr.rpartition("hint: ")[2]
    assert shell.calls("put-bucket-cors", "add-tags") == []


@pytest.mark.parametrize("domain", ["", "my-domain", "d-UPPER", "d-" + "a" * 100, "d-도메인"])
def test_rejects_invalid_domain(shell: Shell, domain: str) -> None:
    refused = shell.run("studio_templates.py", "--bucket", "my-bucket", "--domain", domain)
    assert refused.returncode == 1
    assert "DOMAIN_ID" in refused.stderr
    assert shell.calls() == []
