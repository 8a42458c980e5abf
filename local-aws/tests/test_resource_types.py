"""Tests the added CloudFormation resource types, and permissions of stacks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import ROLE
from local_aws import LocalAws
from provisioning import QUEUES, create_stack, failures, put_template, stack_status
from waiting import until

REPOSITORY = {"Type": "AWS::CodeCommit::Repository", "Properties": {"RepositoryName": "project"}}
GROUP = {
    "FeatureGroupName": "FG-abalone",
    "RecordIdentifierFeatureName": "id",
    "EventTimeFeatureName": "time",
    "FeatureDefinitions": [
        {"FeatureName": "id", "FeatureType": "Integral"},
        {"FeatureName": "time", "FeatureType": "Fractional"},
    ],
    "OnlineStoreConfig": {"EnableOnlineStore": "true"},
}


def update(server: LocalAws, resources: dict[str, Any], **sections: Any) -> str:
    body = json.dumps({"Resources": resources, **sections})
    server.client("cloudformation").update_stack(StackName="stack", TemplateBody=body)
    return stack_status(server, "stack")


def outputs(server: LocalAws) -> dict[str, str]:
    [stack] = server.client("cloudformation").describe_stacks(StackName="stack")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def published(server: LocalAws, *versions: str, name: str = "Queue") -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns a template: a portfolio, a product with these versions, and outputs."""
    artifacts = [
        {"Name": version, "Info": {"LoadTemplateFromURL": put_template(server, f"{version}.json")}}
        for version in versions
    ]
    role = "arn:aws:iam::000000000000:role/launch"
    both = {"PortfolioId": {"Ref": "Portfolio"}, "ProductId": {"Ref": "Product"}}
    resources = {
        "Portfolio": {
            "Type": "AWS::ServiceCatalog::Portfolio",
            "Properties": {"DisplayName": "Queues", "ProviderName": "Team"},
        },
        "Product": {
            "Type": "AWS::ServiceCatalog::CloudFormationProduct",
            "Properties": {"Name": name, "Owner": "Team", "ProvisioningArtifactParameters": artifacts},
        },
        "InPortfolio": {"Type": "AWS::ServiceCatalog::PortfolioProductAssociation", "Properties": both},
        "Principal": {
            "Type": "AWS::ServiceCatalog::PortfolioPrincipalAssociation",
            "Properties": {"PortfolioId": {"Ref": "Portfolio"}, "PrincipalARN": role, "PrincipalType": "IAM"},
        },
        "Launch": {
            "Type": "AWS::ServiceCatalog::LaunchRoleConstraint",
            "DependsOn": "InPortfolio",
            "Properties": {**both, "RoleArn": role},
        },
    }
    ids = {"Value": {"Fn::GetAtt": ["Product", "ProvisioningArtifactIds"]}}
    return resources, {"Outputs": {"Product": {"Value": {"Ref": "Product"}}, "Ids": ids}}


def test_remaining_versions_keep_ids(server: LocalAws) -> None:
    resources, sections = published(server, "v1", "v2")
    assert create_stack(server, resources, **sections) == "CREATE_COMPLETE", failures(server)
    before = outputs(server)
    resources, sections = published(server, "v2", "v3", name="Renamed")
    assert update(server, resources, **sections) == "UPDATE_COMPLETE"
    after = outputs(server)
    assert after["Product"] == before["Product"]
    assert after["Ids"].split(",")[0] == before["Ids"].split(",")[1]
    catalog = server.client("servicecatalog")
    listed = catalog.list_provisioning_artifacts(ProductId=after["Product"])["ProvisioningArtifactDetails"]
    assert sorted(artifact["Name"] for artifact in listed) == ["v2", "v3"]
    product = catalog.describe_product_as_admin(Id=after["Product"])["ProductViewDetail"]
    assert product["ProductViewSummary"]["Name"] == "Renamed"
    server.client("cloudformation").delete_stack(StackName="stack")
    until(lambda: catalog.list_portfolios()["PortfolioDetails"] == [])
    assert catalog.search_products_as_admin()["ProductViewDetails"] == []


def test_failed_update_rolls_back(server: LocalAws) -> None:
    resources, sections = published(server, "v1")
    assert create_stack(server, resources, **sections) == "CREATE_COMPLETE"
    changed, _ = published(server, "v1", name="Renamed")
    changed["Late"] = {
        "Type": "AWS::ServiceCatalog::PortfolioProductAssociation",
        "DependsOn": ["Product", "Launch"],
        "Properties": {"PortfolioId": {"Ref": "Portfolio"}, "ProductId": "prod-missing"},
    }
    assert update(server, changed, **sections) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Product prod-missing not found" in failures(server)
    [product] = server.client("servicecatalog").search_products()["ProductViewSummaries"]
    assert product["Name"] == "Queue"


def test_retained_resources_outlive_stack(server: LocalAws) -> None:
    kept = {**REPOSITORY, "DeletionPolicy": "Retain"}
    assert (
        create_stack(server, {"Repository": kept, "Queue": {"Type": "AWS::SQS::Queue"}}) == "CREATE_COMPLETE"
    )
    stack_id = server.client("cloudformation").describe_stacks()["Stacks"][0]["StackId"]
    server.client("cloudformation").delete_stack(StackName="stack")
    assert stack_status(server, stack_id) == "DELETE_COMPLETE"
    listed = server.client("codecommit").list_repositories()["repositories"]
    assert [repository["repositoryName"] for repository in listed] == ["project"]
    assert server.client("sqs").list_queues().get("QueueUrls", []) == []


