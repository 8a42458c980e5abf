"""The whole workflow with IAM enforced: package, publish, create projects, ingest, update, clean up.

Only the commands of the guides and the actions of Studio create resources. The tests check what remains.
The projects vary in route, engine, data bucket and role. Together they cover each pair of these settings.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from account import DEFAULT_BUCKET, STUDIO_ROLE_ARN, StudioUser, open_account
from builds import ROOT
from demo_data import abalone
from features import SPARK, ExecutionResult, Features, definitions_from
from inventory import everything
from local_aws.launcher import LocalAws
from observe import executions, input_url
from project import FLOW
from studio import Project, Studio, wait_for_builds
from terminal import output_of, run, wait_for
from walkthrough import STAGING_BUCKET, Platform
from wiring import ACCOUNT

EXISTING_BUCKET: Final = "landing-zone"
FORM: Final = {"DataWranglerFlowUrl": f"s3://{DEFAULT_BUCKET}/flows/{FLOW.name}", "DataKeySuffix": ".csv"}
ROWS: Final = 7
DATA: Final = b"".join(abalone().content.splitlines(keepends=True)[: ROWS + 1])
# Shared by all SageMaker processing jobs.
JOBS_LOG: Final = "log group /aws/sagemaker/ProcessingJobs"


@pytest.fixture(scope="module")
def running_aws(engine: Path) -> Iterator[LocalAws]:
    """A server that checks signatures and permissions, and runs steps."""
    with LocalAws(auth=True, ingest_features=engine, spark_engine=SPARK) as aws:
        yield aws


@pytest.fixture
def user(aws: LocalAws) -> StudioUser:
    """A Studio user with a flow, in an account without the product."""
    user = open_account(aws)
    key = f"flows/{FLOW.name}"
    user.client("s3").put_object(Bucket=DEFAULT_BUCKET, Key=key, Body=FLOW.read_bytes())
    return user


@pytest.fixture
def platform(aws: LocalAws) -> Platform:
    """The platform team."""
    return Platform(aws)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file with a few rows."""
    file = tmp_path / "a.csv"
    file.write_bytes(DATA)
    return file


def feature_group(user: StudioUser, name: str, engine: Path, data: Path) -> Features:
    """Creates a feature group that fits the flow's output."""
    features = Features(user, DEFAULT_BUCKET, role=STUDIO_ROLE_ARN, group=name)
    features.create_group(definitions_from(engine, data))
    return features


def only_execution(aws: LocalAws, project: Project, url: str) -> str:
    """Waits for the only execution with this input. Returns its ARN."""

    def look() -> list[str] | None:
        found = [each for each in executions(aws, project.pipeline) if input_url(aws, each) == url]
        return [each["PipelineExecutionArn"] for each in found] or None

    [execution] = wait_for(f"the execution for {url}", look)
    return execution


def check_ingested(aws: LocalAws, features: Features, project: Project, key: str) -> ExecutionResult:
    """Checks that the upload is in the feature group and can be queried. Returns the result."""
    result = features.wait_for_execution(only_execution(aws, project, f"s3://{project.bucket}/{key}"))
    assert result.status == "Succeeded", result
    assert result.summary()["rows_written"] == ROWS
    assert features.first()["rings"] == "15"
    assert features.count() == ROWS
    return result


