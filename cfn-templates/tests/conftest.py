"""Fixtures: the templates, and the proofs of their policies."""

from collections.abc import Callable, Mapping

import pytest

import configurations
from permissions import canaries, grants, needs, node, service_catalog
from permissions.grants import Policy
from permissions.proof import Proof
from resolve import Stack, Template

# The policy of AmazonSageMakerServiceCatalogProductsLaunchRole.
AWS_LAUNCH_POLICY = "AmazonSageMakerAdmin-ServiceCatalogProductsServiceRolePolicy"


@pytest.fixture(scope="session")
def product() -> Template:
    """Load the product's template."""
    return Template.load(configurations.PRODUCT)


@pytest.fixture(scope="session")
def portfolio() -> Template:
    """Load the portfolio's template."""
    return Template.load(configurations.PORTFOLIO)


@pytest.fixture(scope="session")
def aws_launch_policy() -> Policy:
    """Return the policy of AWS's own launch role."""
    return node.managed_policy(AWS_LAUNCH_POLICY)


def policies(stack: Stack, *names: str) -> Mapping[str, Policy]:
    """Return the documents of managed policies by logical id."""
    return {name: stack.resources[name].properties["PolicyDocument"] for name in names}


@pytest.fixture(scope="session")
def service_catalog_launch(product: Template, portfolio: Template, aws_launch_policy: Policy) -> Proof:
    """Prove the launch through Service Catalog, with AWS's policy and ours."""
    stacks = [product.resolve(parameters) for _, parameters in configurations.product()]
    template = portfolio.resolve(configurations.portfolio()).of_type(
        "AWS::ServiceCatalog::CloudFormationProduct"
    )
    [artifact] = template[0].properties["ProvisioningArtifactParameters"]
    requests = needs.of_stacks(stacks)
    requests += service_catalog.requests(stacks[0], _object_at(artifact["Info"]["LoadTemplateFromURL"]))
    ours = grants.joined(policies(portfolio.resolve(configurations.portfolio()), "ProductPolicy"))
    return Proof(ours, requests, canaries.of_launch(requests), [aws_launch_policy])


@pytest.fixture(scope="session")
def s3_launch(product: Template, portfolio: Template) -> Callable[[str], Proof]:
    """Prove the launch of an S3-hosted template with our launch role, for a prefix of role names."""

    def proof(roles: str) -> Proof:
        chosen = configurations.product(roles, configurations.PROJECTS_OWN_ROLE)
        requests = needs.of_stacks(product.resolve(parameters) for _, parameters in chosen)
        stack = portfolio.resolve(configurations.portfolio(roles))
        ours = grants.joined(policies(stack, "ProductPolicy", "ProjectsLaunchPolicy"))
        return Proof(ours, requests, canaries.of_launch(requests))

    return proof


def _object_at(url: str) -> str:
    """Return the ARN of an object at `https://<bucket>.s3.<region>.<domain>/<key>`."""
    host, _, key = url.removeprefix("https://").partition("/")
    return f"arn:aws:s3:::{host.partition('.s3.')[0]}/{key}"
