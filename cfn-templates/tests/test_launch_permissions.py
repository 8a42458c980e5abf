"""The launch roles may do all that CloudFormation needs for the product, and nothing else."""

from collections.abc import Callable

import pytest

import configurations
from permissions import grants
from permissions.proof import Proof
from resolve import Template


@pytest.fixture(scope="module", params=["service-catalog", "s3-hosted"])
def launch(
    request: pytest.FixtureRequest, service_catalog_launch: Proof, s3_launch: Callable[[str], Proof]
) -> Proof:
    """Each way to launch the product."""
    if request.param == "service-catalog":
        return service_catalog_launch
    return s3_launch(configurations.SERVICE_CATALOG_ROLES)


def test_everything_needed_is_allowed(launch: Proof) -> None:
    assert launch.denied_needs() == []


def test_the_roles_may_be_named_as_guides_for_s3_hosted_templates_name_them(
    s3_launch: Callable[[str], Proof],
) -> None:
    assert s3_launch(configurations.PROJECTS_ROLES).denied_needs() == []


def test_what_is_foreign_stays_denied(launch: Proof) -> None:
    assert launch.canaries
    assert launch.allowed_canaries() == []


def test_what_aws_own_policy_leaves_open_is_known(service_catalog_launch: Proof) -> None:
    forbidden = {
        canary.action for canary in service_catalog_launch.tolerated if canary.purpose == "forbidden"
    }
    # Any role of Service Catalog's to any service, and objects of any bucket that begins with sagemaker-.
    assert forbidden == {"iam:PassRole", "s3:GetObject"}


def test_every_grant_is_needed(launch: Proof) -> None:
    assert launch.beyond
    assert launch.superfluous_grants() == []


def test_every_grant_names_one_action(launch: Proof) -> None:
    assert launch.patterns_in_actions() == []


def test_a_wider_resource_or_a_missing_condition_is_noticed(launch: Proof) -> None:
    assert launch.unnoticed_widenings() == []


@pytest.mark.parametrize("policy", ["ProductPolicy", "ProjectsLaunchPolicy", "ExecutionRolePolicy"])
def test_a_managed_policy_is_within_its_limit(portfolio: Template, policy: str) -> None:
    longest = {
        **configurations.portfolio(),
        "RoleNamePrefix": "AmazonSageMakerServiceCatalogProductsFs1",
        "StagingBucketName": "b" * 63,
        "StagingPrefix": "p" * 254 + "/",
    }
    stack = portfolio.resolve(longest, region="ap-southeast-2", partition="aws-us-gov")
    assert grants.size(stack.resources[policy].properties["PolicyDocument"]) <= grants.MAX_CHARACTERS


def test_the_launch_role_has_room_for_the_policies(portfolio: Template) -> None:
    stack = portfolio.resolve(configurations.portfolio())
    # IAM's default quota of managed policies for a role is 10.
    assert len(stack.resources["ProjectsLaunchRole"].properties["ManagedPolicyArns"]) <= 10
