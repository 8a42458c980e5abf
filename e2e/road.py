"""The road that users take, by the commands of the guides: package, deploy, create a project, delete it.

The platform team's commands run as the account; the project is a Studio user's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from account import STUDIO_ROLE_ARN, StudioUser
from builds import ARCHITECTURE, CLI, ROOT
from local_aws.launcher import LocalAws
from wiring import ACCOUNT, REGION

STAGING_BUCKET: Final = "platform-team-packages"
WAIT_SECONDS: Final = 90.0
_LAST_LINES: Final = 30
# What the make that a test or the demo was started by tells its own recipes.
_OF_MAKE: Final = ("AWS_", "MAKE", "MFLAGS", "FILE", "GIVEN_", "EVENT")
T = TypeVar("T")


class RoadError(Exception):
    """What failed on the way, with what was said about it."""


@dataclass(frozen=True)
class Project:
    """A project whose stack is complete."""

    name: str
    id: str
    outputs: dict[str, str]

    @property
    def build(self) -> str:
        """The name of its CodePipeline pipeline."""
        return self.outputs["BuildPipelineName"]

    @property
    def pipeline(self) -> str:
        """The name of its SageMaker pipeline."""
        return self.outputs["PipelineName"]

    @property
    def bucket(self) -> str:
        """The name of its data bucket."""
        return self.outputs["DataBucketName"]


def run(environment: dict[str, str], *command: object, at: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command with these variables of AWS and no others. Its two outputs are one."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(_OF_MAKE)}
    return subprocess.run(
        [str(part) for part in command],
        cwd=at,
        env=mine | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )


def done(result: subprocess.CompletedProcess[str]) -> str:
    """What a command wrote. Raises RoadError if it failed."""
    if result.returncode != 0:
        last = "\n".join(result.stdout.splitlines()[-_LAST_LINES:])
        raise RoadError(f"`{' '.join(result.args)}` failed:\n{last}")
    return result.stdout


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """What `look` finds; looks again until it finds something."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    raise RoadError(f"{what} did not come within {WAIT_SECONDS:.0f} s")


class Platform:
    """The platform team, at a terminal in the repository."""

    def __init__(self, aws: LocalAws, *, root: Path = ROOT) -> None:
        self._aws = aws
        self._root = root

    def package(self, version: str = "", *, root: Path | None = None) -> str:
        """What `make package S3_BUCKET_NAME=... VERSION=...` does once everything is built."""
        options = ["--bucket", STAGING_BUCKET, "--architectures", ARCHITECTURE]
        options += ["--root", str(root or self._root), *(["--version", version] if version else [])]
        command = (sys.executable, "packaging/package.py", *options)
        return done(run(self._aws.environment(), *command))

    def deploy(self, **parameters: str) -> dict[str, str]:
        """`make deploy`; gives the stack's outputs."""
        given = " ".join(f"{name}={value}" for name, value in parameters.items())
        said = done(
            self.make(
                "deploy",
                f"S3_BUCKET_NAME={STAGING_BUCKET}",
                f"SC_PORTFOLIO_PRINCIPAL_ROLE_ARN={STUDIO_ROLE_ARN}",
                *([f"PARAMETERS={given}"] if given else []),
            )
        )
        listed = said.partition("_COMPLETE:\n")[2].partition("\n\n")[0]
        return dict(line.split(maxsplit=1) for line in listed.splitlines() if line.startswith("  "))

    def make(self, *target: str) -> subprocess.CompletedProcess[str]:
        """A target of the Makefile, such as `attach-policies`."""
        return run(self._aws.environment(), "make", *target)


