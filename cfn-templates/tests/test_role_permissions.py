"""The roles of the product's resources have exactly the permissions of their duties."""

from collections.abc import Mapping

import pytest

import configurations
from permissions import calls, canaries, duties, grants, node, places
from permissions.duties import Duty
from permissions.needs import PASSED_TO, roles
from permissions.proof import Proof
from resolve import Stack, Template


@pytest.fixture(scope="module")
def stack(portfolio: Template) -> Stack:
    """Resolve the portfolio with every option turned on."""
    return portfolio.resolve(configurations.portfolio())


@pytest.fixture(scope="module")
def everywhere(product: Template, stack: Stack) -> Mapping[str, list[str]]:
    """Return the places of every configuration of the product."""
    return places.of([product.resolve(parameters) for _, parameters in configurations.product()], stack)


@pytest.fixture(scope="module", params=duties.NAMES)
def role(request: pytest.FixtureRequest, stack: Stack, everywhere: Mapping[str, list[str]]) -> Proof:
    """Return the proof of each role."""
    duty = Duty.read(request.param)
    requests = duty.requests(everywhere)
    given = [node.managed_policy(name) for name in duty.given]
    return Proof(policy(stack, duty), requests, canaries.of_role(requests), given)


def policy(stack: Stack, duty: Duty) -> grants.Policy:
    """Return everything that the templates grant to a role, or to the user's role."""
    if duty.policy:
        return grants.joined({duty.policy: stack.resources[duty.policy].properties["PolicyDocument"]})
    properties = stack.resources[str(duty.role)].properties
    assert "ManagedPolicyArns" not in properties
    return grants.joined({each["PolicyName"]: each["PolicyDocument"] for each in properties["Policies"]})


def test_allows_every_need(role: Proof) -> None:
    assert role.denied_needs() == []


def test_denies_every_canary(role: Proof) -> None:
    assert role.canaries
    assert role.allowed_canaries() == []


def test_has_no_superfluous_grant(role: Proof) -> None:
    assert role.superfluous_grants() == []


def test_grants_have_no_wildcard_actions(role: Proof) -> None:
    assert role.patterns_in_actions() == []


def test_canaries_detect_every_wider_policy(role: Proof) -> None:
    assert role.unnoticed_widenings() == []


@pytest.mark.parametrize("name", [name for name in duties.NAMES if Duty.read(name).role])
def test_inline_policies_are_within_their_size_limit(portfolio: Template, name: str) -> None:
    parameters = {
        **configurations.portfolio(),
        "StagingBucketName": "b" * 63,
        "StagingPrefix": "p" * 254 + "/",
    }
    stack = portfolio.resolve(parameters, region="ap-southeast-2", partition="aws-us-gov")
    policies = stack.resources[str(Duty.read(name).role)].properties["Policies"]
    # IAM's quota for all inline policies of a role.
    assert sum(grants.size(each["PolicyDocument"]) for each in policies) <= 10_240


def test_roles_use_only_resources_in_the_portfolio_parameters(portfolio: Template) -> None:
    plain = portfolio.resolve(configurations.PORTFOLIO_PARAMETERS)
    resources = {
        grant.resource for name in ("build", "job") for grant in grants.grants(policy(plain, Duty.read(name)))
    }
    foreign = (configurations.DATA_BUCKET, ":kms:", ":ec2:")
    assert not [resource for resource in resources if any(each in resource for each in foreign)]


@pytest.mark.parametrize("crate", calls.crates())
def test_duties_list_every_call_of_the_code(crate: str) -> None:
    listed = [duty for duty in map(Duty.read, duties.NAMES) if duty.crate == crate]
    assert listed, f"{crate} calls AWS, but no file in {duties.FOLDER} names its role; add it to one"
    for duty in listed:
        called = calls.of_files(crate, duty.files) if duty.files else calls.of_crate(crate)
        assert set(duty.of_people) <= called, duty.name
        assert duty.made_by_code() == called - set(duty.of_people), duty.name


def test_every_role_has_duties(stack: Stack) -> None:
    created = {resource.logical_id for resource in stack.of_type("AWS::IAM::Role")}
    described = {duty.role for duty in map(Duty.read, duties.NAMES) if duty.role}
    assert created == described | {"ProjectsLaunchRole"}


def test_only_the_service_that_gets_a_role_can_assume_it(product: Template, stack: Stack) -> None:
    project = product.resolve(dict(next(configurations.product())[1]))
    arns = {
        resource.logical_id: stack.arn(resource.logical_id) for resource in stack.of_type("AWS::IAM::Role")
    }
    receivers = {
        role: {PASSED_TO[each.type] for each in project.resources.values() if arn in roles(each.properties)}
        for role, arn in arns.items()
    }
    # The build passes the pipeline's role. The user who creates a project passes the launch role.
    receivers |= {
        "JobRole": {"sagemaker.amazonaws.com"},
        "ProjectsLaunchRole": {"cloudformation.amazonaws.com"},
    }
    here = stack.environment.account
    # AWS does not document that Lambda and CloudFormation set the source account. Other accounts cannot pass
    # these roles anyway.
    silent = {"LambdaRole", "ProjectsLaunchRole"}
    for role, [service] in receivers.items():
        [statement] = stack.resources[role].properties["AssumeRolePolicyDocument"]["Statement"]
        from_here = {"Condition": {"StringEquals": {"aws:SourceAccount": here}}}
        assert statement == {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            **({} if role in silent else from_here),
        }, role
