"""The diagrams in design/ show what the templates contain, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

import configurations
from resolve import Stack, Template

DESIGN = configurations.TEMPLATES.parent / "design"
TEMPLATES = {
    "project": configurations.PRODUCT,
    "portfolio": configurations.PORTFOLIO,
    "packaging": configurations.TEMPLATES / "package-cfn.yaml",
}
# A property of a resource that hands a role to its service.
ROLE_PROPERTIES = ("Role", "RoleArn", "ServiceRole")
Pass = tuple[str, str]


@cache
def diagram(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DESIGN / f"{name}.yaml").read_text("utf-8"))
    return loaded


def resources(template: str) -> dict[str, Any]:
    found: dict[str, Any] = Template.load(TEMPLATES[template]).sections["Resources"]
    return found


def shown(name: str, template: str) -> list[str]:
    """The template's resources that the diagram shows."""
    return [each for box in diagram(name)["boxes"].values() for each in box.get(template, [])]


@pytest.mark.parametrize("template", ["project", "portfolio"])
def test_architecture_shows_each_resource_once(template: str) -> None:
    assert sorted(shown("architecture", template)) == sorted(resources(template))


@pytest.mark.parametrize("template", TEMPLATES)
def test_iam_diagram_shows_each_role(template: str) -> None:
    found = resources(template)
    roles = [name for name, resource in found.items() if resource["Type"] == "AWS::IAM::Role"]
    assert sorted(each for box in role_boxes() for each in box.get(template, [])) == sorted(roles)
    assert set(shown("iam-roles", template)) <= set(found)


def role_boxes() -> list[dict[str, Any]]:
    return [box for box in diagram("iam-roles")["boxes"].values() if box["kind"] == "role"]


def test_role_box_is_one_role_of_a_template_or_of_aws() -> None:
    for box in role_boxes():
        sources = [role for template in TEMPLATES for role in box.get(template, [])]
        assert len(sources) + bool(box.get("external")) == 1, box["lines"]


def arrows(style: str) -> Iterator[tuple[str, str]]:
    """The arrows of a style in the IAM diagram; one to a frame goes to each box in it."""
    loaded = diagram("iam-roles")
    for arrow in loaded["arrows"]:
        if arrow.get("style", "solid") == style:
            for target in members(loaded, arrow["to"]):
                yield arrow["from"], target


def members(loaded: dict[str, Any], name: str) -> list[str]:
    if name in loaded["boxes"]:
        return [name]
    (left, top), (width, height) = loaded["frames"][name]["at"], loaded["frames"][name]["size"]
    places = {each: box["at"] for each, box in loaded["boxes"].items()}
    return [each for each, (x, y) in places.items() if left < x < left + width and top < y < top + height]


@pytest.mark.parametrize("template", ["portfolio", "packaging"])
def test_services_that_assume_a_role_are_those_it_trusts(template: str) -> None:
    boxes = diagram("iam-roles")["boxes"]
    for name, box in boxes.items():
        for role in box.get(template, []):
            trust = resources(template)[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            trusted = {statement["Principal"]["Service"] for statement in trust}
            drawn = {boxes[source]["principal"] for source, target in arrows("solid") if target == name}
            assert {f"{principal}.amazonaws.com" for principal in drawn} == trusted, role


def role_of(box: str) -> str:
    """The logical ID of a role in the portfolio's template, or the name of the box of AWS's own roles."""
    drawn = diagram("iam-roles")["boxes"][box]
    return str(box if drawn.get("external") else drawn["portfolio"][0])


@pytest.fixture
def stack(portfolio: Template) -> Stack:
    return portfolio.resolve(configurations.portfolio())


def test_roles_are_passed_as_the_policies_allow(stack: Stack, product: Template) -> None:
    drawn = {(role_of(source), role_of(target)) for source, target in arrows("dashed")}
    policies = stack.resources["ProjectsLaunchPolicy"], stack.resources["ExecutionRolePolicy"]
    holders = {"ProjectsLaunchRole": policies[0], "execution-role": policies[1]}
    allowed = {
        (holder, role)
        for holder, policy in holders.items()
        for role in passed_by(stack, policy.properties["PolicyDocument"])
    }
    for name, resource in stack.resources.items():
        for policy in resource.properties.get("Policies", []):
            allowed |= {(name, role) for role in passed_by(stack, policy["PolicyDocument"])}
    # AWS's own launch role passes what the product's resources use.
    allowed |= {("launch-role", role) for role in used_by_product(stack, product)}
    assert drawn == allowed


def roles_by_arn(stack: Stack) -> dict[str, str]:
    found = [name for name, resource in stack.resources.items() if resource.type == "AWS::IAM::Role"]
    return {stack.arn(name): name for name in found}


def passed_by(stack: Stack, document: dict[str, Any]) -> Iterator[str]:
    """The template's roles that a policy allows to pass. A role of the user's own is none of them."""
    roles = roles_by_arn(stack)
    for statement in document["Statement"]:
        if statement["Action"] == "iam:PassRole" and statement["Resource"] in roles:
            yield roles[statement["Resource"]]


def used_by_product(stack: Stack, product: Template) -> set[str]:
    roles = roles_by_arn(stack)
    project = product.resolve(configurations.PRODUCT_PARAMETERS)
    return {
        roles[arn]
        for resource in project.resources.values()
        for arn in roles_in(resource.properties)
        if arn in roles
    }


def roles_in(value: Any) -> Iterator[str]:
    """The values of properties that hand over a role, at any depth."""
    if isinstance(value, list):
        for each in value:
            yield from roles_in(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name in ROLE_PROPERTIES and isinstance(each, str):
                yield each
            else:
                yield from roles_in(each)


def test_resource_policies_are_the_projects() -> None:
    drawn = [arrow["allows"] for arrow in diagram("iam-roles")["arrows"] if arrow.get("style") == "dotted"]
    found = [name for name, resource in resources("project").items() if lets_others_in(resource)]
    assert sorted(drawn) == sorted(found)


def lets_others_in(resource: dict[str, Any]) -> bool:
    """Whether a resource is a resource-based policy that allows something."""
    if resource["Type"] == "AWS::Lambda::Permission":
        return True
    statements = resource["Properties"].get("PolicyDocument", {}).get("Statement", [])
    return any(statement["Effect"] == "Allow" for statement in statements)
