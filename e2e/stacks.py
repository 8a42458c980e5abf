"""The stacks of the portfolio and of the product on local-aws, from the templates that are shipped."""

from __future__ import annotations

import functools
import hashlib
import urllib.parse
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from builds import ARCHITECTURE, ROOT
from local_aws.launcher import LocalAws
from observe import eventually
from road import STAGING_BUCKET
from staging.artifacts import Artifact, Build, collect
from staging.place import PREFIX
from wiring import ACCOUNT

PRODUCT: Final = ROOT / "cfn-templates/project-s3-fs-ingestion.yaml"
PORTFOLIO: Final = ROOT / "cfn-templates/sm-project-sc-portfolio.yaml"
PROJECT_ID: Final = "p-abcdefghijkl"
PIPELINE: Final = f"s3-fs-ingest-pipeline-{PROJECT_ID}"
USER_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/service-role/team/Studio-User"


def stage(aws: LocalAws, *, with_build: bool = False) -> dict[str, str]:
    """Put the product, and what packaging makes of the builds, where the templates look for them.

    Gives the parameters that say so. Unless the build's program is there, the projects' builds fail, and the
    test makes the pipeline itself.
    """
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=STAGING_BUCKET)
    built = _built()
    product = Artifact(
        f"{PREFIX}project-s3-fs-ingestion/{product_digest()}.yaml", PRODUCT.read_bytes(), "application/yaml"
    )
    for artifact in (*built.artifacts, product):
        if with_build or not artifact.key.startswith(f"{PREFIX}ingestion-pipeline/"):
            tags = urllib.parse.urlencode(artifact.tags)
            s3.put_object(Bucket=STAGING_BUCKET, Key=artifact.key, Body=artifact.body, Tagging=tags)
    return {"StagingBucketName": STAGING_BUCKET, "Architecture": ARCHITECTURE, **built.parameters}


@functools.cache
def _built() -> Build:
    return collect(ROOT, [ARCHITECTURE])


def product_digest() -> str:
    """What names the product's template."""
    return hashlib.sha256(PRODUCT.read_bytes()).hexdigest()


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
        "ProductTemplateSha256": product_digest(),
        "ProductVersion": "1.0.0",
    }


def request(aws: LocalAws, name: str, path: Path, parameters: dict[str, str]) -> dict[str, Any]:
    """What a stack is made of: a template as it is shipped, in S3, and its parameters."""
    key = f"{PREFIX}{name}.yaml"
    aws.client("s3").put_object(Bucket=STAGING_BUCKET, Key=key, Body=path.read_bytes())
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
    """Make a stack of a template; gives its outputs."""
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