def test_existing_name_fails_stack_and_is_untouched(server: LocalAws) -> None:
    server.client("logs").create_log_group(logGroupName="/taken")
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/taken"}}
    assert create_stack(server, {"Group": group}) == "ROLLBACK_COMPLETE"
    assert "identifier '/taken' already exists" in failures(server)
    assert len(server.client("logs").describe_log_groups()["logGroups"]) == 1


def test_feature_group_is_created_in_sagemaker(server: LocalAws) -> None:
    resources = {"Group": {"Type": "AWS::SageMaker::FeatureGroup", "Properties": GROUP}}
    assert create_stack(server, resources) == "CREATE_COMPLETE", failures(server)
    client = server.client("sagemaker")
    assert client.describe_feature_group(FeatureGroupName="FG-abalone")["OnlineStoreConfig"][
        "EnableOnlineStore"
    ]
    server.client("cloudformation").delete_stack(StackName="stack")
    until(lambda: client.list_feature_groups()["FeatureGroupSummaries"] == [])


def test_stack_waits_for_feature_group() -> None:
    with LocalAws(delays=10) as slow:
        resources = {"Group": {"Type": "AWS::SageMaker::FeatureGroup", "Properties": GROUP}}
        assert create_stack(slow, resources) == "CREATE_COMPLETE", failures(slow)
        client = slow.client("sagemaker")
        described = client.describe_feature_group(FeatureGroupName="FG-abalone")
        assert described["FeatureGroupStatus"] == "Created"
        stacks = slow.client("cloudformation")
        stack_id = stacks.describe_stacks(StackName="stack")["Stacks"][0]["StackId"]
        stacks.delete_stack(StackName="stack")
        assert stack_status(slow, stack_id) == "DELETE_COMPLETE"
        assert client.list_feature_groups()["FeatureGroupSummaries"] == []


def test_failed_feature_group_fails_stack(server: LocalAws) -> None:
    offline = {"S3StorageConfig": {"S3Uri": "s3://no-such-bucket/offline"}}
    properties = {**GROUP, "OfflineStoreConfig": offline, "RoleArn": ROLE}
    resources = {"Group": {"Type": "AWS::SageMaker::FeatureGroup", "Properties": properties}}
    assert create_stack(server, resources) == "ROLLBACK_COMPLETE"
    assert "NoSuchBucket" in failures(server)
    until(lambda: server.client("sagemaker").list_feature_groups()["FeatureGroupSummaries"] == [])


def test_accepts_alarm_over_expression(server: LocalAws) -> None:
    stat = {"Stat": "Sum", "Period": 300, "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors"}}
    metrics = [{"Id": "all", "Expression": "m + 0"}, {"Id": "m", "ReturnData": False, "MetricStat": stat}]
    properties = {
        "AlarmName": "errors",
        "Metrics": metrics,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
    }
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}
    assert create_stack(server, {"Alarm": alarm}) == "CREATE_COMPLETE", failures(server)
    [found] = server.client("cloudwatch").describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
    assert found["StateValue"] == "INSUFFICIENT_DATA"


def test_refuses_unknown_types_before_creating_anything(server: LocalAws) -> None:
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::SageMaker::Domain\]"):
        create_stack(server, {"Repository": REPOSITORY, "Domain": {"Type": "AWS::SageMaker::Domain"}})
    assert server.client("codecommit").list_repositories()["repositories"] == []


def test_accepts_template_url_with_bucket_in_host(server: LocalAws) -> None:
    url = put_template(
        server, template={"Resources": QUEUES["Resources"], "Parameters": QUEUES["Parameters"]}
    )
    name = [{"ParameterKey": "Name", "ParameterValue": "first"}]
    server.client("cloudformation").create_stack(StackName="stack", TemplateURL=url, Parameters=name)
    assert stack_status(server, "stack") == "CREATE_COMPLETE"


def stack_role(server: LocalAws, *actions: str, service: str = "cloudformation.amazonaws.com") -> str:
    """Create a role for stacks with these permissions."""
    iam = server.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="stacks", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="stacks", PolicyName="p", PolicyDocument=policy)
    return str(arn)


@pytest.mark.parametrize(
    ("actions", "status", "expected"),
    [
        (["codecommit:CreateRepository"], "CREATE_COMPLETE", ""),
        (["codecommit:GetRepository"], "ROLLBACK_COMPLETE", "codecommit:CreateRepository on resource"),
    ],
)
def test_stack_has_permissions_of_its_role(
    auth_server: LocalAws, actions: list[str], status: str, expected: str
) -> None:
    role = stack_role(auth_server, *actions)
    body = json.dumps({"Resources": {"Repository": REPOSITORY}})
    client = auth_server.client("cloudformation")
    client.create_stack(StackName="stack", TemplateBody=body, RoleARN=role)
    assert stack_status(auth_server, "stack") == status
    assert expected in failures(auth_server)
    # Also for its deletion, which does not name the role.
    if status == "CREATE_COMPLETE":
        client.delete_stack(StackName="stack")
        assert stack_status(auth_server, "stack") == "DELETE_FAILED"
        assert "codecommit:DeleteRepository" in failures(auth_server)


def test_refuses_role_that_does_not_trust_cloudformation(auth_server: LocalAws) -> None:
    role = stack_role(auth_server, "*", service="lambda.amazonaws.com")
    body = json.dumps({"Resources": {"Repository": REPOSITORY}})
    with pytest.raises(ClientError, match="cannot be assumed"):
        auth_server.client("cloudformation").create_stack(StackName="stack", TemplateBody=body, RoleARN=role)
