"""Properties of the stacks in every configuration, partition and region."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configurations import PORTFOLIO, PRODUCT, PRODUCT_PARAMETERS, portfolio, product
from references import mentioned
from resolve import Stack, Template
from resolve.types import TYPES

TEMPLATE = Template.load(PRODUCT)
JOB_FLOW = Path(__file__).parents[2] / "crates/ingestion-pipeline/src/engine/job_flow.rs"
PARTITIONS = {
    "aws": "eu-west-1",
    "aws-cn": "cn-northwest-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
}
EVERYWHERE = pytest.mark.parametrize(("partition", "region"), PARTITIONS.items(), ids=PARTITIONS)
ID = PRODUCT_PARAMETERS["SageMakerProjectId"]
STACK = TEMPLATE.resolve({**PRODUCT_PARAMETERS, "Dashboard": "Yes"})


def texts(node: Any) -> Iterator[str]:
    """Yield all texts in a resolved value."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from texts(key)
            yield from texts(value)
    elif isinstance(node, list):
        for each in node:
            yield from texts(each)
    elif isinstance(node, str):
        yield node


def here(template: Template, parameters: dict[str, str], partition: str, region: str) -> Stack:
    """Resolve the stack in a partition, with ARNs of that partition."""
    moved = {
        name: value.replace("arn:aws:", f"arn:{partition}:").replace("eu-west-1", region)
        for name, value in parameters.items()
    }
    return template.resolve(moved, region=region, partition=partition)


@EVERYWHERE
def test_every_configuration_resolves_completely(partition: str, region: str) -> None:
    """The resolver rejects references to missing resources, attributes and mappings."""
    made: set[str] = set()
    absent: set[str] = set()
    for _, parameters in product():
        stack = here(TEMPLATE, parameters, partition, region)
        assert stack.outputs
        made |= set(stack.resources)
        absent |= set(TEMPLATE.sections["Resources"]) - set(stack.resources)
    assert made == set(TEMPLATE.sections["Resources"])
    assert absent == {"DataBucket", "DataBucketPolicy", "Repository", "PushRule", "ProjectDashboard"}
    assert here(Template.load(PORTFOLIO), portfolio(), partition, region).outputs


@EVERYWHERE
@pytest.mark.parametrize(
    ("path", "parameters"),
    [(PRODUCT, {**PRODUCT_PARAMETERS, "Dashboard": "Yes"}), (PORTFOLIO, portfolio())],
    ids=["product", "portfolio"],
)
def test_arns_follow_partition_and_region(
    path: Path, parameters: dict[str, str], partition: str, region: str
) -> None:
    stack = here(Template.load(path), parameters, partition, region)
    found = [*texts([resource.properties for resource in stack.resources.values()]), *stack.outputs.values()]
    arns = [arn for text in found for arn in re.findall(r"arn:([a-z-]+):[a-z0-9-]+:([a-z0-9-]*):(\d*)", text)]
    assert {arn[0] for arn in arns} == {partition}
    assert {arn[1] for arn in arns} <= {region, ""}
    assert {arn[2] for arn in arns} <= {stack.environment.account, ""}
    domains = {
        domain
        for text in found
        for domain in re.findall(r"https://[^/]*?\.((?:amazonaws|console\.)[^/\s]*)", text)
    }
    suffixes = {
        "aws": ("amazonaws.com", "console.aws.amazon.com"),
        "aws-cn": ("amazonaws.com.cn", "console.amazonaws.cn"),
        "aws-us-gov": ("amazonaws.com", "console.amazonaws-us-gov.com"),
        "aws-eusc": ("amazonaws.eu", "console.amazonaws-eusc.eu"),
    }
    assert domains
    assert domains <= set(suffixes[partition])


