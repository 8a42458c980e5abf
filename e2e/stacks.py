"""The stacks of the portfolio and of the product on local-aws, from the templates that are shipped."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from local_aws.launcher import LocalAws
from observe import ROOT, eventually
from references import mentioned
from resolve.source import read
from wiring import ACCOUNT

PRODUCT: Final = ROOT / "cfn-templates/project-s3-fs-ingestion.yaml"
PORTFOLIO: Final = ROOT / "cfn-templates/sm-project-sc-portfolio.yaml"
STAGING_BUCKET: Final = "platform-team-packages"
PREFIX: Final = "amazon-sagemaker-reusable-components/"
PROJECT_ID: Final = "p-abcdefghijkl"
PIPELINE: Final = f"s3-fs-ingest-pipeline-{PROJECT_ID}"
USER_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/service-role/team/Studio-User"
ARM: Final = platform.machine() in {"aarch64", "arm64"}

# What local-aws cannot make; a test shows that it is exactly that.
LACKING_TYPES: Final = frozenset(
    {
        "AWS::CodeCommit::Repository",
        "AWS::CodePipeline::Pipeline",
        "AWS::ServiceCatalog::CloudFormationProduct",
        "AWS::ServiceCatalog::LaunchRoleConstraint",
        "AWS::ServiceCatalog::Portfolio",
        "AWS::ServiceCatalog::PortfolioPrincipalAssociation",
        "AWS::ServiceCatalog::PortfolioProductAssociation",
    }
)


def template(path: Path) -> dict[str, Any]:
    """A template as it is shipped."""
    return read(path.read_text("utf-8"))


def is_lacking(resource: Mapping[str, Any]) -> bool:
    """Whether local-aws cannot make a resource: its type, or an alarm on an expression."""
    alarm_on_expression = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return resource["Type"] in LACKING_TYPES or alarm_on_expression


def as_far_as_local_aws_goes(path: Path) -> dict[str, Any]:
    """A template without what local-aws lacks, and without what refers to that."""
    sections = template(path)
    resources = sections["Resources"]
    gone = {name for name, resource in resources.items() if is_lacking(resource)}
    while more := {
        name for name, each in resources.items() if name not in gone and gone & set(mentioned(each))
    }:
        gone |= more
    outputs = {name: each for name, each in sections["Outputs"].items() if not gone & set(mentioned(each))}
    kept = {name: each for name, each in resources.items() if name not in gone}
    return {**sections, "Resources": kept, "Outputs": outputs}


def stage(aws: LocalAws, package: Path) -> dict[str, str]:
    """Put the function's package where the product looks for it; gives the parameters that say so."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=STAGING_BUCKET)
    content = package.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    s3.put_object(Bucket=STAGING_BUCKET, Key=f"{PREFIX}start-pipeline/{digest}.zip", Body=content)
    processor = "Arm64" if ARM else "X8664"
    return {
        "StagingBucketName": STAGING_BUCKET,
        "Architecture": "arm64" if ARM else "x86_64",
        f"StartPipeline{processor}Sha256": digest,
        # Not looked at before a build runs.
        f"IngestionPipeline{processor}Sha256": "0" * 64,
        "SeedCodeSha256": "0" * 64,
    }


def product_parameters(staged: dict[str, str], **changes: str) -> dict[str, str]:
    """What the form and SageMaker fill in."""
    return {
        **staged,
        "SageMakerProjectName": "Abalone",
        "SageMakerProjectId": PROJECT_ID,
        "DataWranglerFlowUrl": "s3://flows/abalone.flow",
        "FeatureGroupName": "FG-abalone",
        "DataKeySuffix": ".csv",
        **changes,
    }


def portfolio_parameters() -> dict[str, str]:
    """The one that a user gives, and those that packaging sets."""
    return {
        "SCPortfolioPrincipalRoleArn": USER_ROLE,
        "StagingBucketName": STAGING_BUCKET,
        "ProductTemplateSha256": "0" * 64,
        "ProductVersion": "1.0.0",
    }


def request(aws: LocalAws, name: str, path: Path, parameters: dict[str, str]) -> dict[str, Any]:
    """What a stack is made of: a template, as far as local-aws goes and in S3, and its parameters."""
    key = f"{PREFIX}{name}.json"
    body = json.dumps(as_far_as_local_aws_goes(path)).encode()
    aws.client("s3").put_object(Bucket=STAGING_BUCKET, Key=key, Body=body)
    return {
        "StackName": name,
        "TemplateURL": f"{aws.endpoint}/{STAGING_BUCKET}/{key}",
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }


def create(aws: LocalAws, name: str, path: Path, parameters: dict[str, str]) -> None:
    """Ask for a stack of a template."""
    aws.client("cloudformation").create_stack(**request(aws, name, path, parameters))


def update(aws: LocalAws, name: str, path: Path, parameters: dict[str, str]) -> None:
    """Change a stack's parameters."""
    aws.client("cloudformation").update_stack(**request(aws, name, path, parameters))
    found = status(aws, name)
    assert found == "UPDATE_COMPLETE", reasons(aws, name)


def status(aws: LocalAws, name: str) -> str:
    """A stack's status once nothing is in progress; a deleted stack has none."""

    def settled() -> str | None:
        try:
            [stack] = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return "gone"
            raise
        return None if stack["StackStatus"].endswith("_IN_PROGRESS") else str(stack["StackStatus"])

    return eventually(settled, f"an end of what happens to the stack {name}")


def deploy(aws: LocalAws, name: str, path: Path, parameters: dict[str, str]) -> dict[str, str]:
    """Make a stack of a template, as far as local-aws goes; gives its outputs."""
    create(aws, name, path, parameters)
    found = status(aws, name)
    assert found == "CREATE_COMPLETE", reasons(aws, name)
    [stack] = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def reasons(aws: LocalAws, name: str) -> list[str]:
    """Why resources of a stack failed."""
    events = aws.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
    ]
