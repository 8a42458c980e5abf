"""Launch roles have exactly the permissions that CloudFormation needs for the product."""

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
    """Return the proof of each way to launch the product."""
    if request.param == "service-catalog":
        return service_catalog_launch
    return s3_launch(configurations.SERVICE_CATALOG_ROLES)


def test_allows_every_need(launch: Proof) -> None:
    assert launch.denied_needs() == []


def test_allows_role_names_of_the_guides_for_s3_hosted_templates(
    s3_launch: Callable[[str], Proof],
) -> None:
    assert s3_launch(configurations.PROJECTS_ROLES).denied_needs() == []


def test_denies_every_canary(launch: Proof) -> None:
    assert launch.canaries
    assert launch.allowed_canaries() == []


def test_aws_policy_allows_only_known_canaries(service_catalog_launch: Proof) -> None:
    forbidden = {
        canary.action for canary in service_catalog_launch.tolerated if canary.purpose == "forbidden"
    }
    # AWS's policy allows passing Service Catalog roles to any service, and reading buckets named sagemaker-*.
    assert forbidden == {"iam:PassRole", "s3:GetObject"}


def test_has_no_superfluous_grant(launch: Proof) -> None:
    assert launch.beyond
    assert launch.superfluous_grants() == []


def test_grants_have_no_wildcard_actions(launch: Proof) -> None:
    assert launch.patterns_in_actions() == []


def test_canaries_detect_every_wider_policy(launch: Proof) -> None:
    assert launch.unnoticed_widenings() == []


@pytest.mark.parametrize("policy", ["ProductPolicy", "ProjectsLaunchPolicy", "ExecutionRolePolicy"])
def test_managed_policy_is_within_its_size_limit(portfolio: Template, policy: str) -> None:
    longest = {
        **configurations.portfolio(),
        "RoleNamePrefix": "AmazonSageMakerServiceCatalogProductsFs1",
        "StagingBucketName": "b" * 63,
        "StagingPrefix": "p" * 254 + "/",
    }
    stack = portfolio.resolve(longest, region="ap-southeast-2", partition="aws-us-gov")
    assert grants.size(stack.resources[policy].properties["PolicyDocument"]) <= grants.MAX_CHARACTERS


def test_launch_role_is_within_its_policy_quota(portfolio: Template) -> None:
    stack = portfolio.resolve(configurations.portfolio())
    # IAM's default quota is 10 managed policies per role.
    assert len(stack.resources["ProjectsLaunchRole"].properties["ManagedPolicyArns"]) <= 10
