"""The roles that the product's resources run under may do what they are for, and nothing else."""

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
    """The portfolio with everything turned on."""
    return portfolio.resolve(configurations.portfolio())


@pytest.fixture(scope="module")
def everywhere(product: Template, stack: Stack) -> Mapping[str, list[str]]:
    """The places of every configuration of the product."""
    return places.of([product.resolve(parameters) for _, parameters in configurations.product()], stack)


@pytest.fixture(scope="module", params=duties.NAMES)
def role(request: pytest.FixtureRequest, stack: Stack, everywhere: Mapping[str, list[str]]) -> Proof:
    """Each role, with what it is for."""
    duty = Duty.read(request.param)
    asked = duty.requests(everywhere)
    given = [node.managed_policy(name) for name in duty.given]
    return Proof(policy(stack, duty), asked, canaries.of_role(asked), given)


def policy(stack: Stack, duty: Duty) -> grants.Policy:
    """All that the templates grant to a role, or attach to a role of the user's."""
    if duty.policy:
        return grants.joined({duty.policy: stack.resources[duty.policy].properties["PolicyDocument"]})
    properties = stack.resources[str(duty.role)].properties
    assert "ManagedPolicyArns" not in properties
    return grants.joined({each["PolicyName"]: each["PolicyDocument"] for each in properties["Policies"]})


def test_everything_needed_is_allowed(role: Proof) -> None:
    assert role.denied_needs() == []


def test_what_is_foreign_stays_denied(role: Proof) -> None:
    assert role.canaries
    assert role.allowed_canaries() == []


def test_every_grant_is_needed(role: Proof) -> None:
    assert role.superfluous_grants() == []


def test_every_grant_names_one_action(role: Proof) -> None:
    assert role.patterns_in_actions() == []


def test_a_wider_resource_or_a_missing_condition_is_noticed(role: Proof) -> None:
    assert role.unnoticed_widenings() == []


@pytest.mark.parametrize("name", [name for name in duties.NAMES if Duty.read(name).role])
def test_a_roles_own_policies_are_within_their_limit(portfolio: Template, name: str) -> None:
    parameters = {
        **configurations.portfolio(),
        "StagingBucketName": "b" * 63,
        "StagingPrefix": "p" * 254 + "/",
    }
    stack = portfolio.resolve(parameters, region="ap-southeast-2", partition="aws-us-gov")
    policies = stack.resources[str(Duty.read(name).role)].properties["Policies"]
    # IAM's quota for all that is written into one role.
    assert sum(grants.size(each["PolicyDocument"]) for each in policies) <= 10_240


def test_what_was_not_named_to_the_portfolio_is_not_used(portfolio: Template) -> None:
    plain = portfolio.resolve(configurations.PORTFOLIO_PARAMETERS)
    resources = {
        grant.resource for name in ("build", "job") for grant in grants.grants(policy(plain, Duty.read(name)))
    }
    foreign = (configurations.DATA_BUCKET, ":kms:", ":ec2:")
    assert not [resource for resource in resources if any(each in resource for each in foreign)]


@pytest.mark.parametrize("crate", calls.crates())
def test_the_duties_list_every_call_that_the_code_makes(crate: str) -> None:
    listed = [duty for duty in map(Duty.read, duties.NAMES) if duty.crate == crate]
    assert listed, f"{crate} calls AWS, and no file in {duties.FOLDER} says under which role"
    for duty in listed:
        made = calls.of_files(crate, duty.files) if duty.files else calls.of_crate(crate)
        assert duty.made_by_code() == made, duty.name


def test_every_role_has_its_duties(stack: Stack) -> None:
    made = {resource.logical_id for resource in stack.of_type("AWS::IAM::Role")}
    described = {duty.role for duty in map(Duty.read, duties.NAMES) if duty.role}
    assert made == described | {"ProjectsLaunchRole"}


def test_every_role_is_assumed_by_the_service_that_it_is_handed_to_and_by_no_other(
    product: Template, stack: Stack
) -> None:
    made = product.resolve(dict(next(configurations.product())[1]))
    arns = {
        resource.logical_id: stack.arn(resource.logical_id) for resource in stack.of_type("AWS::IAM::Role")
    }
    handed = {
        role: {PASSED_TO[each.type] for each in made.resources.values() if arn in roles(each.properties)}
        for role, arn in arns.items()
    }
    # The pipeline's role is handed over by the build, and the launch role by whoever makes a project.
    handed |= {"JobRole": {"sagemaker.amazonaws.com"}, "ProjectsLaunchRole": {"cloudformation.amazonaws.com"}}
    here = stack.environment.account
    # Nothing says that Lambda and CloudFormation tell for which account they assume a role; nobody of another
    # account can hand them one.
    silent = {"LambdaRole", "ProjectsLaunchRole"}
    for role, [service] in handed.items():
        [statement] = stack.resources[role].properties["AssumeRolePolicyDocument"]["Statement"]
        from_here = {"Condition": {"StringEquals": {"aws:SourceAccount": here}}}
        assert statement == {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            **({} if role in silent else from_here),
        }, role
