"""The parameters' texts, values and rules."""

import re
from collections import Counter
from pathlib import Path

import pytest

import limits
from configurations import PORTFOLIO, PRODUCT, PRODUCT_PARAMETERS, portfolio
from extremes import PORTABLE, Pattern
from resolve import Template
from values import ACCOUNT_ROLE, VALUES

TEMPLATES = {path.stem: Template.load(path) for path in (PRODUCT, PORTFOLIO)}
BOTH = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
CASES = [
    pytest.param(TEMPLATES[template], name, *values, id=f"{template}-{name}")
    for template, parameters in VALUES.items()
    for name, values in parameters.items()
]


def refusals(template: Template, name: str, value: str) -> list[str]:
    """Return the refusals of one parameter's value."""
    found = template.refusals({name: value})
    return [refusal for refusal in found if refusal.startswith(f"{name}: ")]


@pytest.mark.parametrize(("template", "name", "good", "bad"), CASES)
def test_accepts_good_values_and_rejects_bad_values(
    template: Template, name: str, good: list[str], bad: list[str]
) -> None:
    for value in good:
        assert refusals(template, name, value) == [], value
    lines = [f"{value}\n" for value in good] + [f"\n{value}" for value in good]
    for value in bad + ([] if template.parameters[name]["Type"] == "CommaDelimitedList" else lines):
        assert refusals(template, name, value) != [], value


@BOTH
def test_every_text_parameter_has_a_pattern_and_test_values(template: Template) -> None:
    typed = {
        name
        for name, declared in template.parameters.items()
        if "AllowedValues" not in declared and declared["Type"] != "Number"
    }
    patterned = {name for name, declared in template.parameters.items() if "AllowedPattern" in declared}
    [tried] = [VALUES[stem] for stem, each in TEMPLATES.items() if each is template]
    assert typed == patterned == set(tried)


@BOTH
def test_patterns_are_portable_to_java_javascript_and_python(template: Template) -> None:
    for name, declared in template.parameters.items():
        if "AllowedPattern" not in declared:
            continue
        text = declared["AllowedPattern"]
        assert text.startswith("^"), name
        assert text.endswith("$"), name
        assert Pattern(text).operations() <= PORTABLE, name
        # Java has unions and intersections of classes. JavaScript has no inline flags.
        for foreign in (r"\[[^]]*\[", r"&&", r"\(\?[^!]", r"\\[^.\\dwsx]", r"\$."):
            assert not re.search(foreign, text), f"{name}: {foreign}"


@BOTH
def test_defaults_are_valid(template: Template) -> None:
    for name, declared in template.parameters.items():
        if "Default" in declared:
            assert refusals(template, name, str(declared["Default"])) == [], name


@BOTH
def test_every_parameter_has_a_label_a_description_and_one_group(template: Template) -> None:
    interface = template.sections["Metadata"]["AWS::CloudFormation::Interface"]
    for group in interface["ParameterGroups"]:
        assert group["Label"]["default"]
    grouped = Counter(name for group in interface["ParameterGroups"] for name in group["Parameters"])
    assert grouped == dict.fromkeys(template.parameters, 1)
    labels = {name: label["default"] for name, label in interface["ParameterLabels"].items()}
    assert set(labels) == set(template.parameters)
    assert all(labels.values())
    assert len(set(labels.values())) == len(labels)
    for name, declared in template.parameters.items():
        assert len(declared["Description"].strip()) > 10, name
        assert len(declared["Description"]) <= limits.PARAMETER_DESCRIPTION, name
        if "AllowedPattern" in declared:
            assert declared["ConstraintDescription"], name


@BOTH
def test_every_output_has_a_description(template: Template) -> None:
    for name, output in template.sections["Outputs"].items():
        assert len(output["Description"]) > 5, name


