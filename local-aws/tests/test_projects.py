"""Tests SageMaker projects from products and from templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws
from provisioning import QUEUES, ROLE, commit_and_push, create_product, put_template, stack_status
from waiting import until

PROJECT_PARAMETERS = {
    "SageMakerProjectName": {"Type": "String"},
    "SageMakerProjectId": {"Type": "String"},
}
TEMPLATE = {
    **QUEUES,
    "Parameters": {**QUEUES["Parameters"], **PROJECT_PARAMETERS},
    "Outputs": {"Project": {"Value": {"Fn::Sub": "${SageMakerProjectName} ${SageMakerProjectId}"}}},
}
NAME = [{"Key": "Name", "Value": "first"}]


def from_product(server: LocalAws) -> dict[str, Any]:
    """Returns the request of a project from a product."""
    _, product, _ = create_product(server)
    url = put_template(server, "project.json", TEMPLATE)
    artifact = server.client("servicecatalog").create_provisioning_artifact(
        ProductId=product, Parameters={"Name": "v2", "Info": {"LoadTemplateFromURL": url}}
    )["ProvisioningArtifactDetail"]["Id"]
    details = {"ProductId": product, "ProvisioningArtifactId": artifact, "ProvisioningParameters": NAME}
    return {"ServiceCatalogProvisioningDetails": details}


def from_template(server: LocalAws) -> dict[str, Any]:
    """Returns the request of a project from a template."""
    url = put_template(server, "project.json", TEMPLATE)
    provider = {"TemplateName": "queues", "TemplateURL": url, "RoleARN": ROLE, "Parameters": NAME}
    return {"TemplateProviders": [{"CfnTemplateProvider": provider}]}


def settled(client: Any) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        project: dict[str, Any] = client.describe_project(ProjectName="Mine")
        return None if project["ProjectStatus"].endswith("InProgress") else project

    return until(look)


def stack_of(project: dict[str, Any]) -> str:
    if "TemplateProviderDetails" in project:
        [details] = project["TemplateProviderDetails"]
        return str(details["CfnTemplateProviderDetail"]["StackDetail"]["Name"])
    return f"SC-000000000000-{project['ServiceCatalogProvisionedProductDetails']['ProvisionedProductId']}"


@pytest.mark.parametrize("way", [from_product, from_template])
def test_passes_name_id_and_tags_and_deletes_stack_with_project(server: LocalAws, way: Any) -> None:
    client = server.client("sagemaker")
    made = client.create_project(ProjectName="Mine", Tags=[{"Key": "team", "Value": "data"}], **way(server))
    project = settled(client)
    assert project["ProjectStatus"] == "CreateCompleted", project
    assert made["ProjectId"].startswith("p-")
    assert len(made["ProjectId"]) == 14
    [stack] = server.client("cloudformation").describe_stacks(StackName=stack_of(project))["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == f"Mine {made['ProjectId']}"
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    expected = {"sagemaker:project-name": "Mine", "sagemaker:project-id": made["ProjectId"], "team": "data"}
    assert expected.items() <= tags.items()
    assert client.list_tags(ResourceArn=made["ProjectArn"])["Tags"] == [{"Key": "team", "Value": "data"}]

    client.delete_project(ProjectName="Mine")
    assert settled(client)["ProjectStatus"] == "DeleteCompleted"
    assert stack_status(server, stack["StackId"]) == "DELETE_COMPLETE"
    # The name can be reused.
    client.create_project(ProjectName="Mine", **way(server))
    assert settled(client)["ProjectId"] != made["ProjectId"]


def test_updates_project_to_another_template(server: LocalAws) -> None:
    client = server.client("sagemaker")
    client.create_project(ProjectName="Mine", **from_template(server))
    settled(client)
    changed = {**TEMPLATE, "Outputs": {"New": {"Value": "new"}}}
    update = {
        "TemplateName": "queues",
        "TemplateURL": put_template(server, "next.json", changed),
        "Parameters": [{"Key": "Delay", "Value": "3"}],
    }
    client.update_project(ProjectName="Mine", TemplateProvidersToUpdate=[{"CfnTemplateProvider": update}])
    project = settled(client)
    assert project["ProjectStatus"] == "UpdateCompleted", project
    [stack] = server.client("cloudformation").describe_stacks(StackName=stack_of(project))["Stacks"]
    assert stack["Outputs"][0]["OutputKey"] == "New"
    assert {"ParameterKey": "Delay", "ParameterValue": "3"} in stack["Parameters"]


@pytest.mark.parametrize("way", [from_product, from_template])
def test_failed_project_reports_reason_and_can_be_deleted(server: LocalAws, way: Any) -> None:
    server.client("sqs").create_queue(QueueName="first")
    client = server.client("sagemaker")
    client.create_project(ProjectName="Mine", **way(server))
    project = settled(client)
    assert project["ProjectStatus"] == "CreateFailed"
    assert "identifier 'first' already exists" in str(project)
    client.delete_project(ProjectName="Mine")
    assert settled(client)["ProjectStatus"] == "DeleteCompleted"


def test_invalid_requests_create_nothing(server: LocalAws) -> None:
    client = server.client("sagemaker")
    both = {**from_product(server), **from_template(server)}
    own = from_template(server)
    own["TemplateProviders"][0]["CfnTemplateProvider"]["Parameters"] = [
        {"Key": "SageMakerProjectId", "Value": "p-x"}
    ]
    missing = from_template(server)
    missing["TemplateProviders"][0]["CfnTemplateProvider"]["TemplateURL"] += "x"
    for request, expected in (
        ({}, "Exactly one of"),
        (both, "Exactly one of"),
        (own, "SageMaker sets SageMakerProjectId"),
        (missing, "does not exist or cannot be read"),
    ):
        with pytest.raises(ClientError, match=expected):
            client.create_project(ProjectName="Mine", **request)
    unknown = {"ProductId": "prod-unknown", "ProvisioningArtifactId": "pa-unknown"}
    with pytest.raises(ClientError, match="Product prod-unknown not found"):
        client.create_project(ProjectName="Mine", ServiceCatalogProvisioningDetails=unknown)
    assert client.list_projects()["ProjectSummaryList"] == []


def test_name_is_reserved_until_project_is_deleted(server: LocalAws) -> None:
    client = server.client("sagemaker")
    client.create_project(ProjectName="Mine", **from_template(server))
    with pytest.raises(ClientError, match="Project already exists"):
        client.create_project(ProjectName="Mine", **from_template(server))
    settled(client)
    assert [
        each["ProjectName"] for each in client.list_projects(NameContains="min")["ProjectSummaryList"]
    ] == ["Mine"]
    with pytest.raises(ClientError, match="does not exist"):
        client.describe_project(ProjectName="Another")


def test_data_directory_keeps_projects_and_products(tmp_path: Path) -> None:
    with LocalAws(data_dir=tmp_path / "data") as first:
        first.client("sagemaker").create_project(ProjectName="Mine", **from_product(first))
        before = settled(first.client("sagemaker"))
        first.client("codecommit").create_repository(repositoryName="project")
        commit = commit_and_push(first, tmp_path, "project", {"a.txt": "kept"})
    with LocalAws(data_dir=tmp_path / "data") as second:
        client = second.client("sagemaker")
        assert settled(client) | {"ResponseMetadata": 0} == before | {"ResponseMetadata": 0}
        branch = second.client("codecommit").get_branch(repositoryName="project", branchName="main")["branch"]
        assert branch["commitId"] == commit
        client.delete_project(ProjectName="Mine")
        assert settled(client)["ProjectStatus"] == "DeleteCompleted"
        assert second.client("sqs").list_queues().get("QueueUrls", []) == []
