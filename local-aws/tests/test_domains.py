"""Tests Studio domains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws

SETTINGS: dict[str, Any] = {
    "AuthMode": "IAM",
    "DefaultUserSettings": {"ExecutionRole": "arn:aws:iam::000000000000:role/service-role/studio"},
}
TAG = {"Key": "sagemaker:projectS3TemplatesLocation", "Value": "s3://bucket/templates/"}


def test_describes_lists_tags_and_deletes_domain(server: LocalAws) -> None:
    sagemaker = server.client("sagemaker")
    made = sagemaker.create_domain(DomainName="studio", Tags=[TAG], **SETTINGS)
    described = sagemaker.describe_domain(DomainId=made["DomainId"])
    assert described["DomainArn"] == made["DomainArn"]
    assert described["Status"] == "InService"
    assert described["DefaultUserSettings"] == SETTINGS["DefaultUserSettings"]
    assert [each["DomainId"] for each in sagemaker.list_domains()["Domains"]] == [made["DomainId"]]
    assert sagemaker.list_tags(ResourceArn=made["DomainArn"])["Tags"] == [TAG]
    sagemaker.delete_tags(ResourceArn=made["DomainArn"], TagKeys=[TAG["Key"]])
    assert sagemaker.list_tags(ResourceArn=made["DomainArn"])["Tags"] == []
    sagemaker.delete_domain(DomainId=made["DomainId"])
    assert sagemaker.list_domains()["Domains"] == []


def test_refuses_duplicate_and_unknown_names(server: LocalAws) -> None:
    sagemaker = server.client("sagemaker")
    sagemaker.create_domain(DomainName="studio", **SETTINGS)
    with pytest.raises(ClientError, match="studio already exists"):
        sagemaker.create_domain(DomainName="studio", **SETTINGS)
    with pytest.raises(ClientError, match="Domain d-none does not exist") as missing:
        sagemaker.describe_domain(DomainId="d-none")
    assert missing.value.response["Error"]["Code"] == "ResourceNotFound"


def test_data_directory_keeps_domains(tmp_path: Path) -> None:
    with LocalAws(data_dir=tmp_path / "data") as first:
        made = first.client("sagemaker").create_domain(DomainName="studio", Tags=[TAG], **SETTINGS)
    with LocalAws(data_dir=tmp_path / "data") as second:
        sagemaker = second.client("sagemaker")
        assert sagemaker.describe_domain(DomainId=made["DomainId"])["DomainName"] == "studio"
        assert sagemaker.list_tags(ResourceArn=made["DomainArn"])["Tags"] == [TAG]
