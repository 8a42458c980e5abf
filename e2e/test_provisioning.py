"""The product as users meet it: published by the portfolio, provisioned as a project, built, used, deleted.

IAM is enforced: the stacks are the launch role's, the builds the build role's, uploads the functions' role's.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

import stacks
from local_aws.launcher import LocalAws
from observe import ROOT, eventually, executions, input_url
from wiring import ACCOUNT

PROJECT: Final = "Abalone"
FLOW_BUCKET: Final = "sagemaker-flows"
LAUNCH_ROLE: Final = "AmazonSageMakerServiceCatalogProductsLaunchRole"
PROJECTS_ROLE: Final = "AmazonSageMakerProjectsLaunchRole"
# What AWS's own policy of the launch role has for such stacks, and what is proved elsewhere to be no more.
LAUNCH_POLICY: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "cloudformation:*Stack",
                "cloudformation:DescribeStacks",
                "cloudformation:DescribeStackEvents",
            ],
            "Resource": f"arn:aws:cloudformation:*:{ACCOUNT}:stack/SC-*",
        }
    ],
}


@dataclass(frozen=True)
class Published:
    """The product, and what a form of it is filled in with."""

    outputs: dict[str, str]
    parameters: list[dict[str, str]]

    @property
    def details(self) -> dict[str, Any]:
        """The form, sent off."""
        return {
            "ProductId": self.outputs["ProductId"],
            "ProvisioningArtifactId": self.outputs["ProvisioningArtifactIds"],
            "ProvisioningParameters": self.parameters,
        }


@pytest.fixture(scope="module")
def running_aws() -> Iterator[LocalAws]:
    """A server that checks signatures and permissions. Executions stay Executing."""
    with LocalAws(auth=True, steps="hold") as aws:
        yield aws


@pytest.fixture
def published(aws: LocalAws, package: Path, cli: Path) -> Published:
    """The portfolio is deployed, and its policies are attached."""
    s3, iam = aws.client("s3"), aws.client("iam")
    staged = stacks.stage(aws, package, cli)
    s3.create_bucket(Bucket=FLOW_BUCKET)
    s3.put_object(Bucket=FLOW_BUCKET, Key="my.flow", Body=(ROOT / "flows/abalone.flow").read_bytes())
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "servicecatalog.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam.create_role(
        RoleName=LAUNCH_ROLE,
        Path="/service-role/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    iam.put_role_policy(RoleName=LAUNCH_ROLE, PolicyName="stacks", PolicyDocument=json.dumps(LAUNCH_POLICY))
    portfolio = {**stacks.portfolio_parameters(), "ProjectsLaunchRoleName": PROJECTS_ROLE}
    outputs = stacks.deploy(aws, "portfolio", stacks.PORTFOLIO, portfolio)
    # What the product needs of AWS's policy for the launch role is stated for the other route.
    for policy in ("FSIngestionProductPolicyArn", "ProjectsLaunchPolicyArn"):
        iam.attach_role_policy(RoleName=LAUNCH_ROLE, PolicyArn=outputs[policy])
    filled = {
        **staged,
        "DataWranglerFlowUrl": f"s3://{FLOW_BUCKET}/my.flow",
        "FeatureGroupName": "FG-abalone",
        "DataKeySuffix": ".csv",
    }
    return Published(outputs, [{"Key": key, "Value": value} for key, value in filled.items()])


def settled(aws: LocalAws) -> dict[str, Any]:
    """The project, once nothing is in progress."""

    def look() -> dict[str, Any] | None:
        project: dict[str, Any] = aws.client("sagemaker").describe_project(ProjectName=PROJECT)
        return None if project["ProjectStatus"].endswith("InProgress") else project

    return eventually(look, "an end of what happens to the project")


def outputs_of(aws: LocalAws, project: dict[str, Any]) -> dict[str, str]:
    """The outputs of a project's stack, by the name that Service Catalog gives the stack."""
    product = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
    name = f"SC-{ACCOUNT}-{product}"
    [stack] = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def built(aws: LocalAws, project: dict[str, Any], times: int) -> list[dict[str, Any]]:
    """The executions of the project's build pipeline, once there are so many and all have ended."""
    name = f"sagemaker-{project['ProjectId']}-build"

    def look() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = aws.client("codepipeline").list_pipeline_executions(pipelineName=name)[
            "pipelineExecutionSummaries"
        ]
        ended = len(found) == times and all(each["status"] != "InProgress" for each in found)
        return found if ended else None

    return eventually(look, f"{times} builds")