@pytest.mark.parametrize("path", [PRODUCT, PORTFOLIO], ids=lambda path: path.stem)
def test_templates_contain_no_partition_account_or_region(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    # Parameters contain ARNs in texts and patterns.
    [start] = [number for number, line in enumerate(lines) if line == "Resources:"]
    code = "\n".join(line for line in lines[start:] if not line.strip().startswith("#"))
    assert not re.search(r"arn:aws|amazonaws\.com\.cn|\b\d{12}\b|\b[a-z]{2}-[a-z]+-\d\b", code)
    # Service principals are the same in all partitions.
    assert {name for name in re.findall(r"[\w.-]+\.amazonaws\.com", code) if name.count(".") != 2} == set()


def test_physical_names_have_the_required_prefix_and_depend_only_on_the_project_id() -> None:
    """Only the id is unique to a project and limited in length and case."""
    other = {"SageMakerProjectName": "Other", "PipelineNamePrefix": "other", "FeatureGroupName": "other"}
    renamed = TEMPLATE.resolve({**PRODUCT_PARAMETERS, **other, "Dashboard": "Yes"})
    named = [
        name for name, each in STACK.resources.items() if TYPES[each.type].name_property in each.properties
    ]
    assert len(named) >= 20
    for logical_id in named:
        name = STACK.physical_name(logical_id)
        assert name.removeprefix("/aws/lambda/").removeprefix("/aws/codebuild/").startswith(f"sagemaker-{ID}")
        assert name == renamed.physical_name(logical_id)
    names = [(STACK.resources[name].type, STACK.physical_name(name)) for name in named]
    assert len(set(names)) == len(names)
    # Names that CloudFormation generates lack the prefix, so every resource that can have a name has one.
    unnamed = [each.logical_id for each in STACK.resources.values() if each.logical_id not in named]
    assert [name for name in unnamed if TYPES[STACK.resources[name].type].name_property] == []


def test_buckets_are_private_encrypted_versioned_and_tls_only() -> None:
    buckets = STACK.of_type("AWS::S3::Bucket")
    assert len(buckets) == 2
    for bucket in buckets:
        properties = bucket.properties
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4
        assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert any(
            "AbortIncompleteMultipartUpload" in rule for rule in properties["LifecycleConfiguration"]["Rules"]
        )
        [policy] = [
            each
            for each in STACK.of_type("AWS::S3::BucketPolicy")
            if each.properties["Bucket"] == properties["BucketName"]
        ]
        assert refuses_without_tls(policy.properties["PolicyDocument"], "s3:*")
        statement = policy.properties["PolicyDocument"]["Statement"][0]
        assert set(statement["Resource"]) == {
            STACK.arn(bucket.logical_id),
            f"{STACK.arn(bucket.logical_id)}/*",
        }


def test_nothing_can_be_stored_where_unbound_flows_point() -> None:
    policy = STACK.resources["ArtifactBucketPolicy"].properties["PolicyDocument"]
    [statement] = [each for each in policy["Statement"] if each["Sid"] == "NeverAnInput"]
    place = re.search(r'const NO_INPUT: &str = "(.+)";', JOB_FLOW.read_text("utf-8"))
    assert place is not None
    [artifacts] = [
        each["Value"]
        for each in STACK.resources["Build"].properties["Environment"]["EnvironmentVariables"]
        if each["Name"] == "ARTIFACTS_URL"
    ]
    bucket = artifacts.removeprefix("s3://")
    assert statement == {
        "Sid": "NeverAnInput",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/{place[1]}/*",
    }


def test_queues_are_encrypted_and_tls_only() -> None:
    queues = STACK.of_type("AWS::SQS::Queue")
    assert len(queues) == 2
    for queue in queues:
        assert queue.properties["SqsManagedSseEnabled"] is True
        [policy] = [
            each
            for each in STACK.of_type("AWS::SQS::QueuePolicy")
            if each.properties["Queues"] == [STACK.reference(queue.logical_id)]
        ]
        assert refuses_without_tls(policy.properties["PolicyDocument"], "sqs:*")


def refuses_without_tls(policy: dict[str, Any], action: str) -> bool:
    """Return whether a policy denies all requests without TLS."""
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return any(refusal.items() <= statement.items() for statement in policy["Statement"])


@pytest.mark.parametrize("days", TEMPLATE.parameters["LogRetentionDays"]["AllowedValues"])
def test_log_groups_have_the_retention_parameter(days: int) -> None:
    stack = TEMPLATE.resolve({**PRODUCT_PARAMETERS, "LogRetentionDays": str(days)})
    groups = stack.of_type("AWS::Logs::LogGroup")
    assert {int(group.properties["RetentionInDays"]) for group in groups} == {days}
    # The functions and the build write to these groups.
    writers = {
        *(
            stack.resources[name].properties["LoggingConfig"]["LogGroup"]
            for name in ("StartPipeline", "StartPipelineRetry")
        ),
        stack.resources["Build"].properties["LogsConfig"]["CloudWatchLogs"]["GroupName"],
    }
    assert {group.properties["LogGroupName"] for group in groups} == writers


def test_only_buckets_are_kept_when_the_project_is_deleted() -> None:
    kept = {
        name
        for name, each in STACK.resources.items()
        if "Retain" in each.attributes.get("DeletionPolicy", "Delete")
    }
    assert kept == {"DataBucket", "DataBucketPolicy", "ArtifactBucket", "ArtifactBucketPolicy"}
    for name in kept:
        # A failed launch leaves nothing. A replaced bucket is kept.
        assert STACK.resources[name].attributes["DeletionPolicy"] == "RetainExceptOnCreate"
        assert STACK.resources[name].attributes["UpdateReplacePolicy"] == "Retain"


def test_function_logs_include_metrics() -> None:
    for function in STACK.of_type("AWS::Lambda::Function"):
        # Lambda treats lines without a level, such as metrics, as INFO. A higher level would drop them.
        assert function.properties["LoggingConfig"]["ApplicationLogLevel"] == "INFO"
        assert function.properties["LoggingConfig"]["LogFormat"] == "JSON"


def test_product_has_the_expected_outputs() -> None:
    assert set(STACK.outputs) == {
        *("DataLocation", "DataBucketName", "DataBucketConsole"),
        *("PipelineName", "PipelineArn", "FeatureGroupName"),
        *("FunctionName", "FunctionConsole", "FunctionLogsConsole", "RetryFunctionName"),
        *("RetryQueueUrl", "DeadLetterQueueUrl", "DeadLetterQueueConsole"),
        *("RepositoryCloneUrl", "RepositoryConsole", "BuildPipelineName", "BuildPipelineConsole"),
        *("ArtifactBucketName", "AlarmsConsole", "DashboardConsole"),
    }
    for name, value in STACK.outputs.items():
        assert value, name
        if name.endswith("Console"):
            assert value.startswith("https://eu-west-1.console.aws.amazon.com/"), name
            assert "region=eu-west-1" in value, name
            assert ID in value, name


def test_resources_have_no_circular_references() -> None:
    """CloudFormation rejects circular references."""
    for path in (PRODUCT, PORTFOLIO):
        resources = Template.load(path).sections["Resources"]
        needed = {
            name: {each for each in mentioned(declared) if each in resources}
            for name, declared in resources.items()
        }
        made: set[str] = set()
        while ready := {name for name, needs in needed.items() if name not in made and needs <= made}:
            made |= ready
        assert made == set(resources)


def test_dashboard_is_json_and_values_have_no_unresolved_variables() -> None:
    body = STACK.resources["ProjectDashboard"].properties["DashboardBody"]
    assert json.loads(body)["widgets"]
    assert "${" not in json.dumps([dict(resource.properties) for resource in STACK.resources.values()])