def push(user: StudioUser, project: Project, folder: Path, lines: str) -> None:
    """Adds lines to the project's pipeline.yaml, with git and the AWS credential helper."""
    settings = folder / "gitconfig"
    settings.write_text(
        "[user]\n  name = A User\n  email = user@example.com\n[credential]\n  UseHttpPath = true\n"
        '  helper = "!aws codecommit credential-helper --ignore-host-check $@"\n'
    )
    variables = {"GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    environment = user.environment() | variables | {"HOME": str(folder)}
    repository = project.outputs["RepositoryCloneUrl"]
    output_of(run(environment, "git", "clone", "--quiet", repository, "work", at=folder))
    work = folder / "work"
    with (work / "pipeline.yaml").open("a") as file:
        file.write(lines)
    output_of(
        run(environment, "git", "commit", "--quiet", "--all", "--message", "Change the pipeline", at=work)
    )
    output_of(run(environment, "git", "push", "--quiet", at=work))


def changed_product(folder: Path) -> Path:
    """Copies the repository, with a changed product template and the same builds."""
    root = folder / "next"
    for name in ("cfn-templates", "project-seed-code"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "Cargo.toml", root)
    (root / "target").symlink_to(ROOT / "target")
    product = root / "cfn-templates/project-s3-fs-ingestion.yaml"
    before = product.read_text()
    assert before.count("MemorySize: 128") == 2
    product.write_text(before.replace("MemorySize: 128", "MemorySize: 256"))
    return root


def empty_and_delete(s3: Any, bucket: str) -> None:
    """Deletes a bucket and its objects, including old versions."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=bucket)


def retained(*projects: Project) -> set[str]:
    """Returns the buckets that the template retains."""
    data = {project.bucket for project in projects if project.bucket != EXISTING_BUCKET}
    artifacts = {project.outputs["ArtifactBucketName"] for project in projects}
    return {f"bucket {name}" for name in data | artifacts}


def without_tables(inventory: set[str]) -> set[str]:
    """Removes the Glue tables of Feature Store, whose names contain a timestamp."""
    return {thing for thing in inventory if not thing.startswith("table sagemaker_featurestore.")}


@pytest.mark.timeout(800)
def test_service_catalog_project_from_creation_to_deletion(
    aws: LocalAws, user: StudioUser, platform: Platform, engine: Path, data: Path, tmp_path: Path
) -> None:
    before = everything(aws)
    platform.package()
    outputs = platform.deploy()
    output_of(platform.make("attach-policies"))

    studio = Studio(user)
    studio.create_project("Abalone", {**FORM, "Engine": "native", "FeatureGroupName": "FG-first"})
    project = studio.project("Abalone")
    wait_for_builds(aws, project)
    described = user.client("sagemaker").describe_pipeline(PipelineName=project.pipeline)
    assert described["RoleArn"] == outputs["JobRoleArn"]

    features = feature_group(user, "FG-first", engine, data)
    s3 = user.client("s3")
    for key in ("elsewhere/a.csv", "landing/a.txt", "landing/a.csv"):
        s3.put_object(Bucket=project.bucket, Key=key, Body=DATA)
    check_ingested(aws, features, project, "landing/a.csv")

    # A push changes the next execution.
    push(user, project, tmp_path, "feature_group: FG-second\n")
    [pushed, _] = wait_for_builds(aws, project, times=2)
    assert pushed["trigger"]["triggerType"] == "CloudWatchEvent"
    second = feature_group(user, "FG-second", engine, data)
    s3.put_object(Bucket=project.bucket, Key="landing/b.csv", Body=DATA)
    check_ingested(aws, second, project, "landing/b.csv")

    # A new product version, and a changed form value.
    platform.package("2.0.0", root=changed_product(tmp_path))
    assert platform.deploy()["ProvisioningArtifactNames"].endswith("2.0.0")
    studio.update_project("Abalone", {"DataKeyPrefix": "incoming/"})
    updated = studio.project("Abalone", "UpdateCompleted")
    assert updated.outputs["DataLocation"].endswith("/incoming/")
    functions = aws.client("lambda").list_functions()["Functions"]
    assert {function["MemorySize"] for function in functions} == {256}
    for key in ("landing/c.csv", "incoming/c.csv"):
        s3.put_object(Bucket=project.bucket, Key=key, Body=DATA)
    check_ingested(aws, second, project, "incoming/c.csv")
    assert len(executions(aws, project.pipeline)) == 3

    rejected = platform.make("delete")
    assert rejected.returncode != 0
    assert "SageMaker project Abalone" in rejected.stdout

    # The user has permission to delete the resources that the user created.
    studio.delete_pipeline(project)
    studio.delete_project("Abalone")
    groups = ("FG-first", "FG-second")
    assert {f"feature group {name}" for name in groups} | retained(project) <= everything(aws)
    for bucket in (project.bucket, project.outputs["ArtifactBucketName"]):
        empty_and_delete(s3, bucket)
    for group in groups:
        user.client("sagemaker").delete_feature_group(FeatureGroupName=group)
    output_of(platform.make("delete"))
    assert without_tables(everything(aws)) == before | {JOBS_LOG, f"bucket {STAGING_BUCKET}"}
    empty_and_delete(aws.client("s3"), STAGING_BUCKET)


@dataclass(frozen=True)
class Variant:
    """A combination of settings for a project."""

    name: str
    from_s3: bool
    engine: str
    existing_bucket: bool
    own_role: bool

    def form(self) -> dict[str, str]:
        """Returns the form. The prefix separates projects that share a bucket."""
        changes = {"DataBucketName": EXISTING_BUCKET} if self.existing_bucket else {}
        changes |= {"LambdaExecutionRole": self.role} if self.own_role else {}
        own = {
            "FeatureGroupName": f"FG-{self.name}",
            "DataKeyPrefix": f"{self.name}/",
            "Engine": self.engine,
        }
        return {**FORM, **own, **changes}

    @property
    def role(self) -> str:
        """The ARN of a role that this route's launch role may pass to functions."""
        route = "Projects" if self.from_s3 else "ServiceCatalog"
        return f"arn:aws:iam::{ACCOUNT}:role/service-role/AmazonSageMaker{route}Own-{self.name}"


VARIANTS: Final = [
    Variant("b", from_s3=False, engine="data-wrangler", existing_bucket=True, own_role=True),
    Variant("c", from_s3=True, engine="native", existing_bucket=True, own_role=True),
    Variant("d", from_s3=True, engine="data-wrangler", existing_bucket=False, own_role=True),
    Variant("e", from_s3=True, engine="spark", existing_bucket=True, own_role=False),
]


def make_own_role(aws: LocalAws, variant: Variant, like: str) -> None:
    """Creates a role for the functions, with the permissions of the product's role."""
    iam = aws.client("iam")
    product = iam.get_role(RoleName=like)["Role"]
    [policy] = iam.list_role_policies(RoleName=like)["PolicyNames"]
    document = iam.get_role_policy(RoleName=like, PolicyName=policy)["PolicyDocument"]
    name = variant.role.rpartition("/")[2]
    trust = json.dumps(product["AssumeRolePolicyDocument"])
    iam.create_role(RoleName=name, Path="/service-role/", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


@pytest.mark.timeout(800)
def test_projects_with_all_settings_coexist(
    aws: LocalAws, user: StudioUser, platform: Platform, engine: Path, data: Path
) -> None:
    aws.client("s3").create_bucket(Bucket=EXISTING_BUCKET)
    domain = aws.client("sagemaker").describe_domain(DomainId=user.domain_id)
    before = everything(aws)
    platform.package()
    outputs = platform.deploy(
        ProjectsLaunchRoleName="AmazonSageMakerProjectsLaunchRole",
        DataBucketArns=f"arn:aws:s3:::{EXISTING_BUCKET}",
    )
    output_of(platform.make("attach-policies"))
    output_of(platform.make("enable-events", f"BUCKET={EXISTING_BUCKET}"))
    where = (f"S3_BUCKET_NAME={STAGING_BUCKET}", f"DOMAIN_ID={user.domain_id}")
    output_of(platform.make("studio-templates", *where))
    studio = Studio(user)
    [template] = studio.templates(domain["DomainArn"])
    launch_role = outputs["ProjectsLaunchRoleArn"]
    for variant in VARIANTS:
        if variant.own_role:
            make_own_role(aws, variant, outputs["LambdaRoleArn"].rpartition("/")[2])
        if variant.from_s3:
            studio.create_from_template(variant.name, template, launch_role, variant.form())
        else:
            studio.create_project(variant.name, variant.form())
    projects = {variant.name: studio.project(variant.name) for variant in VARIANTS}
    for variant in VARIANTS:
        project = projects[variant.name]
        wait_for_builds(aws, project)
        features = feature_group(user, f"FG-{variant.name}", engine, data)
        aws.client("s3").put_object(Bucket=project.bucket, Key=f"{variant.name}/a.csv", Body=DATA)
        result = check_ingested(aws, features, project, f"{variant.name}/a.csv")
        replaced = "NOT the Data Wrangler container" in result.log[0]
        assert replaced == (variant.engine == "data-wrangler")
    for variant in VARIANTS:
        # Files of projects that share the bucket start no execution here.
        assert len(executions(aws, projects[variant.name].pipeline)) == 1
    own = {variant.role.rpartition("/")[2] for variant in VARIANTS if variant.own_role}
    started_by = [call.principal.split("/")[1] for call in aws.calls("StartPipelineExecution")]
    assert sorted(started_by) == sorted([*own, outputs["LambdaRoleArn"].rpartition("/")[2]])

    studio.update_from_template("e", template, {"DataKeyPrefix": "e-next/"})
    assert studio.project("e", "UpdateCompleted").outputs["DataLocation"] == f"s3://{EXISTING_BUCKET}/e-next/"

    for project in projects.values():
        studio.delete_pipeline(project)
        studio.delete_project(project.name)
    output_of(platform.make("delete"))
    left = without_tables(everything(aws) - before)
    users_own = {f"feature group FG-{variant.name}" for variant in VARIANTS} | {
        f"role {name}" for name in own
    }
    assert left == {f"bucket {STAGING_BUCKET}", JOBS_LOG} | retained(*projects.values()) | users_own
