"""The part of the workflow in Studio: creates, updates and deletes projects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from account import StudioUser
from builds import CLI, ROOT
from local_aws.launcher import LocalAws
from terminal import LAST_LINES, WalkthroughError, output_of, run, wait_for
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
    """The actions of a user in Studio, and of Studio for the user."""

    def __init__(self, user: StudioUser) -> None:
        self._user = user
        self._sagemaker = user.client("sagemaker")

    def offered_product(self) -> tuple[str, str]:
        """Returns the IDs of the product that Studio offers and of its newest version."""
        catalog = self._user.client("servicecatalog")
        found = catalog.search_products()["ProductViewSummaries"]
        if len(found) != 1:
            raise WalkthroughError(f"Studio offers {len(found)} products; expected only the deployed one")
        described = catalog.describe_product(Id=found[0]["ProductId"])
        newest = max(described["ProvisioningArtifacts"], key=lambda each: each["CreatedTime"])
        return str(found[0]["ProductId"]), str(newest["Id"])

    def create_project(self, name: str, form: dict[str, str]) -> None:
        """Submits the product's form."""
        product, version = self.offered_product()
        self._sagemaker.create_project(
            ProjectName=name,
            ServiceCatalogProvisioningDetails={
                "ProductId": product,
                "ProvisioningArtifactId": version,
                "ProvisioningParameters": form_values(form),
            },
        )

    def templates(self, domain: str) -> list[str]:
        """Returns the URLs of the visible templates at the S3 location in the domain's tag."""
        # Studio reads these with its own permissions.
        aws = self._user.aws
        tags = aws.client("sagemaker").list_tags(ResourceArn=domain)["Tags"]
        [location] = [tag["Value"] for tag in tags if tag["Key"] == "sagemaker:projectS3TemplatesLocation"]
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        s3 = aws.client("s3")
        visible = {"Key": "sagemaker:studio-visibility", "Value": "true"}
        return [
            f"https://{bucket}.s3.{REGION}.amazonaws.com/{found['Key']}"
            for found in s3.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")["Contents"]
            if visible in s3.get_object_tagging(Bucket=bucket, Key=found["Key"])["TagSet"]
        ]

    def create_from_template(self, name: str, url: str, role: str, form: dict[str, str]) -> None:
        """Submits the form of a template in S3."""
        provider = {**_template(url, form), "RoleARN": role}
        self._sagemaker.create_project(
            ProjectName=name, TemplateProviders=[{"CfnTemplateProvider": provider}]
        )

    def update_from_template(self, name: str, url: str, form: dict[str, str]) -> None:
        """Updates a project to the template's current content, with changed form values."""
        self._sagemaker.update_project(
            ProjectName=name, TemplateProvidersToUpdate=[{"CfnTemplateProvider": _template(url, form)}]
        )

    def update_project(self, name: str, form: dict[str, str]) -> None:
        """Updates a project to the newest product version, with changed form values."""
        _, version = self.offered_product()
        self._sagemaker.update_project(
            ProjectName=name,
            ServiceCatalogProvisioningUpdateDetails={
                "ProvisioningArtifactId": version,
                "ProvisioningParameters": form_values(form),
            },
        )

    def wait_until_settled(self, name: str) -> dict[str, Any]:
        """Waits until nothing is in progress, and returns the project."""

        def look() -> dict[str, Any] | None:
            project: dict[str, Any] = self._sagemaker.describe_project(ProjectName=name)
            return None if project["ProjectStatus"].endswith("InProgress") else project

        return wait_for(f"the end of the operation on project {name}", look)

    def project(self, name: str, status: str = "CreateCompleted") -> Project:
        """Waits for a project. Raises WalkthroughError, with the reason, if its status is another."""
        found = self.wait_until_settled(name)
        if found["ProjectStatus"] != status:
            raise WalkthroughError(f"project {name} is {found['ProjectStatus']}: {reason(found)}")
        [stack] = self._user.client("cloudformation").describe_stacks(StackName=stack_name(found))["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return Project(name, found["ProjectId"], outputs)

    def resource_types(self, project: Project) -> list[str]:
        """Returns the type of each resource in the project's stack."""
        stack = stack_name(self.wait_until_settled(project.name))
        resources = self._user.client("cloudformation").describe_stack_resources(StackName=stack)
        return [each["ResourceType"] for each in resources["StackResources"]]

    def delete_pipeline(self, project: Project) -> str:
        """Runs `ingestion-pipeline delete`, as in the project's README."""
        prefix = project.pipeline.removesuffix(f"-{project.id}")
        variables = {"SAGEMAKER_PROJECT_ID": project.id, "PIPELINE_NAME_PREFIX": prefix, "AWS_REGION": REGION}
        return output_of(run(self._user.environment() | variables, ROOT / CLI, "delete", "--yes"))

    def delete_project(self, name: str) -> None:
        """Deletes a project, and waits until it is deleted."""
        self._sagemaker.delete_project(ProjectName=name)
        found = self.wait_until_settled(name)
        if found["ProjectStatus"] != "DeleteCompleted":
            raise WalkthroughError(f"project {name} is {found['ProjectStatus']}: {reason(found)}")


def form_values(form: dict[str, str]) -> list[dict[str, str]]:
    """Returns the form's values in the API's format."""
    return [{"Key": key, "Value": value} for key, value in form.items()]


def _template(url: str, form: dict[str, str]) -> dict[str, Any]:
    return {"TemplateName": "s3-fs-ingestion", "TemplateURL": url, "Parameters": form_values(form)}


def stack_name(project: dict[str, Any]) -> str:
    """Returns the stack name of a described project."""
    for provider in project.get("TemplateProviderDetails", []):
        return str(provider["CfnTemplateProviderDetail"]["StackDetail"]["Name"])
    product = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
    return f"SC-{ACCOUNT}-{product}"


def reason(project: dict[str, Any]) -> str:
    """Returns the reason why a described project failed."""
    for provider in project.get("TemplateProviderDetails", []):
        return str(provider["CfnTemplateProviderDetail"]["StackDetail"]["StatusMessage"])
    return str(project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductStatusMessage"])


def wait_for_builds(aws: LocalAws, project: Project, times: int = 1) -> list[dict[str, Any]]:
    """Waits until the project's build has run `times` times. Returns the executions, newest first.

    Raises WalkthroughError, with the end of the build's log, if the newest execution failed.
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
        raise WalkthroughError(f"the build of project {project.name} is {found[0]['status']}:\n{log}")
    return found
