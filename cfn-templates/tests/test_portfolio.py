"""The portfolio: its product, its principal, and the roles that projects use."""

import json
import re

import pytest

from configurations import PORTFOLIO, PRODUCT, PRODUCT_PARAMETERS, portfolio
from resolve import Template

TEMPLATE = Template.load(PORTFOLIO)
OFFERED = Template.load(PRODUCT)
STACK = TEMPLATE.resolve(portfolio())
LAUNCH_ROLE = "arn:aws:iam::111122223333:role/service-role/AmazonSageMakerServiceCatalogProductsLaunchRole"


def test_product_is_visible_in_studio() -> None:
    properties = STACK.resources["FeatureIngestionProduct"].properties
    assert properties["Tags"] == [{"Key": "sagemaker:studio-visibility", "Value": "true"}]


def test_new_version_keeps_old_versions() -> None:
    properties = STACK.resources["FeatureIngestionProduct"].properties
    assert properties["ReplaceProvisioningArtifacts"] is False


@pytest.mark.parametrize("given", [LAUNCH_ROLE, LAUNCH_ROLE.rpartition("/")[2]], ids=["arn", "name"])
def test_accepts_the_launch_role_by_name_or_arn(given: str) -> None:
    stack = TEMPLATE.resolve({**portfolio(), "SCProductLaunchRoleArn": given})
    constraint = stack.resources["LaunchConstraint"]
    assert constraint.properties["RoleArn"] == stack.outputs["ProductLaunchRoleArn"] == LAUNCH_ROLE
    # Service Catalog rejects a constraint until the product is in the portfolio.
    assert constraint.attributes["DependsOn"] == "ProductAssociation"


def test_product_principal_and_constraint_belong_to_the_portfolio() -> None:
    for name in ("ProductAssociation", "PrincipalAssociation", "LaunchConstraint"):
        assert STACK.resources[name].properties["PortfolioId"] == STACK.reference("Portfolio")


def test_has_the_predecessors_outputs_and_the_roles() -> None:
    predecessors = {"ProductId", "PortfolioId", "ProductName", "ProvisioningArtifactIds"} | {
        "ProvisioningArtifactNames",
        "FSIngestionProductPolicyArn",
        "AmazonSageMakerExecutionRolePolicyArn",
        "AmazonSageMakerExecutionRoleName",
    }
    roles = {f"{use}RoleArn" for use in ("Lambda", "Build", "Source", "Events", "Job", "ProductLaunch")}
    assert set(STACK.outputs) == predecessors | roles | {"ProjectsLaunchRoleArn", "ProjectsLaunchPolicyArn"}
    assert all(STACK.outputs.values())


def test_projects_use_the_roles_of_the_portfolio() -> None:
    project = OFFERED.resolve(PRODUCT_PARAMETERS)
    properties = json.dumps([dict(resource.properties) for resource in project.resources.values()])
    used = set(re.findall(r'"(arn:aws:iam::\d+:role/[^"]*)"', properties))
    created = {STACK.arn(role.logical_id) for role in STACK.of_type("AWS::IAM::Role")}
    assert created - used == {STACK.arn("ProjectsLaunchRole")}
    assert used < created


def test_staged_objects_have_the_prefix_and_their_hash() -> None:
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
