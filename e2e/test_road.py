"""The whole road, with IAM enforced: package, publish, create projects in Studio, ingest, update, clean up.

Nothing is made but by the commands of the guides and by what Studio does; what is left is what they say.
The ways differ in route, engine, data bucket and role; together the projects below have each pair of these.
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
from features import Ended, Features
from inventory import everything
from local_aws.launcher import LocalAws
from observe import executions, input_url
from project import FLOW
from road import STAGING_BUCKET, Platform
from studio import Project, Studio, built
from terminal import done, run, wait_for
from wiring import ACCOUNT

GIVEN_BUCKET: Final = "landing-zone"
FORM: Final = {"DataWranglerFlowUrl": f"s3://{DEFAULT_BUCKET}/flows/{FLOW.name}", "DataKeySuffix": ".csv"}
ROWS: Final = 7
DATA: Final = b"".join(abalone().content.splitlines(keepends=True)[: ROWS + 1])
# SageMaker's, of all jobs.
JOBS_LOG: Final = "log group /aws/sagemaker/ProcessingJobs"


@pytest.fixture(scope="module")
def running_aws(engine: Path) -> Iterator[LocalAws]:
    """A server that checks signatures and permissions, and runs steps."""
    with LocalAws(auth=True, ingest_features=engine) as aws:
        yield aws


@pytest.fixture
def user(aws: LocalAws) -> StudioUser:
    """A Studio user of an account that has no product yet, and a flow."""
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
    """A file of a few rows."""
    file = tmp_path / "a.csv"
    file.write_bytes(DATA)
    return file


def feature_group(user: StudioUser, name: str, engine: Path, data: Path) -> Features:
    """A feature group of the user's, as the flow needs it."""
    features = Features(user, DEFAULT_BUCKET, role=STUDIO_ROLE_ARN, group=name)
    features.create_group(engine, data)
    return features


def only_execution(aws: LocalAws, project: Project, url: str) -> str:
    """The ARN of the only execution whose input is this."""

    def look() -> list[str] | None:
        found = [each for each in executions(aws, project.pipeline) if input_url(aws, each) == url]
        return [each["PipelineExecutionArn"] for each in found] or None

    [execution] = wait_for(f"the execution for {url}", look)
    return execution


def ingested(aws: LocalAws, features: Features, project: Project, key: str) -> Ended:
    """What was uploaded is in the feature group, and answers queries; gives what its job said."""
    ended = features.ended(only_execution(aws, project, f"s3://{project.bucket}/{key}"))
    assert ended.status == "Succeeded", ended
    assert ended.summary()["rows_written"] == ROWS
    assert features.first()["rings"] == "15"
    assert features.count() == ROWS
    return ended


