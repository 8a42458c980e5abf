"""The predecessor in an account: its portfolio, a project, and the events that CloudTrail sent to its rule.

The templates in fixtures/predecessor/ have the shape of the old ones, not their text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from account import STUDIO_ROLE_ARN
from builds import ROOT
from local_aws.launcher import LocalAws
from observe import eventually
from terminal import output_of, run
from wiring import ACCOUNT, REGION

TEMPLATES: Final = ROOT / "e2e/fixtures/predecessor"
STAGING: Final = "old-staging"
KEYS: Final = "amazon-sagemaker-reusable-components/"
PORTFOLIO_STACK: Final = "sm-project-sc-portfolio"
LAUNCH_ROLE: Final = "AmazonSageMakerServiceCatalogProductsLaunchRole"
PREFIX: Final = "s3-fs-ingest-pipeline"


@dataclass(frozen=True)
class OldProject:
    """A project of the predecessor."""

    aws: LocalAws
    name: str
    id: str
    bucket: str
    prefix: str

    @property
    def pipeline(self) -> str:
        """The name of its SageMaker pipeline."""
        return f"{PREFIX}-{self.id}"

    @property
    def rule(self) -> str:
        """The name of its rule for uploads."""
        return f"s3-put-rule-{self.name}-{self.id}"

    def deliver(self, key: str) -> bool:
        """Does what CloudTrail and EventBridge do after an upload. Returns whether the function was invoked.

        Stands in for the trail, which records uploads below the prefix, and for the rule, which a client
        cannot send events of AWS's services to.
        """
        events = self.aws.client("events")
        rule = events.describe_rule(Name=self.rule)
        event = trail_event(self.bucket, key)
        matches = events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))[
            "Result"
        ]
        if rule["State"] != "ENABLED" or not matches or not key.startswith(self.prefix):
            return False
        [target] = events.list_targets_by_rule(Rule=self.rule)["Targets"]
        self.aws.client("lambda").invoke(
            FunctionName=target["Arn"], InvocationType="Event", Payload=json.dumps(event)
        )
        return True


def trail_event(bucket: str, key: str) -> dict[str, Any]:
    """Returns the event of an API call that CloudTrail recorded."""
    return {
        "version": "0",
        "id": "5f1c8e9a-0000-4000-8000-000000000000",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": "2026-11-30T12:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": {
            "eventSource": "s3.amazonaws.com",
            "eventName": "PutObject",
            "requestParameters": {"bucketName": bucket, "key": key},
        },
    }


def deploy_portfolio(aws: LocalAws) -> str:
    """Deploys the old portfolio, and attaches its policies. Returns the product's ID."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=STAGING)
    for name in ("project-s3-fs-ingestion.yaml", "sm-project-sc-portfolio.yaml"):
        source = {"project-s3-fs-ingestion.yaml": "project.yaml"}.get(name, "portfolio.yaml")
        s3.put_object(Bucket=STAGING, Key=KEYS + name, Body=(TEMPLATES / source).read_bytes())
    url = f"https://s3.{REGION}.amazonaws.com/{STAGING}/{KEYS}"
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=PORTFOLIO_STACK,
        TemplateURL=f"{url}sm-project-sc-portfolio.yaml",
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": "SCPortfolioPrincipalRoleArn", "ParameterValue": STUDIO_ROLE_ARN},
            {"ParameterKey": "ProjectTemplateUrl", "ParameterValue": f"{url}project-s3-fs-ingestion.yaml"},
        ],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=PORTFOLIO_STACK, WaiterConfig={"Delay": 1}
    )
    [stack] = cloudformation.describe_stacks(StackName=PORTFOLIO_STACK)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    for role, policy in (
        (LAUNCH_ROLE, outputs["FSIngestionProductPolicyArn"]),
        (outputs["AmazonSageMakerExecutionRoleName"], outputs["AmazonSageMakerExecutionRolePolicyArn"]),
    ):
        aws.client("iam").attach_role_policy(RoleName=role, PolicyArn=policy)
    return str(outputs["ProductId"])


def create_project(aws: LocalAws, product: str, name: str, data: str, form: dict[str, str]) -> OldProject:
    """Creates a project that listens to `data`, the value of S3DataPrefix."""
    versions = aws.client("servicecatalog").describe_product(Id=product)["ProvisioningArtifacts"]
    values = form | {"S3DataPrefix": data, "SeedCodeS3BucketName": STAGING}
    sagemaker = aws.client("sagemaker")
    sagemaker.create_project(
        ProjectName=name,
        ServiceCatalogProvisioningDetails={
            "ProductId": product,
            "ProvisioningArtifactId": versions[0]["Id"],
            "ProvisioningParameters": [{"Key": key, "Value": value} for key, value in values.items()],
        },
    )

    def created() -> dict[str, Any] | None:
        project: dict[str, Any] = sagemaker.describe_project(ProjectName=name)
        return None if project["ProjectStatus"].endswith(("InProgress", "Pending")) else project

    project = eventually(created, f"project {name}")
    assert project["ProjectStatus"] == "CreateCompleted", project
    bucket, _, prefix = data.partition("/")
    return OldProject(aws, name, project["ProjectId"], bucket, prefix)


def build_pipeline(project: OldProject, cli: object, form: dict[str, str], role: str) -> None:
    """Creates the pipeline as the project's build does: one step with the Data Wrangler container."""
    settings = {
        "SAGEMAKER_PROJECT_NAME": project.name,
        "SAGEMAKER_PROJECT_ID": project.id,
        "PIPELINE_NAME_PREFIX": PREFIX,
        "DW_FLOW_URL": form["DataWranglerFlowUrl"],
        "DW_FLOW_OUTPUT_NAME": form["DataWranglerOutputName"],
        "S3_DATA_PREFIX": f"{project.bucket}/{project.prefix}",
        "FEATURE_GROUP_NAME": form["FeatureGroupName"],
        "EXECUTION_ROLE": role,
    }
    output_of(run(project.aws.environment() | settings, cli, "upsert"))
