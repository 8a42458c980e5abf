"""The stacks of the portfolio and of the product on local-aws, from the templates that are shipped."""

from __future__ import annotations

import hashlib
import io
import platform
import zipfile
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from local_aws.launcher import LocalAws
from observe import ROOT, eventually
from wiring import ACCOUNT

PRODUCT: Final = ROOT / "cfn-templates/project-s3-fs-ingestion.yaml"
PORTFOLIO: Final = ROOT / "cfn-templates/sm-project-sc-portfolio.yaml"
SEED_CODE: Final = ROOT / "project-seed-code/s3-fs-ingestion"
STAGING_BUCKET: Final = "platform-team-packages"
PREFIX: Final = "amazon-sagemaker-reusable-components/"
PROJECT_ID: Final = "p-abcdefghijkl"
PIPELINE: Final = f"s3-fs-ingest-pipeline-{PROJECT_ID}"
USER_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/service-role/team/Studio-User"
ARM: Final = platform.machine() in {"aarch64", "arm64"}


def stage(aws: LocalAws, package: Path, program: Path | None = None) -> dict[str, str]:
    """Put the product and its packages where the templates look for them; gives the parameters that say so.

    Without a program there is none: the project's builds fail, and the test makes the pipeline itself.
    """
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=STAGING_BUCKET)
    seed_code = _zipped(SEED_CODE)
    package_digest = hashlib.sha256(package.read_bytes()).hexdigest()
    seed_digest = hashlib.sha256(seed_code).hexdigest()
    staged = {
        f"start-pipeline/{package_digest}.zip": package.read_bytes(),
        f"seed-code/s3-fs-ingestion-{seed_digest}.zip": seed_code,
        f"project-s3-fs-ingestion/{product_digest()}.yaml": PRODUCT.read_bytes(),
    }
    program_digest = "0" * 64
    if program is not None:
        program_digest = hashlib.sha256(program.read_bytes()).hexdigest()
        staged[f"ingestion-pipeline/{program_digest}"] = program.read_bytes()
    for key, body in staged.items():
        # The launch role may read what is tagged so.
        s3.put_object(
            Bucket=STAGING_BUCKET, Key=f"{PREFIX}{key}", Body=body, Tagging="servicecatalog:provisioning=true"
        )
    processor = "Arm64" if ARM else "X8664"
    return {
        "StagingBucketName": STAGING_BUCKET,
        "Architecture": "arm64" if ARM else "x86_64",
        f"StartPipeline{processor}Sha256": package_digest,
        f"IngestionPipeline{processor}Sha256": program_digest,
        "SeedCodeSha256": seed_digest,
    }


def product_digest() -> str:
    """What names the product's template."""
    return hashlib.sha256(PRODUCT.read_bytes()).hexdigest()


def _zipped(folder: Path) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        for file in sorted(folder.iterdir()):
            content.writestr(file.name, file.read_bytes())
    return archive.getvalue()


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
