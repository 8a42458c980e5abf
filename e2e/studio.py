"""The road that users take, as far as it leads through Studio: projects, from the form to their end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from account import StudioUser
from builds import CLI, ROOT
from local_aws.launcher import LocalAws
from terminal import LAST_LINES, RoadError, done, run, wait_for
from wiring import ACCOUNT, REGION


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

    def templates(self, domain: str) -> list[str]:
        """URLs of the templates in S3 that a domain offers: the visible ones where its tag says."""
        # Studio reads these with rights of its own.
        aws = self._user.aws
        tags = aws.client("sagemaker").list_tags(ResourceArn=domain)["Tags"]
        [place] = [tag["Value"] for tag in tags if tag["Key"] == "sagemaker:projectS3TemplatesLocation"]
        bucket, _, prefix = place.removeprefix("s3://").partition("/")
        s3 = aws.client("s3")
        visible = {"Key": "sagemaker:studio-visibility", "Value": "true"}
        return [
            f"https://{bucket}.s3.{REGION}.amazonaws.com/{found['Key']}"
            for found in s3.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")["Contents"]
            if visible in s3.get_object_tagging(Bucket=bucket, Key=found["Key"])["TagSet"]
        ]

    def create_from_template(self, name: str, url: str, role: str, form: dict[str, str]) -> None:
        """Fill in the form of a template in S3, and send it off."""
        provider = {**_template(url, form), "RoleARN": role}
        self._sagemaker.create_project(
            ProjectName=name, TemplateProviders=[{"CfnTemplateProvider": provider}]
        )

    def update_from_template(self, name: str, url: str, form: dict[str, str]) -> None:
        """The same template as it is now, with these changes of the form."""
        self._sagemaker.update_project(
            ProjectName=name, TemplateProvidersToUpdate=[{"CfnTemplateProvider": _template(url, form)}]
        )

    def update_project(self, name: str, form: dict[str, str]) -> None:
        """To the newest version of the product, with these changes of the form."""
        _, version = self.offered()
        self._sagemaker.update_project(
            ProjectName=name,
            ServiceCatalogProvisioningUpdateDetails={
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


def _template(url: str, form: dict[str, str]) -> dict[str, Any]:
    return {"TemplateName": "s3-fs-ingestion", "TemplateURL": url, "Parameters": filled_in(form)}


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
        log = "".join(event["message"] for event in events["events"][-LAST_LINES:])
        raise RoadError(f"the build of project {project.name} is {found[0]['status']}:\n{log}")
    return found