def provision(aws: LocalAws, published: Published) -> dict[str, Any]:
    """A project of the product, built."""
    tags = [{"Key": "team", "Value": "data"}]
    aws.client("sagemaker").create_project(
        ProjectName=PROJECT, ServiceCatalogProvisioningDetails=published.details, Tags=tags
    )
    project = settled(aws)
    assert project["ProjectStatus"] == "CreateCompleted", project
    [build] = built(aws, project, 1)
    assert build["status"] == "Succeeded", build.get("statusSummary")
    return project


def test_the_form_is_described_as_studio_needs_it(aws: LocalAws, published: Published) -> None:
    catalog = aws.client("servicecatalog")
    found = catalog.search_products(Filters={"FullTextSearch": ["ingestion"]})["ProductViewSummaries"]
    assert [product["ProductId"] for product in found] == [published.outputs["ProductId"]]
    form = catalog.describe_provisioning_parameters(
        ProductId=published.outputs["ProductId"],
        ProvisioningArtifactId=published.outputs["ProvisioningArtifactIds"],
    )
    engine = next(each for each in form["ProvisioningArtifactParameters"] if each["ParameterKey"] == "Engine")
    assert engine["DefaultValue"] == "data-wrangler"
    assert engine["ParameterConstraints"]["AllowedValues"] == ["data-wrangler", "native"]
    labels = next(each["Value"] for each in form["UsageInstructions"] if each["Type"] == "metadata")
    assert "Data Wrangler flow" in labels


def test_a_project_is_provisioned_built_and_deleted(
    aws: LocalAws, published: Published, tmp_path: Path
) -> None:
    project = provision(aws, published)
    outputs = outputs_of(aws, project)
    [pipeline] = aws.client("sagemaker").list_pipelines()["PipelineSummaries"]
    assert pipeline["PipelineName"] == outputs["PipelineName"]
    assert pipeline["RoleArn"] == published.outputs["JobRoleArn"]

    s3 = aws.client("s3")
    for key in ("elsewhere/a.csv", "landing/a.csv"):
        s3.put_object(Bucket=outputs["DataBucketName"], Key=key, Body=b"x")
    eventually(lambda: executions(aws, outputs["PipelineName"]), "the execution")
    [execution] = executions(aws, outputs["PipelineName"])
    assert input_url(aws, execution) == f"s3://{outputs['DataBucketName']}/landing/a.csv"

    push(aws, outputs["RepositoryCloneUrl"], tmp_path, "description: changed by a push\n")
    builds = built(aws, project, 2)
    assert [each["status"] for each in builds] == ["Succeeded", "Succeeded"]
    assert builds[0]["trigger"]["triggerType"] == "CloudWatchEvent"
    described = aws.client("sagemaker").describe_pipeline(PipelineName=outputs["PipelineName"])
    assert described["PipelineDescription"] == "changed by a push"

    aws.client("sagemaker").delete_project(ProjectName=PROJECT)
    assert settled(aws)["ProjectStatus"] == "DeleteCompleted"
    kept = [
        bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if project["ProjectId"] in bucket["Name"]
    ]
    assert sorted(kept) == sorted([outputs["DataBucketName"], outputs["ArtifactBucketName"]])
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("events").list_rules()["Rules"] == []
    assert aws.client("codecommit").list_repositories()["repositories"] == []
    assert aws.client("codebuild").list_projects()["projects"] == []
    assert aws.client("codepipeline").list_pipelines()["pipelines"] == []