@pytest.mark.parametrize("path", [PRODUCT, PORTFOLIO], ids=lambda path: path.stem)
def test_every_parameter_is_used(path: Path) -> None:
    text = path.read_text("utf-8").partition("\nRules:" if path is PRODUCT else "\nConditions:")[2]
    for name in Template.load(path).parameters:
        assert re.search(rf"(!Ref |\$\{{){name}\b", text), name


def test_portfolio_requires_one_parameter_besides_packaged_ones() -> None:
    template = TEMPLATES[PORTFOLIO.stem]
    required = {name for name, declared in template.parameters.items() if "Default" not in declared}
    packaged = {"StagingBucketName", "ProductTemplateSha256", "ProductVersion"}
    assert required - packaged == {"SCPortfolioPrincipalRoleArn"}


RULES = [
    ({}, None),
    ({"Architecture": "arm64"}, None),
    ({"Engine": "native"}, None),
    ({"StartPipelineX8664Sha256": ""}, "PackagedForX8664: The Lambda function"),
    ({"IngestionPipelineX8664Sha256": ""}, "PackagedForX8664: The build program"),
    ({"Architecture": "arm64", "StartPipelineArm64Sha256": ""}, "PackagedForArm64: The Lambda function"),
    ({"Architecture": "arm64", "IngestionPipelineArm64Sha256": ""}, "PackagedForArm64: The build program"),
    # Unused code need not be packaged.
    ({"StartPipelineArm64Sha256": "", "IngestionPipelineArm64Sha256": ""}, None),
    ({"Architecture": "arm64", "StartPipelineX8664Sha256": "", "IngestionPipelineX8664Sha256": ""}, None),
    ({"IngestFeaturesX8664Sha256": ""}, None),
    ({"Engine": "native", "IngestFeaturesX8664Sha256": ""}, "PackagedForNative: The native engine"),
    ({"Engine": "native", "InstanceCount": "2"}, "PackagedForNative: The native engine runs on one instance"),
    ({"Engine": "spark", "InstanceCount": "100"}, None),
    ({"SparkEngineSha256": ""}, None),
    ({"Engine": "spark", "SparkEngineSha256": ""}, "PackagedForSpark: The Spark engine"),
    ({"Engine": "spark", "IngestFeaturesX8664Sha256": ""}, "PackagedForSpark: The program that writes"),
    ({"SeedCodeSha256": ""}, "SourceInCodeCommit: The seed code"),
    ({"CodeRepositoryId": "a/b"}, "SourceInCodeCommit: A repository is set"),
    (
        {"CodeConnectionArn": VALUES[PRODUCT.stem]["CodeConnectionArn"][0][1]},
        "SourceBehindConnection: A code connection",
    ),
    (
        {
            "CodeConnectionArn": VALUES[PRODUCT.stem]["CodeConnectionArn"][0][1],
            "CodeRepositoryId": "a/b",
            "SeedCodeSha256": "",
        },
        None,
    ),
]


@pytest.mark.parametrize(("changes", "refusal"), RULES)
def test_rules_reject_invalid_combinations(changes: dict[str, str], refusal: str | None) -> None:
    found = TEMPLATES[PRODUCT.stem].refusals({**PRODUCT_PARAMETERS, **changes})
    if refusal is None:
        assert found == []
    else:
        [refused] = found
        assert refused.startswith(refusal)


def test_every_rule_has_a_rejected_combination() -> None:
    broken = {refusal.partition(":")[0] for _, refusal in RULES if refusal}
    assert broken == set(TEMPLATES[PRODUCT.stem].sections["Rules"])


@pytest.mark.parametrize("depth", range(5))
def test_finds_the_principals_name_after_any_path(depth: int) -> None:
    path = "".join(f"{level}/" for level in ("service-role", "team", "of", "data")[:depth])
    stack = TEMPLATES[PORTFOLIO.stem].resolve(
        {**portfolio(), "SCPortfolioPrincipalRoleArn": f"{ACCOUNT_ROLE}{path}Studio-User"}
    )
    assert stack.outputs["AmazonSageMakerExecutionRoleName"] == "Studio-User"