class Studio:
    """What a user does in Studio, and what Studio does for the user."""

    def __init__(self, user: StudioUser) -> None:
        self._user = user
        self._sagemaker = user.client("sagemaker")

    def offered(self) -> tuple[str, str]:
        """Product and newest version that the organization's templates show."""
        catalog = self._user.client("servicecatalog")
        found = catalog.search_products()["ProductViewSummaries"]
        if len(found) != 1:
            raise RoadError(f"Studio shows {len(found)} products, and not the one that was deployed")
        described = catalog.describe_product(Id=found[0]["ProductId"])
        newest = max(described["ProvisioningArtifacts"], key=lambda each: each["CreatedTime"])
        return str(found[0]["ProductId"]), str(newest["Id"])

    def create_project(self, name: str, form: dict[str, str]) -> None:
        """Fill in the form of the product, and send it off."""
        product, version = self.offered()
        self._sagemaker.create_project(
            ProjectName=name,
            ServiceCatalogProvisioningDetails={
                "ProductId": product,
                "ProvisioningArtifactId": version,
                "ProvisioningParameters": filled_in(form),
            },
        )

    def settled(self, name: str) -> dict[str, Any]:
        """The project, once nothing is in progress."""

        def look() -> dict[str, Any] | None:
            project: dict[str, Any] = self._sagemaker.describe_project(ProjectName=name)
            return None if project["ProjectStatus"].endswith("InProgress") else project

        return wait_for(f"an end of what happens to project {name}", look)

    def project(self, name: str, status: str = "CreateCompleted") -> Project:
        """The project, once it has this status. Raises RoadError, with the reason, if it gets another."""
        found = self.settled(name)
        if found["ProjectStatus"] != status:
            raise RoadError(f"project {name} is {found['ProjectStatus']}: {reason(found)}")
        [stack] = self._user.client("cloudformation").describe_stacks(StackName=stack_name(found))["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return Project(name, found["ProjectId"], outputs)

    def resource_types(self, project: Project) -> list[str]:
        """The types of what the project's stack made, one for each resource."""
        stack = stack_name(self.settled(project.name))
        resources = self._user.client("cloudformation").describe_stack_resources(StackName=stack)
        return [each["ResourceType"] for each in resources["StackResources"]]

    def delete_pipeline(self, project: Project) -> str:
        """`ingestion-pipeline delete`, as the project's README says it."""
        prefix = project.pipeline.removesuffix(f"-{project.id}")
        named = {"SAGEMAKER_PROJECT_ID": project.id, "PIPELINE_NAME_PREFIX": prefix, "AWS_REGION": REGION}
        return done(run(self._user.environment() | named, ROOT / CLI, "delete", "--yes"))

    def delete_project(self, name: str) -> None:
        """Delete a project, and wait until it is gone."""
        self._sagemaker.delete_project(ProjectName=name)
        found = self.settled(name)
        if found["ProjectStatus"] != "DeleteCompleted":
            raise RoadError(f"project {name} is {found['ProjectStatus']}: {reason(found)}")


def filled_in(form: dict[str, str]) -> list[dict[str, str]]:
    """A form as the API takes it."""
    return [{"Key": key, "Value": value} for key, value in form.items()]


def stack_name(project: dict[str, Any]) -> str:
    """The name of the stack behind a described project."""
    for provider in project.get("TemplateProviderDetails", []):
        return str(provider["CfnTemplateProviderDetail"]["StackDetail"]["Name"])
    product = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
    return f"SC-{ACCOUNT}-{product}"


def reason(project: dict[str, Any]) -> str:
    """Why a described project failed."""
    for provider in project.get("TemplateProviderDetails", []):
        return str(provider["CfnTemplateProviderDetail"]["StackDetail"]["StatusMessage"])
    return str(project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductStatusMessage"])


def built(aws: LocalAws, project: Project, times: int = 1) -> list[dict[str, Any]]:
    """The executions of the project's build, newest first, once there are so many and all have ended.

    Raises RoadError, with the end of the build's log, if the newest has failed.
    """

    def look() -> list[dict[str, Any]] | None:
        listed = aws.client("codepipeline").list_pipeline_executions(pipelineName=project.build)
        found: list[dict[str, Any]] = listed["pipelineExecutionSummaries"]
        ended = len(found) == times and all(each["status"] != "InProgress" for each in found)
        return found if ended else None

    found = wait_for(f"build {times} of project {project.name}", look)
    if found[0]["status"] != "Succeeded":
        events = aws.client("logs").filter_log_events(logGroupName=f"/aws/codebuild/{project.build}")
        log = "".join(event["message"] for event in events["events"][-_LAST_LINES:])
        raise RoadError(f"the build of project {project.name} is {found[0]['status']}:\n{log}")
    return found
