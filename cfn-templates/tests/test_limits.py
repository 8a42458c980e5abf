"""The stacks stay within AWS's limits, even with the longest valid parameters."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import cfnlint.api
import pytest
from cfnlint.config import ManualArgs

import limits
from configurations import PORTFOLIO, PRODUCT, portfolio, product
from extremes import longest
from permissions.schemas import schema
from resolve import Stack, Template
from resolve.types import TYPES

# Configurations with different resources or different lengths of values.
CONFIGURATIONS = {
    name: parameters
    for name, parameters in product()
    if re.fullmatch(
        "native-(created-codecommit-.*-with|given-codeconnections-silent-without)-x86_64-auto", name
    )
}
LONGEST_ACCOUNT = "999999999999"


def extreme(template: Template, parameters: dict[str, str]) -> dict[str, str]:
    """Return the parameters with the longest valid value of each parameter that is not empty.

    ARNs are unchanged, because AWS generates them.
    """
    filled_in = {
        name: value
        for name, declared in template.parameters.items()
        if (value := longest(declared)) is not None
        and not name.endswith(("Arn", "Arns", "ExecutionRole"))
        and parameters.get(name, str(declared.get("Default", ""))) != ""
    }
    return {**parameters, **filled_in}


def regions() -> Iterator[tuple[str, str]]:
    """Yield every partition and region that botocore knows."""
    session = botocore.session.get_session()
    for partition in session.get_available_partitions():
        found = set(session.get_available_regions("lambda", partition))
        found |= set(session.get_available_regions("sts", partition))
        yield from ((partition, region) for region in sorted(found) if re.fullmatch(r"[a-z0-9-]+-\d", region))


def stacks() -> Iterator[tuple[str, Stack]]:
    """Yield the product and the portfolio with the longest valid parameters."""
    of_product = Template.load(PRODUCT)
    for name, parameters in CONFIGURATIONS.items():
        filled = extreme(of_product, parameters)
        yield name, of_product.resolve(filled, region="ap-northeast-1", account=LONGEST_ACCOUNT)
    of_portfolio = Template.load(PORTFOLIO)
    filled = extreme(of_portfolio, portfolio())
    yield "portfolio", of_portfolio.resolve(filled, region="ap-northeast-1", account=LONGEST_ACCOUNT)


STACKS = dict(stacks())


@pytest.mark.parametrize("template", [PRODUCT, PORTFOLIO], ids=lambda path: path.stem)
def test_longest_value_is_valid_and_one_more_character_is_not(template: Path) -> None:
    parameters = Template.load(template).parameters
    for name, declared in parameters.items():
        value = longest(declared)
        if value is None or declared["Type"] == "CommaDelimitedList":
            continue
        assert re.fullmatch(declared["AllowedPattern"], value, re.ASCII), name
        bound = int(declared.get("MaxLength", 4096))
        assert len(value) == bound or not re.fullmatch(declared["AllowedPattern"], value + "a", re.ASCII), (
            name
        )
        assert len(value) <= 1024, f"{name} has no bound"


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_longest_names_are_valid(stack: Stack) -> None:
    named = 0
    for resource in stack.resources.values():
        name_property = TYPES[resource.type].name_property
        if name_property not in resource.properties:
            continue
        named += 1
        name = resource.properties[name_property]
        assert name == stack.physical_name(resource.logical_id)
        if resource.type in limits.NAMES:
            assert limits.NAMES[resource.type].fullmatch(name), f"{resource.logical_id}: {name}"
        else:
            declared = schema(resource.type)["properties"][name_property]
            assert {"maxLength", "pattern"} & set(declared), f"the limits of {resource.type} are not known"
            assert len(name) <= declared.get("maxLength", len(name)), f"{resource.logical_id}: {name}"
            # Some of the schemas' patterns use Java's syntax.
            pattern = declared.get("pattern", ".*").replace(r"\Z", "$")
            assert re.search(pattern, name, re.ASCII), f"{resource.logical_id}: {name}"
    assert named >= 8


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_longest_properties_pass_the_linter(stack: Stack) -> None:
    """cfn-lint compares each property of the resolved stack with its schema."""
    resolved = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            resource.logical_id: {"Type": resource.type, "Properties": resource.properties}
            for resource in stack.resources.values()
        },
    }
    found = cfnlint.api.lint(json.dumps(resolved), config=ManualArgs(regions=["ap-northeast-1"]))
    assert [f"{each.path}: {each.message}" for each in found if each.rule.id.startswith("E")] == []


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_descriptions_of_builds_are_short_enough(stack: Stack) -> None:
    for build in stack.of_type("AWS::CodeBuild::Project"):
        assert len(build.properties["Description"]) <= limits.BUILD_DESCRIPTION


@pytest.mark.parametrize("stack", [STACKS[name] for name in CONFIGURATIONS], ids=CONFIGURATIONS)
def test_longest_pipeline_name_is_valid(stack: Stack) -> None:
    name = stack.outputs["PipelineName"]
    assert len(name) == limits.LONGEST_PIPELINE_NAME
    assert limits.PIPELINE_NAME.fullmatch(name)
    assert name == name.lower()


@pytest.mark.parametrize("letter", ["a", '"', "복", "🐚"])
def test_event_patterns_are_short_enough_with_any_escaping(letter: str) -> None:
    template = Template.load(PRODUCT)
    units = len(letter.encode("utf-16-le")) // 2
    # CloudFormation counts UTF-16 code units, as Java does.
    most = {
        name: int(template.parameters[name]["MaxLength"]) // units
        for name in ("DataKeyPrefix", "DataKeySuffix")
    }
    parameters = {
        **dict(product())["data-wrangler-given-codecommit-silent-without-x86_64-auto"],
        **{name: letter * length for name, length in most.items()},
        "DataBucketName": "b" * 63,
    }
    pattern = template.resolve(parameters).resources["UploadRule"].properties["EventPattern"]
    compact = (",", ":")
    assert len(json.dumps(pattern, separators=compact)) <= limits.EVENT_PATTERN
    assert len(json.dumps(pattern, separators=compact, ensure_ascii=False).encode()) <= limits.EVENT_PATTERN


def test_role_names_are_valid_in_every_region() -> None:
    template = Template.load(PORTFOLIO)
    parameters = extreme(template, portfolio())
    roles = [role.logical_id for role in template.resolve(parameters).of_type("AWS::IAM::Role")]
    everywhere = list(regions())
    assert len(everywhere) > 35
    assert len(roles) == 6
    for partition, region in everywhere:
        stack = template.resolve(parameters, region=region, partition=partition)
        for role in roles:
            name = stack.physical_name(role)
            assert re.fullmatch(r"[\w+=,.@-]{1,64}", name, re.ASCII), name


def written(document: Any) -> int:
    """Return a policy's length as IAM counts it."""
    return len(re.sub(r"\s", "", json.dumps(document, ensure_ascii=False)))


