"""Deploys the shipped portfolio and product templates as stacks on local-aws."""

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
from staging.artifacts import Artifact, Build, collect
from staging.place import PREFIX
from walkthrough import STAGING_BUCKET
from wiring import ACCOUNT

PRODUCT: Final = ROOT / "cfn-templates/project-s3-fs-ingestion.yaml"
PORTFOLIO: Final = ROOT / "cfn-templates/sm-project-sc-portfolio.yaml"
PROJECT_ID: Final = "p-abcdefghijkl"
PIPELINE: Final = f"s3-fs-ingest-pipeline-{PROJECT_ID}"
USER_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/service-role/team/Studio-User"


def stage(aws: LocalAws, *, with_build: bool = False) -> dict[str, str]:
    """Uploads the product template and the packaged builds to the staging bucket.

    Returns the template parameters for them. Without `with_build`, the program `ingestion-pipeline` is
    missing: the projects' builds fail, and the test creates the pipeline itself.
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
    """Returns the hash that is part of the product template's key."""
    return hashlib.sha256(PRODUCT.read_bytes()).hexdigest()


def product_parameters(staged: dict[str, str], **changes: str) -> dict[str, str]:
    """Returns the parameters that the form and SageMaker set."""
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
    """Returns the parameters that the user and packaging set."""
    return {
        "SCPortfolioPrincipalRoleArn": USER_ROLE,
        "StagingBucketName": STAGING_BUCKET,
        "ProductTemplateSha256": product_digest(),
        "ProductVersion": "1.0.0",
    }


def request(aws: LocalAws, name: str, path: Path, parameters: dict[str, str]) -> dict[str, Any]:
    """Uploads a template, and returns the arguments to create or update a stack from it."""
    key = f"{PREFIX}{name}.yaml"
    aws.client("s3").put_object(Bucket=STAGING_BUCKET, Key=key, Body=path.read_bytes())
    return {
        "StackName": name,
        "TemplateURL": f"{aws.endpoint}/{STAGING_BUCKET}/{key}",
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }


def create(aws: LocalAws, name: str, path: Path, parameters: dict[str, str]) -> None:
    """Requests a stack, without waiting for it."""
    aws.client("cloudformation").create_stack(**request(aws, name, path, parameters))


def update(aws: LocalAws, name: str, path: Path, parameters: dict[str, str]) -> None:
    """Updates a stack, and waits until it is complete."""
    aws.client("cloudformation").update_stack(**request(aws, name, path, parameters))
    found = status(aws, name)
    assert found == "UPDATE_COMPLETE", reasons(aws, name)


def status(aws: LocalAws, name: str) -> str:
    """Waits until nothing is in progress. Returns the stack's status, or "gone" if it does not exist."""

    def settled() -> str | None:
        try:
            [stack] = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return "gone"
            raise
        return None if stack["StackStatus"].endswith("_IN_PROGRESS") else str(stack["StackStatus"])

    return eventually(settled, f"the end of the operation on stack {name}")


def deploy(aws: LocalAws, name: str, path: Path, parameters: dict[str, str]) -> dict[str, str]:
    """Creates a stack, and waits until it is complete. Returns its outputs."""
    create(aws, name, path, parameters)
    found = status(aws, name)
    assert found == "CREATE_COMPLETE", reasons(aws, name)
    [stack] = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def reasons(aws: LocalAws, name: str) -> list[str]:
    """Returns the reasons why resources of a stack failed."""
    events = aws.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
    ]
