"""What a form shows of the parameters, and what it takes for them."""

import re
from collections import Counter
from pathlib import Path

import pytest

import limits
from configurations import PORTFOLIO, PRODUCT, PRODUCT_PARAMETERS, portfolio
from extremes import PORTABLE, Pattern
from resolve import Template

TEMPLATES = {path.stem: Template.load(path) for path in (PRODUCT, PORTFOLIO)}
BOTH = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
HASH = "0123456789abcdef" * 4
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"

# By parameter: values that are taken, and values that are refused.
BUCKETS = (
    ["abc", "my-bucket.of-2026", "b" * 63],
    ["ab", "b" * 64, "Bucket", "my_bucket", "s3://bucket", "bucket/", "-bucket", "bucket-", "a b", "b*t", "전복전복"],
)
HASHES = (["", HASH], ["0", HASH[1:], HASH + "0", HASH.upper(), f"sha256:{HASH}", "g" * 64, " "])
STAGING_PREFIXES = (
    ["amazon-sagemaker-reusable-components/", "a/b/c/", "1.0_(x)!/", "a" * 255 + "/"],
    ["", "/", "/a/", "no-slash", "s3://b/", "a b/", "a*/", "a\\/", "전/", "a" * 256 + "/", "a?/", "a+b/"],
)
ROLE_PREFIXES = (
    ["AmazonSageMakerServiceCatalogProductsFs", "AmazonSageMakerProjectsFs", "AmazonSageMakerServiceCatalog"],
    ["", "MyRole", "amazonsagemakerprojects", "AmazonSageMakerServiceCatalog" + "x" * 12, "AmazonSageMakerProjects/x"],
)
VALUES: dict[str, dict[str, tuple[list[str], list[str]]]] = {
    PRODUCT.stem: {
        "SageMakerProjectName": (
            ["a", "Abalone", "a-b--c", "x" * 32, "2026"],
            ["", "-a", "a-", "a_b", "a b", "x" * 33, "a" + "-" * 31 + "b", "전복", "a.b"],
        ),
        "SageMakerProjectId": (
            ["p-abcdefghijkl", "p-0", "p-" + "z" * 18],
            ["", "p-", "abc", "P-abc", "p-ABC", "p-a-b", "p-" + "z" * 19, "p-a*", "p-전"],
        ),
        "DataWranglerFlowUrl": (
            ["s3://bucket/a.flow", "s3://my.bucket-1/폴더/a b+c.flow", "s3://abc/" + "k" * 1015],
            ["", "a.flow", "s3://bucket", "s3://bucket/", "S3://bucket/a", "https://bucket/a", "s3://Bucket/a"]
            + ["s3://bucket/a\nb", "s3://bucket/a\x7f", "s3://ab/a", "s3:///a", "s3://abc/" + "k" * 1016],
        ),
        "DataWranglerOutputName": (
            ["", "0a1b2c3d-0000-0000-0000-0a1b2c3d4e5f.default", "node_1.out-2"],
            ["node", ".default", "node.", "a.b.c", "a b.c", "노드.default", "n" * 129 + ".o", "n." + "o" * 65, "*.*"],
        ),
        "FeatureGroupName": (
            ["a", "FG-abalone", "a_-_b", "x" * 64],
            ["", "-a", "a-", "_a", "a_", "a b", "a.b", "a/b", "전복", "x" * 65, "a" + "-" * 63 + "b"],
        ),
        "DataBucketName": (["", *BUCKETS[0]], BUCKETS[1]),
        "DataKeyPrefix": (
            ["", "landing/", "a b/c+d", "데이터/", "s3/", 'q"uo\'te', "landing", "a//b", "${AWS::Region}/", "?[a-z]{2}"],
            ["*", "landing/*", "a\\b", "/landing/", "s3://bucket/landing/", "s3:", "a\tb", "a\x00b", "p" * 241],
        ),
        "DataKeySuffix": (
            ["", ".csv", "/data.csv", "데이터.csv", "?", "a b"],
            ["*.csv", "\\.csv", ".csv\t", "s" * 65],
        ),
        "PipelineNamePrefix": (
            ["a", "s3-fs-ingest-pipeline", "a--b", "0", "p" * 235],
            ["", "Ingest", "-a", "a-", "a_b", "a.b", "a b", "전복", "p" * 236],
        ),
        "PipelineDescription": (
            ["", "Feature Store ingestion pipeline", "전복 \"quoted\" & <more>", "d" * 3072],
            ["two\nlines", "tab\t", "\x7f", "d" * 3073],
        ),
        "AlarmTopicArn": (
            ["", f"arn:aws:sns:eu-west-1:{ACCOUNT}:operators", f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:a_b-c"],
            ["operators", f"arn:aws:sns:eu-west-1:{ACCOUNT}:a.fifo", "arn:aws:sns:eu-west-1:1:operators"]
            + [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q", f"arn:aws:sns:eu-west-1:{ACCOUNT}:", f"arn:other:sns:x:{ACCOUNT}:t"]
            + [f"arn:aws:sns:eu-west-1:{ACCOUNT}:*", f"arn:aws:sns:eu-west-1:{ACCOUNT}:" + "t" * 257],
        ),
        "CodeConnectionArn": (
            ["", f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/aaaabbbb-0000-4000-8000-ccccddddeeee"]
            + [f"arn:aws:codestar-connections:eu-west-1:{ACCOUNT}:connection/aaaabbbb-0000-4000-8000-ccccddddeeee"],
            ["my-connection", f"arn:aws:codecommit:eu-west-1:{ACCOUNT}:r"]
            + [f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/*"]
            + [f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/short"],
        ),
        "CodeRepositoryId": (
            ["", "my-team/ingestion", "group/sub.group/repo_1", "r/" + "x" * 998],
            ["ingestion", "/ingestion", "my-team/", "a b/c", "a//b", "https://example.org/a/b", "r/" + "x" * 999],
        ),
        "CodeBranch": (
            ["main", "release/2026.11", "feature/a_b-c", "b" * 255],
            ["", "/main", "main/", "a..b", "a//b", "a b", ".main", "main.", "a*", "a\\b", "-x", "a~1", "b" * 256],
        ),
        "LambdaExecutionRole": (
            ["Auto", f"{ROLE}service-role/AmazonSageMakerServiceCatalogProductsLambdaRole"]
            + [f"{ROLE}service-role/AmazonSageMakerProjectsLambda", f"{ROLE}service-role/AmazonSageMakerServiceCatalog" + "r" * 35],
            ["", "auto", "MyRole", f"{ROLE}MyRole", f"{ROLE}AmazonSageMakerServiceCatalogX"]
            + [f"{ROLE}service-role/MyRole", f"{ROLE}service-role/AmazonSageMakerServiceCatalog/x", f"{ROLE}service-role/*"]
            + [f"{ROLE}service-role/AmazonSageMakerServiceCatalog" + "r" * 36],
        ),
        "RoleNamePrefix": ROLE_PREFIXES,
        "StagingBucketName": BUCKETS,
        "StagingPrefix": STAGING_PREFIXES,
        "StartPipelineX8664Sha256": HASHES,
        "StartPipelineArm64Sha256": HASHES,
        "IngestionPipelineX8664Sha256": HASHES,
        "IngestionPipelineArm64Sha256": HASHES,
        "IngestFeaturesX8664Sha256": HASHES,
        "SeedCodeSha256": HASHES,
    },
    PORTFOLIO.stem: {
        "SCPortfolioPrincipalRoleArn": (
            [f"{ROLE}User", f"{ROLE}service-role/User", f"{ROLE}a/b/c/d/User", f"arn:aws-us-gov:iam::{ACCOUNT}:role/User"],
            ["", "User", "role/User", f"arn:aws:iam::{ACCOUNT}:user/me", f"arn:aws:sts::{ACCOUNT}:assumed-role/User/me"]
            + [f"{ROLE}", f"{ROLE}a/b/c/d/e/User", f"{ROLE}*", f"{ROLE}a//User", f"{ROLE}" + "r" * 65, "arn:aws:iam::1:role/User"],
        ),
        "SCProductLaunchRoleArn": (
            ["AmazonSageMakerServiceCatalogProductsLaunchRole", f"{ROLE}service-role/Launch", f"{ROLE}a/b/c/d/e/Launch"],
            ["", "service-role/Launch", "a b", "*", f"{ROLE}", "r" * 65, f"arn:aws:iam::{ACCOUNT}:user/me"],
        ),
        "ProjectsLaunchRoleName": (
            ["", "AmazonSageMakerProjectsLaunchRole", "AmazonSageMakerProjects" + "r" * 41],
            ["LaunchRole", "AmazonSageMakerProjects", "AmazonSageMakerProjects" + "r" * 42, "AmazonSageMakerProjects/x"],
        ),
        "RoleNamePrefix": ROLE_PREFIXES,
        "DataBucketArns": (
            ["", "arn:aws:s3:::landing-zone", "arn:aws:s3:::a-b,arn:aws-cn:s3:::team-*"],
            ["landing-zone", "s3://landing-zone", "arn:aws:s3:::landing-zone/*", "arn:aws:s3:::Upper", "*"]
            + ["arn:aws:s3:::", "arn:aws:s3:::good,bad", "arn:aws:s3:::" + "b" * 64],
        ),
        "DataKeyArns": (
            ["", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/aaaabbbb-0000-4000-8000-ccccddddeeee"]
            + [f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/mrk-0123456789abcdef,arn:aws:kms:eu-west-1:{ACCOUNT}:key/a"],
            ["alias/my-key", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/my-key", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/*", "*"],
        ),
        "StagingBucketName": BUCKETS,
        "StagingPrefix": STAGING_PREFIXES,
        "ProductTemplateSha256": ([HASH], HASHES[1] + [""]),
        "ProductVersion": (["1", "1.2.3-rc.1+build_5"], ["", "1 2", "v/1", "판", "v" * 101]),
    },
}
CASES = [
    pytest.param(TEMPLATES[template], name, *values, id=f"{template}-{name}")
    for template, parameters in VALUES.items()
    for name, values in parameters.items()
]


def refusals(template: Template, name: str, value: str) -> list[str]:
    """What is said of one parameter's value."""
    found = template.refusals({name: value})
    return [refusal for refusal in found if refusal.startswith(f"{name}: ")]


@pytest.mark.parametrize(("template", "name", "good", "bad"), CASES)
def test_a_form_takes_what_can_work_and_nothing_else(
    template: Template, name: str, good: list[str], bad: list[str]
) -> None:
    for value in good:
        assert refusals(template, name, value) == [], value
    lines = [f"{value}\n" for value in good] + [f"\n{value}" for value in good]
    for value in bad + ([] if template.parameters[name]["Type"] == "CommaDelimitedList" else lines):
        assert refusals(template, name, value) != [], value


@BOTH
def test_every_text_that_can_be_typed_is_checked(template: Template) -> None:
    typed = {
        name
        for name, declared in template.parameters.items()
        if "AllowedValues" not in declared and declared["Type"] != "Number"
    }
    patterned = {name for name, declared in template.parameters.items() if "AllowedPattern" in declared}
    [tried] = [VALUES[stem] for stem, each in TEMPLATES.items() if each is template]
    assert typed == patterned == set(tried)


@BOTH
def test_patterns_mean_the_same_to_java_javascript_and_python(template: Template) -> None:
    for name, declared in template.parameters.items():
        if "AllowedPattern" not in declared:
            continue
        text = declared["AllowedPattern"]
        assert text.startswith("^"), name
        assert text.endswith("$"), name
        assert Pattern(text).operations() <= PORTABLE, name
        # Java knows unions and intersections of classes; JavaScript's flags have no place in a pattern.
        for foreign in (r"\[[^]]*\[", r"&&", r"\(\?[^!]", r"\\[^.\\dwsx]", r"\$."):
            assert not re.search(foreign, text), f"{name}: {foreign}"


@BOTH
def test_the_defaults_are_legal(template: Template) -> None:
    for name, declared in template.parameters.items():
        if "Default" in declared:
            assert refusals(template, name, str(declared["Default"])) == [], name


@BOTH
def test_every_parameter_is_explained_and_stands_in_one_group(template: Template) -> None:
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
def test_every_output_is_explained(template: Template) -> None:
    for name, output in template.sections["Outputs"].items():
        assert len(output["Description"]) > 5, name


@pytest.mark.parametrize("path", [PRODUCT, PORTFOLIO], ids=lambda path: path.stem)
def test_every_parameter_is_used(path: Path) -> None:
    text = path.read_text("utf-8").partition("\nRules:" if path is PRODUCT else "\nConditions:")[2]
    for name in Template.load(path).parameters:
        assert re.search(rf"(!Ref |\$\{{){name}\b", text), name


def test_the_portfolio_needs_one_parameter_beside_those_that_packaging_sets() -> None:
    template = TEMPLATES[PORTFOLIO.stem]
    required = {name for name, declared in template.parameters.items() if "Default" not in declared}
    packaged = {"StagingBucketName", "ProductTemplateSha256", "ProductVersion"}
    assert required - packaged == {"SCPortfolioPrincipalRoleArn"}


RULES = [
    ({}, None),
    ({"Architecture": "arm64"}, None),
    ({"Engine": "native"}, None),
    ({"StartPipelineX8664Sha256": ""}, "PackagedForX8664: The function"),
    ({"IngestionPipelineX8664Sha256": ""}, "PackagedForX8664: The build's program"),
    ({"Architecture": "arm64", "StartPipelineArm64Sha256": ""}, "PackagedForArm64: The function"),
    ({"Architecture": "arm64", "IngestionPipelineArm64Sha256": ""}, "PackagedForArm64: The build's program"),
    # What is not used need not be packaged.
    ({"StartPipelineArm64Sha256": "", "IngestionPipelineArm64Sha256": ""}, None),
    ({"Architecture": "arm64", "StartPipelineX8664Sha256": "", "IngestionPipelineX8664Sha256": ""}, None),
    ({"IngestFeaturesX8664Sha256": ""}, None),
    ({"Engine": "native", "IngestFeaturesX8664Sha256": ""}, "PackagedForNative: The native engine"),
    ({"SeedCodeSha256": ""}, "SourceInCodeCommit: The seed code"),
    ({"CodeRepositoryId": "a/b"}, "SourceInCodeCommit: A repository is named"),
    ({"CodeConnectionArn": VALUES[PRODUCT.stem]["CodeConnectionArn"][0][1]}, "SourceBehindConnection: A code connection"),
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
def test_combinations_that_cannot_work_are_refused_before_anything_is_made(
    changes: dict[str, str], refusal: str | None
) -> None:
    found = TEMPLATES[PRODUCT.stem].refusals({**PRODUCT_PARAMETERS, **changes})
    if refusal is None:
        assert found == []
    else:
        [said] = found
        assert said.startswith(refusal)


def test_each_rule_has_been_broken_above() -> None:
    broken = {refusal.partition(":")[0] for _, refusal in RULES if refusal}
    assert broken == set(TEMPLATES[PRODUCT.stem].sections["Rules"])


@pytest.mark.parametrize("depth", range(5))
def test_the_principals_name_is_found_whatever_its_path(depth: int) -> None:
    path = "".join(f"{level}/" for level in ("service-role", "team", "of", "data")[:depth])
    stack = TEMPLATES[PORTFOLIO.stem].resolve({**portfolio(), "SCPortfolioPrincipalRoleArn": f"{ROLE}{path}Studio-User"})
    assert stack.outputs["AmazonSageMakerExecutionRoleName"] == "Studio-User"