def push(aws: LocalAws, url: str, folder: Path, line: str) -> None:
    """Add a line to the pipeline.yaml of a repository, with git and AWS's credential helper."""
    settings = folder / "gitconfig"
    settings.write_text(
        "[user]\n  name = A User\n  email = user@example.com\n[credential]\n  UseHttpPath = true\n"
        '  helper = "!aws codecommit credential-helper --ignore-host-check $@"\n'
    )
    variables = {"GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    environment = {**aws.environment(), **variables, "PATH": os.environ["PATH"], "HOME": str(folder)}

    def git(*arguments: str, at: Path) -> None:
        done = subprocess.run(
            ["git", *arguments],
            cwd=at,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    git("clone", "--quiet", url, "work", at=folder)
    work = folder / "work"
    with (work / "pipeline.yaml").open("a") as file:
        file.write(line)
    git("commit", "--quiet", "--all", "--message", "Describe the pipeline", at=work)
    git("push", "--quiet", at=work)


def test_a_new_version_of_the_product_updates_a_project(aws: LocalAws, published: Published) -> None:
    project = provision(aws, published)
    body = stacks.PRODUCT.read_text().replace(
        "Files that are uploaded here start the pipeline", "The data's place"
    )
    aws.client("s3").put_object(Bucket=stacks.STAGING_BUCKET, Key="next.yaml", Body=body.encode())
    url = f"https://{stacks.STAGING_BUCKET}.s3.us-east-1.amazonaws.com/next.yaml"
    artifact = aws.client("servicecatalog").create_provisioning_artifact(
        ProductId=published.outputs["ProductId"],
        Parameters={"Name": "next", "Type": "CLOUD_FORMATION_TEMPLATE", "Info": {"LoadTemplateFromURL": url}},
    )["ProvisioningArtifactDetail"]["Id"]
    aws.client("sagemaker").update_project(
        ProjectName=PROJECT,
        ServiceCatalogProvisioningUpdateDetails={
            "ProvisioningArtifactId": artifact,
            "ProvisioningParameters": [{"Key": "DataKeyPrefix", "Value": "incoming/"}],
        },
    )
    updated = settled(aws)
    assert updated["ProjectStatus"] == "UpdateCompleted", updated
    assert updated["ServiceCatalogProvisioningDetails"]["ProvisioningArtifactId"] == artifact
    assert outputs_of(aws, project)["DataLocation"].endswith("/incoming/")


def test_a_project_is_provisioned_from_the_template_in_s3(aws: LocalAws, published: Published) -> None:
    key = f"{stacks.PREFIX}project-s3-fs-ingestion/{stacks.product_digest()}.yaml"
    url = f"https://{stacks.STAGING_BUCKET}.s3.us-east-1.amazonaws.com/{key}"
    provider = {
        "TemplateName": "s3-fs-ingestion",
        "TemplateURL": url,
        "RoleARN": published.outputs["ProjectsLaunchRoleArn"],
        "Parameters": published.parameters,
    }
    aws.client("sagemaker").create_project(
        ProjectName=PROJECT, TemplateProviders=[{"CfnTemplateProvider": provider}]
    )
    project = settled(aws)
    assert project["ProjectStatus"] == "CreateCompleted", project
    [build] = built(aws, project, 1)
    assert build["status"] == "Succeeded"
    aws.client("sagemaker").delete_project(ProjectName=PROJECT)
    assert settled(aws)["ProjectStatus"] == "DeleteCompleted"


@pytest.mark.parametrize(
    ("sid", "told"),
    [
        ("Queues", "is not authorized to perform: sqs:CreateQueue"),
        ("Alarms", "is not authorized to perform: cloudwatch:PutMetricAlarm"),
        ("Functions", "is not authorized to perform: lambda:TagResource"),
    ],
)
def test_a_missing_grant_fails_the_launch_by_name_and_leaves_nothing(
    aws: LocalAws, published: Published, sid: str, told: str
) -> None:
    take_away(aws, published.outputs["FSIngestionProductPolicyArn"], sid)
    aws.client("sagemaker").create_project(
        ProjectName=PROJECT, ServiceCatalogProvisioningDetails=published.details
    )
    project = settled(aws)
    assert project["ProjectStatus"] == "CreateFailed"
    assert told in project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductStatusMessage"]
    aws.client("sagemaker").delete_project(ProjectName=PROJECT)
    assert settled(aws)["ProjectStatus"] == "DeleteCompleted"
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def take_away(aws: LocalAws, policy: str, sid: str) -> None:
    """A statement of a policy."""
    iam = aws.client("iam")
    version = iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]
    left = [statement for statement in document["Statement"] if statement["Sid"] != sid]
    assert len(left) == len(document["Statement"]) - 1
    changed = json.dumps({**document, "Statement": left})
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=changed, SetAsDefault=True)


def test_somebody_who_is_no_principal_of_the_portfolio_cannot_provision(
    aws: LocalAws, published: Published
) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="stranger")
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Version": "2012-10-17"}
    iam.put_user_policy(UserName="stranger", PolicyName="all", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    sagemaker = aws.client(
        "sagemaker", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    with pytest.raises(sagemaker.exceptions.ClientError, match="No launch paths found"):
        sagemaker.create_project(ProjectName=PROJECT, ServiceCatalogProvisioningDetails=published.details)
    assert aws.client("sagemaker").list_projects()["ProjectSummaryList"] == []
