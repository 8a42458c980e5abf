"""Tests Service Catalog: portfolios, products and provisioned stacks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws
from provisioning import QUEUES, create_product, put_template, record_of

NAME = [{"Key": "Name", "Value": "first"}]


def provision(server: LocalAws, product: str, artifact: str, **members: Any) -> dict[str, Any]:
    request = {
        "ProvisionedProductName": "mine",
        "ProvisioningParameters": NAME,
        "ProvisionToken": "t",
        **members,
    }
    answer = server.client("servicecatalog").provision_product(
        ProductId=product, ProvisioningArtifactId=artifact, **request
    )
    return record_of(server, answer["RecordDetail"]["RecordId"])


def test_provisions_updates_and_terminates_product(server: LocalAws) -> None:
    catalog, queues = server.client("servicecatalog"), server.client("sqs")
    _, product, artifact = create_product(server, Tags=[{"Key": "of", "Value": "product"}])
    made = provision(server, product, artifact)
    assert made["RecordDetail"]["Status"] == "SUCCEEDED"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in made["RecordOutputs"]}
    assert outputs["Arn"] == "arn:aws:sqs:us-east-1:000000000000:first"
    [found] = catalog.search_provisioned_products()["ProvisionedProducts"]
    assert (found["Status"], found["Name"]) == ("AVAILABLE", "mine")
    stack_name = f"SC-000000000000-{found['Id']}"
    [stack] = server.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    assert stack["StackId"] == outputs["CloudformationStackARN"] == found["PhysicalId"]
    assert {"Key": "of", "Value": "product"} in stack["Tags"]

    update = catalog.update_provisioned_product(
        ProvisionedProductId=found["Id"],
        ProvisioningParameters=[{"Key": "Delay", "Value": "5"}],
        UpdateToken="u",
    )
    assert record_of(server, update["RecordDetail"]["RecordId"])["RecordDetail"]["Status"] == "SUCCEEDED"
    url = queues.get_queue_url(QueueName="first")["QueueUrl"]
    delay = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
    assert delay == {"DelaySeconds": "5"}

    ended = catalog.terminate_provisioned_product(ProvisionedProductName="mine", TerminateToken="x")
    assert record_of(server, ended["RecordDetail"]["RecordId"])["RecordDetail"]["Status"] == "SUCCEEDED"
    assert catalog.scan_provisioned_products()["ProvisionedProducts"] == []
    assert queues.list_queues().get("QueueUrls", []) == []
    history = [record["RecordType"] for record in catalog.list_record_history()["RecordDetails"]]
    assert history == ["TERMINATE_PROVISIONED_PRODUCT", "UPDATE_PROVISIONED_PRODUCT", "PROVISION_PRODUCT"]


def test_parameter_refused_by_template_fails_record_with_reason(server: LocalAws) -> None:
    _, product, artifact = create_product(server)
    failed = provision(server, product, artifact, ProvisioningParameters=[{"Key": "Name", "Value": "UPPER"}])
    assert failed["RecordDetail"]["Status"] == "FAILED"
    [error] = failed["RecordDetail"]["RecordErrors"]
    assert "short and lower" in error["Description"]
    [found] = server.client("servicecatalog").search_provisioned_products()["ProvisionedProducts"]
    assert found["Status"] == "ERROR"


def test_failed_stack_reports_resource_and_cause(server: LocalAws) -> None:
    server.client("sqs").create_queue(QueueName="first", Attributes={"VisibilityTimeout": "7"})
    _, product, artifact = create_product(server)
    failed = provision(server, product, artifact)
    [error] = failed["RecordDetail"]["RecordErrors"]
    cause = (
        "Queue (AWS::SQS::Queue): Resource of type 'AWS::SQS::Queue' with identifier 'first' already exists."
    )
    assert cause in error["Description"]
    # The existing queue is untouched.
    assert server.client("sqs").get_queue_url(QueueName="first")["QueueUrl"]


def test_failed_update_taints_and_keeps_previous_state(server: LocalAws) -> None:
    catalog = server.client("servicecatalog")
    _, product, artifact = create_product(server)
    found = provision(server, product, artifact)["RecordDetail"]["ProvisionedProductId"]
    update = catalog.update_provisioned_product(
        ProvisionedProductId=found, ProvisioningParameters=[{"Key": "Delay", "Value": "901"}], UpdateToken="u"
    )
    assert record_of(server, update["RecordDetail"]["RecordId"])["RecordDetail"]["Status"] == "FAILED"
    detail = catalog.describe_provisioned_product(Id=found)["ProvisionedProductDetail"]
    assert detail["Status"] == "TAINTED"
    again = catalog.update_provisioned_product(ProvisionedProductId=found, UpdateToken="v")
    assert record_of(server, again["RecordDetail"]["RecordId"])["RecordDetail"]["Status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([], "[Name] must have values"),
        ([*NAME, {"Key": "Nmae", "Value": "x"}], "[Nmae] do not exist"),
        ([*NAME, *NAME], "must have a unique Key"),
    ],
)
def test_refuses_parameters_that_do_not_match_template(
    server: LocalAws, parameters: list[dict[str, str]], expected: str
) -> None:
    _, product, artifact = create_product(server)
    with pytest.raises(ClientError) as refused:
        provision(server, product, artifact, ProvisioningParameters=parameters)
    assert expected in str(refused.value)
    assert server.client("servicecatalog").scan_provisioned_products()["ProvisionedProducts"] == []


def test_same_token_provisions_once(server: LocalAws) -> None:
    _, product, artifact = create_product(server)
    first, second = (provision(server, product, artifact) for _ in range(2))
    assert first["RecordDetail"]["RecordId"] == second["RecordDetail"]["RecordId"]
    with pytest.raises(ClientError, match="already exists"):
        provision(server, product, artifact, ProvisionToken="another")


def test_form_has_types_defaults_and_constraints(server: LocalAws) -> None:
    _, product, artifact = create_product(server)
    form = server.client("servicecatalog").describe_provisioning_parameters(
        ProductId=product, ProvisioningArtifactId=artifact
    )
    name, delay = form["ProvisioningArtifactParameters"]
    assert name["ParameterConstraints"]["AllowedPattern"] == "^[a-z-]{1,20}$"
    assert (delay["ParameterType"], delay["DefaultValue"]) == ("Number", "0")
    assert delay["ParameterConstraints"]["MaxValue"] == "900"
    assert form["ProvisioningArtifactOutputKeys"] == [{"Key": "Arn", "Description": "Of the queue"}]


def test_version_keeps_template_when_object_changes(server: LocalAws) -> None:
    _, product, artifact = create_product(server)
    put_template(server, template={**QUEUES, "Parameters": {}})
    assert provision(server, product, artifact)["RecordDetail"]["Status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://templates.s3.us-east-1.amazonaws.com/missing.json", "does not exist"),
        ("https://example.com/product.json", "is not the HTTPS URL of an object in S3"),
        ("ftp://templates/product.json", "is not the HTTPS URL of an object in S3"),
    ],
)
def test_refuses_unreadable_template(server: LocalAws, url: str, expected: str) -> None:
    _, product, _ = create_product(server)
    with pytest.raises(ClientError, match=expected):
        server.client("servicecatalog").create_provisioning_artifact(
            ProductId=product, Parameters={"Info": {"LoadTemplateFromURL": url}}
        )


@pytest.mark.parametrize(
    "template",
    [
        {"Parameters": []},
        {"Parameters": {"A": None}},
        {"Outputs": {"A": "b"}},
        {"Parameters": {"A": {"AllowedValues": 1}}},
    ],
)
def test_refuses_template_without_valid_form(server: LocalAws, template: Any) -> None:
    _, product, _ = create_product(server)
    url = put_template(server, "bad.json", {"Resources": QUEUES["Resources"], **template})
    with pytest.raises(ClientError, match="must be a"):
        server.client("servicecatalog").create_provisioning_artifact(
            ProductId=product, Parameters={"Info": {"LoadTemplateFromURL": url}}
        )


def test_refuses_inactive_version(server: LocalAws) -> None:
    catalog = server.client("servicecatalog")
    _, product, artifact = create_product(server)
    catalog.update_provisioning_artifact(
        ProductId=product, ProvisioningArtifactId=artifact, Active=False, Guidance="DEPRECATED"
    )
    assert catalog.describe_product(Id=product)["ProvisioningArtifacts"] == []
    [listed] = catalog.list_provisioning_artifacts(ProductId=product)["ProvisioningArtifactDetails"]
    assert (listed["Active"], listed["Guidance"]) == (False, "DEPRECATED")
    with pytest.raises(ClientError, match="is not active"):
        provision(server, product, artifact)


def test_refuses_deleting_resources_in_use(server: LocalAws) -> None:
    catalog = server.client("servicecatalog")
    portfolio, product, artifact = create_product(server)
    for call, arguments in (
        (catalog.delete_portfolio, {"Id": portfolio}),
        (catalog.delete_product, {"Id": product}),
        (catalog.delete_provisioning_artifact, {"ProductId": product, "ProvisioningArtifactId": artifact}),
    ):
        with pytest.raises(catalog.exceptions.ResourceInUseException):
            call(**arguments)


def test_constraint_requires_product_in_portfolio_and_role(server: LocalAws) -> None:
    catalog = server.client("servicecatalog")
    portfolio, product, _ = create_product(server)
    request = {"PortfolioId": portfolio, "ProductId": product, "Type": "LAUNCH"}
    with pytest.raises(ClientError, match="is not the ARN of a role"):
        catalog.create_constraint(Parameters=json.dumps({"RoleArn": "role"}), **request)
    role = json.dumps({"RoleArn": "arn:aws:iam::000000000000:role/launch"})
    made = catalog.create_constraint(Parameters=role, **request)["ConstraintDetail"]["ConstraintId"]
    with pytest.raises(catalog.exceptions.DuplicateResourceException):
        catalog.create_constraint(Parameters=role, **request)
    with pytest.raises(catalog.exceptions.ResourceInUseException):
        catalog.disassociate_product_from_portfolio(PortfolioId=portfolio, ProductId=product)
    catalog.delete_constraint(Id=made)
    catalog.disassociate_product_from_portfolio(PortfolioId=portfolio, ProductId=product)


def test_refuses_other_operations_by_name(server: LocalAws) -> None:
    with pytest.raises(ClientError, match="does not implement servicecatalog:ListTagOptions"):
        server.client("servicecatalog").list_tag_options()


def test_validates_requests_against_model(server: LocalAws) -> None:
    with pytest.raises(ClientError, match="less than or equal to 100"):
        server.client("servicecatalog").create_portfolio(DisplayName="x" * 101, ProviderName="Team")


def test_logs_calls_and_applies_faults(server: LocalAws) -> None:
    catalog = server.client("servicecatalog")
    server.faults.error("servicecatalog:ListPortfolios", code="ResourceNotFoundException")
    with pytest.raises(catalog.exceptions.ResourceNotFoundException):
        catalog.list_portfolios()
    catalog.list_portfolios()
    first, second = server.calls("servicecatalog:ListPortfolios")
    assert (first.error, first.fault, second.status) == ("ResourceNotFoundException", "error", 200)


def test_reset_clears_catalog(server: LocalAws) -> None:
    create_product(server)
    server.reset()
    assert server.client("servicecatalog").list_portfolios()["PortfolioDetails"] == []


def test_only_principals_of_the_portfolio_see_and_provision(auth_server: LocalAws) -> None:
    iam, catalog = auth_server.client("iam"), auth_server.client("servicecatalog")
    arn = iam.create_user(UserName="user")["User"]["Arn"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="user", PolicyName="all", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName="user")["AccessKey"]
    mine = auth_server.client(
        "servicecatalog", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    portfolio, product, artifact = create_product(auth_server)
    assert mine.search_products()["ProductViewSummaries"] == []
    request = {"ProductId": product, "ProvisioningArtifactId": artifact, "ProvisionedProductName": "mine"}
    with pytest.raises(ClientError, match="No launch paths found"):
        mine.provision_product(ProvisioningParameters=NAME, **request)
    catalog.associate_principal_with_portfolio(PortfolioId=portfolio, PrincipalARN=arn, PrincipalType="IAM")
    assert len(mine.search_products()["ProductViewSummaries"]) == 1
    answer = mine.provision_product(ProvisioningParameters=NAME, **request)
    assert record_of(auth_server, answer["RecordDetail"]["RecordId"])["RecordDetail"]["Status"] == "SUCCEEDED"


def test_condition_on_owner_matches_caller(auth_server: LocalAws) -> None:
    iam, key = auth_server.client("iam"), "servicecatalog:userLevel"
    iam.create_user(UserName="user")
    own = {"Effect": "Allow", "Action": "servicecatalog:DescribeRecord", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [{**own, "Condition": {"StringEquals": {key: "self"}}}]}
    iam.put_user_policy(UserName="user", PolicyName="own", PolicyDocument=json.dumps(policy))
    given = iam.create_access_key(UserName="user")["AccessKey"]
    mine = auth_server.client(
        "servicecatalog",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
    )
    with pytest.raises(mine.exceptions.ResourceNotFoundException):
        mine.describe_record(Id="rec-nothing")