def push(user: StudioUser, project: Project, folder: Path, lines: str) -> None:
    """Add lines to the pipeline.yaml of the project, with git and AWS's credential helper."""
    settings = folder / "gitconfig"
    settings.write_text(
        "[user]\n  name = A User\n  email = user@example.com\n[credential]\n  UseHttpPath = true\n"
        '  helper = "!aws codecommit credential-helper --ignore-host-check $@"\n'
    )
    variables = {"GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    environment = user.environment() | variables | {"HOME": str(folder)}
    repository = project.outputs["RepositoryCloneUrl"]
    done(run(environment, "git", "clone", "--quiet", repository, "work", at=folder))
    work = folder / "work"
    with (work / "pipeline.yaml").open("a") as file:
        file.write(lines)
    done(run(environment, "git", "commit", "--quiet", "--all", "--message", "Change the pipeline", at=work))
    done(run(environment, "git", "push", "--quiet", at=work))


def changed_product(folder: Path) -> Path:
    """The repository with another template of the product, and the same builds."""
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
    """With former versions, as a bucket has to be emptied."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=bucket)


def retained(*projects: Project) -> set[str]:
    """The buckets that the template declares as such."""
    data = {project.bucket for project in projects if project.bucket != GIVEN_BUCKET}
    artifacts = {project.outputs["ArtifactBucketName"] for project in projects}
    return {f"bucket {name}" for name in data | artifacts}


def without_tables(inventory: set[str]) -> set[str]:
    """Without what Feature Store leaves in Glue, whose names hold a time."""
    return {thing for thing in inventory if not thing.startswith("table sagemaker_featurestore.")}


@pytest.mark.timeout(800)
def test_the_road_through_service_catalog_and_back(
    aws: LocalAws, user: StudioUser, platform: Platform, engine: Path, data: Path, tmp_path: Path
) -> None:
    before = everything(aws)
    platform.package()
    outputs = platform.deploy()
    done(platform.make("attach-policies"))

    studio = Studio(user)
    studio.create_project("Abalone", {**FORM, "Engine": "native", "FeatureGroupName": "FG-first"})
    project = studio.project("Abalone")
    built(aws, project)
    described = user.client("sagemaker").describe_pipeline(PipelineName=project.pipeline)
    assert described["RoleArn"] == outputs["JobRoleArn"]

    features = feature_group(user, "FG-first", engine, data)
    s3 = user.client("s3")
    for key in ("elsewhere/a.csv", "landing/a.txt", "landing/a.csv"):
        s3.put_object(Bucket=project.bucket, Key=key, Body=DATA)
    ingested(aws, features, project, "landing/a.csv")

    # A push changes what the next execution does.
    push(user, project, tmp_path, "feature_group: FG-second\n")
    [pushed, _] = built(aws, project, times=2)
    assert pushed["trigger"]["triggerType"] == "CloudWatchEvent"
    second = feature_group(user, "FG-second", engine, data)
    s3.put_object(Bucket=project.bucket, Key="landing/b.csv", Body=DATA)
    ingested(aws, second, project, "landing/b.csv")

    # Another version of the product, and another value in the form.
    platform.package("2.0.0", root=changed_product(tmp_path))
    assert platform.deploy()["ProvisioningArtifactNames"].endswith("2.0.0")
    studio.update_project("Abalone", {"DataKeyPrefix": "incoming/"})
    updated = studio.project("Abalone", "UpdateCompleted")
    assert updated.outputs["DataLocation"].endswith("/incoming/")
    functions = aws.client("lambda").list_functions()["Functions"]
    assert {function["MemorySize"] for function in functions} == {256}
    for key in ("landing/c.csv", "incoming/c.csv"):
        s3.put_object(Bucket=project.bucket, Key=key, Body=DATA)
    ingested(aws, second, project, "incoming/c.csv")
    assert len(executions(aws, project.pipeline)) == 3

    refused = platform.make("delete")
    assert refused.returncode != 0
    assert "SageMaker project Abalone" in refused.stdout

    # What the user made is the user's to remove, and the user may.
    studio.delete_pipeline(project)
    studio.delete_project("Abalone")
    groups = ("FG-first", "FG-second")
    assert {f"feature group {name}" for name in groups} | retained(project) <= everything(aws)
    for bucket in (project.bucket, project.outputs["ArtifactBucketName"]):
        empty_and_delete(s3, bucket)
    for group in groups:
        user.client("sagemaker").delete_feature_group(FeatureGroupName=group)
    done(platform.make("delete"))
    assert without_tables(everything(aws)) == before | {JOBS_LOG, f"bucket {STAGING_BUCKET}"}
    empty_and_delete(aws.client("s3"), STAGING_BUCKET)


@dataclass(frozen=True)
class Way:
    """One way through: what is filled in, and where the form was found."""

    name: str
    from_s3: bool
    engine: str
    given: bool
    own_role: bool

    def form(self) -> dict[str, str]:
        """Its form. Given data is told apart by its prefix."""
        changes = {"DataBucketName": GIVEN_BUCKET} if self.given else {}
        changes |= {"LambdaExecutionRole": self.role} if self.own_role else {}
        named = {
            "FeatureGroupName": f"FG-{self.name}",
            "DataKeyPrefix": f"{self.name}/",
            "Engine": self.engine,
        }
        return {**FORM, **named, **changes}

    @property
    def role(self) -> str:
        """A role that the launch role of this route may pass to functions."""
        route = "Projects" if self.from_s3 else "ServiceCatalog"
        return f"arn:aws:iam::{ACCOUNT}:role/service-role/AmazonSageMaker{route}Own-{self.name}"


WAYS: Final = [
    Way("b", from_s3=False, engine="data-wrangler", given=True, own_role=True),
    Way("c", from_s3=True, engine="native", given=True, own_role=True),
    Way("d", from_s3=True, engine="data-wrangler", given=False, own_role=True),
    Way("e", from_s3=True, engine="data-wrangler", given=True, own_role=False),
]


def make_own_role(aws: LocalAws, way: Way, like: str) -> None:
    """A role of the user's for the functions, with the rights of the product's own."""
    iam = aws.client("iam")
    product = iam.get_role(RoleName=like)["Role"]
    [policy] = iam.list_role_policies(RoleName=like)["PolicyNames"]
    document = iam.get_role_policy(RoleName=like, PolicyName=policy)["PolicyDocument"]
    name = way.role.rpartition("/")[2]
    trust = json.dumps(product["AssumeRolePolicyDocument"])
    iam.create_role(RoleName=name, Path="/service-role/", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


@pytest.mark.timeout(800)
def test_projects_of_all_kinds_live_side_by_side(
    aws: LocalAws, user: StudioUser, platform: Platform, engine: Path, data: Path
) -> None:
    aws.client("s3").create_bucket(Bucket=GIVEN_BUCKET)
    settings = {"AuthMode": "IAM", "DefaultUserSettings": {"ExecutionRole": STUDIO_ROLE_ARN}}
    domain = aws.client("sagemaker").create_domain(DomainName="studio", **settings)
    before = everything(aws)
    platform.package()
    outputs = platform.deploy(
        ProjectsLaunchRoleName="AmazonSageMakerProjectsLaunchRole",
        DataBucketArns=f"arn:aws:s3:::{GIVEN_BUCKET}",
    )
    done(platform.make("attach-policies"))
    done(platform.make("enable-events", f"BUCKET={GIVEN_BUCKET}"))
    where = (f"S3_BUCKET_NAME={STAGING_BUCKET}", f"DOMAIN_ID={domain['DomainId']}")
    done(platform.make("studio-templates", *where))
    studio = Studio(user)
    [template] = studio.templates(domain["DomainArn"])
    launch_role = outputs["ProjectsLaunchRoleArn"]
    for way in WAYS:
        if way.own_role:
            make_own_role(aws, way, outputs["LambdaRoleArn"].rpartition("/")[2])
        if way.from_s3:
            studio.create_from_template(way.name, template, launch_role, way.form())
        else:
            studio.create_project(way.name, way.form())
    projects = {way.name: studio.project(way.name) for way in WAYS}
    for way in WAYS:
        project = projects[way.name]
        built(aws, project)
        features = feature_group(user, f"FG-{way.name}", engine, data)
        aws.client("s3").put_object(Bucket=project.bucket, Key=f"{way.name}/a.csv", Body=DATA)
        ended = ingested(aws, features, project, f"{way.name}/a.csv")
        stands_in = "NOT the Data Wrangler container" in ended.log[0]
        assert stands_in == (way.engine == "data-wrangler")
    for way in WAYS:
        # Who shares a bucket is not started by the others' files.
        assert len(executions(aws, projects[way.name].pipeline)) == 1
    own = {way.role.rpartition("/")[2] for way in WAYS if way.own_role}
    started_by = [call.principal.split("/")[1] for call in aws.calls("StartPipelineExecution")]
    assert sorted(started_by) == sorted([*own, outputs["LambdaRoleArn"].rpartition("/")[2]])

    studio.update_from_template("e", template, {"DataKeyPrefix": "e-next/"})
    assert studio.project("e", "UpdateCompleted").outputs["DataLocation"] == f"s3://{GIVEN_BUCKET}/e-next/"

    for project in projects.values():
        studio.delete_pipeline(project)
        studio.delete_project(project.name)
    done(platform.make("delete"))
    left = without_tables(everything(aws) - before)
    users_own = {f"feature group FG-{way.name}" for way in WAYS} | {f"role {name}" for name in own}
    assert left == {f"bucket {STAGING_BUCKET}", JOBS_LOG} | retained(*projects.values()) | users_own