def test_policies_are_small_enough() -> None:
    template = Template.load(PORTFOLIO)
    parameters = extreme(template, portfolio()) | {
        # Twelve data buckets with the longest names, and twelve keys.
        "DataBucketArns": ",".join(f"arn:aws-us-gov:s3:::{number:a>63}" for number in range(12)),
        "DataKeyArns": ",".join(
            f"arn:aws-us-gov:kms:us-gov-west-1:999999999999:key/{number:a>36}" for number in range(12)
        ),
    }
    stack = template.resolve(parameters, region="us-gov-west-1", partition="aws-us-gov")
    for policy in stack.of_type("AWS::IAM::ManagedPolicy"):
        assert written(policy.properties["PolicyDocument"]) <= limits.MANAGED_POLICY, policy.logical_id
    for role in stack.of_type("AWS::IAM::Role"):
        inline = [policy["PolicyDocument"] for policy in role.properties.get("Policies", [])]
        assert sum(map(written, inline)) <= limits.INLINE_POLICIES, role.logical_id
        assert written(role.properties["AssumeRolePolicyDocument"]) <= limits.TRUST_POLICY, role.logical_id


@pytest.mark.parametrize("path", [PRODUCT, PORTFOLIO], ids=lambda path: path.stem)
def test_templates_are_within_cloudformation_limits(path: Path) -> None:
    template = Template.load(path)
    sections = template.sections
    assert path.stat().st_size <= limits.TEMPLATE_BYTES_IN_S3
    assert len(sections["Description"].encode()) <= limits.TEMPLATE_DESCRIPTION_BYTES
    assert len(template.parameters) <= min(limits.PARAMETERS, limits.PARAMETERS_OF_A_TEMPLATE_PROVIDER)
    assert len(sections["Resources"]) <= limits.RESOURCES
    assert len(sections["Outputs"]) <= limits.OUTPUTS
