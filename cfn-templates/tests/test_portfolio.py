"""What the portfolio offers, to whom, and how it fits the product."""

import json
import re

import pytest

from configurations import PORTFOLIO, PRODUCT, PRODUCT_PARAMETERS, portfolio
from resolve import Template

TEMPLATE = Template.load(PORTFOLIO)
OFFERED = Template.load(PRODUCT)
STACK = TEMPLATE.resolve(portfolio())
LAUNCH_ROLE = "arn:aws:iam::111122223333:role/service-role/AmazonSageMakerServiceCatalogProductsLaunchRole"


def test_the_product_is_seen_in_studio() -> None:
    properties = STACK.resources["FeatureIngestionProduct"].properties
    assert properties["Tags"] == [{"Key": "sagemaker:studio-visibility", "Value": "true"}]


def test_a_new_version_leaves_the_old_ones() -> None:
    properties = STACK.resources["FeatureIngestionProduct"].properties
    assert properties["ReplaceProvisioningArtifacts"] is False


@pytest.mark.parametrize("given", [LAUNCH_ROLE, LAUNCH_ROLE.rpartition("/")[2]], ids=["arn", "name"])
def test_the_launch_role_is_given_by_its_name_or_arn(given: str) -> None:
    stack = TEMPLATE.resolve({**portfolio(), "SCProductLaunchRoleArn": given})
    constraint = stack.resources["LaunchConstraint"]
    assert constraint.properties["RoleArn"] == stack.outputs["ProductLaunchRoleArn"] == LAUNCH_ROLE
    # Service Catalog refuses a constraint for a product that is not in the portfolio yet.
    assert constraint.attributes["DependsOn"] == "ProductAssociation"


def test_product_principal_and_constraint_belong_to_the_portfolio() -> None:
    for name in ("ProductAssociation", "PrincipalAssociation", "LaunchConstraint"):
        assert STACK.resources[name].properties["PortfolioId"] == STACK.reference("Portfolio")


def test_the_outputs_are_the_predecessors_and_more() -> None:
    predecessors = {"ProductId", "PortfolioId", "ProductName", "ProvisioningArtifactIds"} | {
        "ProvisioningArtifactNames",
        "FSIngestionProductPolicyArn",
        "AmazonSageMakerExecutionRolePolicyArn",
        "AmazonSageMakerExecutionRoleName",
    }
    roles = {f"{use}RoleArn" for use in ("Lambda", "Build", "Source", "Events", "Job", "ProductLaunch")}
    assert set(STACK.outputs) == predecessors | roles | {"ProjectsLaunchRoleArn", "ProjectsLaunchPolicyArn"}
    assert all(STACK.outputs.values())


def test_the_roles_of_projects_are_those_that_it_makes() -> None:
    project = OFFERED.resolve(PRODUCT_PARAMETERS)
    properties = json.dumps([dict(resource.properties) for resource in project.resources.values()])
    used = set(re.findall(r'"(arn:aws:iam::\d+:role/[^"]*)"', properties))
    made = {STACK.arn(role.logical_id) for role in STACK.of_type("AWS::IAM::Role")}
    assert made - used == {STACK.arn("ProjectsLaunchRole")}
    assert used < made


def test_every_staged_object_is_under_the_prefix_and_named_by_its_content() -> None:
    chosen = {**PRODUCT_PARAMETERS, "StagingPrefix": "team/packages/"}
    project = OFFERED.resolve(chosen)
    package = f"team/packages/start-pipeline/{chosen['StartPipelineX8664Sha256']}.zip"
    for function in ("StartPipeline", "StartPipelineRetry"):
        code = project.resources[function].properties["Code"]
        assert code == {"S3Bucket": chosen["StagingBucketName"], "S3Key": package}
    seed = project.resources["Repository"].properties["Code"]["S3"]
    assert seed["Key"] == f"team/packages/seed-code/s3-fs-ingestion-{chosen['SeedCodeSha256']}.zip"
    stack = TEMPLATE.resolve({**portfolio(), "StagingPrefix": "team/packages/"}, region="eu-west-1")
    [version] = stack.resources["FeatureIngestionProduct"].properties["ProvisioningArtifactParameters"]
    host = f"{chosen['StagingBucketName']}.s3.eu-west-1.amazonaws.com"
    key = f"team/packages/project-s3-fs-ingestion/{'7' * 64}.yaml"
    assert version["Info"]["LoadTemplateFromURL"] == f"https://{host}/{key}"
