"""Publishing and provisioning where they are refused or fail: a readable reason, and no debris.

The road itself, where all goes well, is in `test_road.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from account import DEFAULT_BUCKET, StudioUser, open_account
from inventory import everything
from local_aws.launcher import LocalAws
from project import FLOW
from road import STAGING_BUCKET, Platform
from studio import Studio, filled_in, reason
from terminal import done

NAME: Final = "Abalone"
FORM: Final = {
    "DataWranglerFlowUrl": f"s3://{DEFAULT_BUCKET}/flows/{FLOW.name}",
    "FeatureGroupName": "FG-abalone",
}


@dataclass(frozen=True)
class Published:
    """The product, published both ways, and a user who sees it."""

    aws: LocalAws
    user: StudioUser
    platform: Platform
    outputs: dict[str, str]
    template: str

    @property
    def studio(self) -> Studio:
        """The user in Studio."""
        return Studio(self.user)

    def create(self, *, from_s3: bool, **changes: str) -> None:
        """Send off the form of either route."""
        form = {**FORM, **changes}
        if from_s3:
            role = self.outputs["ProjectsLaunchRoleArn"]
            self.studio.create_from_template(NAME, self.template, role, form)
        else:
            self.studio.create_project(NAME, form)


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    """Once for all tests here: each leaves the account as it was, which is what it shows."""
    with LocalAws(auth=True) as aws:
        user = open_account(aws)
        platform = Platform(aws)
        platform.package()
        outputs = platform.deploy(ProjectsLaunchRoleName="AmazonSageMakerProjectsLaunchRole")
        done(platform.make("attach-policies"))
        key = "amazon-sagemaker-reusable-components/project-s3-fs-ingestion.yaml"
        url = f"https://{STAGING_BUCKET}.s3.us-east-1.amazonaws.com/{key}"
        yield Published(aws, user, platform, outputs, url)


def fails(published: Published, *, from_s3: bool, **changes: str) -> str:
    """Why a project could not be made. When it is deleted, nothing of it is there any more."""
    before = everything(published.aws)
    published.create(from_s3=from_s3, **changes)
    project = published.studio.settled(NAME)
    assert project["ProjectStatus"] == "CreateFailed", project
    published.studio.delete_project(NAME)
    assert everything(published.aws) == before
    return reason(project)


def test_the_form_is_described_as_studio_needs_it(published: Published) -> None:
    catalog = published.user.client("servicecatalog")
    product, version = published.studio.offered()
    assert product == published.outputs["ProductId"]
    form = catalog.describe_provisioning_parameters(ProductId=product, ProvisioningArtifactId=version)
    engine = next(each for each in form["ProvisioningArtifactParameters"] if each["ParameterKey"] == "Engine")
    assert engine["DefaultValue"] == "data-wrangler"
    assert engine["ParameterConstraints"]["AllowedValues"] == ["data-wrangler", "native"]
    labels = next(each["Value"] for each in form["UsageInstructions"] if each["Type"] == "metadata")
    assert "Data Wrangler flow" in labels


BAD_PARAMETERS: Final = [
    ({"DataKeyPrefix": "landing/*"}, "the beginning of keys"),
    ({"DataBucketName": "s3://bucket"}, "the name of a bucket"),
    ({"CodeRepositoryId": "my-team/ingestion"}, "A repository is named, but no code connection"),
]


@pytest.mark.parametrize(("changes", "told"), BAD_PARAMETERS)
def test_a_bad_parameter_is_named_from_a_template_in_s3(
    published: Published, changes: dict[str, str], told: str
) -> None:
    assert told in fails(published, from_s3=True, **changes)


@pytest.mark.parametrize(("changes", "told"), BAD_PARAMETERS)
def test_a_bad_parameter_is_named_through_service_catalog(
    published: Published, changes: dict[str, str], told: str
) -> None:
    before = everything(published.aws)
    try:
        found = fails(published, from_s3=False, **changes)
    except published.user.client("sagemaker").exceptions.ClientError as refused:
        # Service Catalog itself looks at patterns, before there is a project.
        found = str(refused)
    assert told in found
    assert everything(published.aws) == before


@pytest.mark.parametrize(
    ("sid", "told"),
    [
        ("Queues", "is not authorized to perform: sqs:CreateQueue"),
        ("Alarms", "is not authorized to perform: cloudwatch:PutMetricAlarm"),
        ("Functions", "is not authorized to perform: lambda:TagResource"),
    ],
)
def test_a_missing_grant_is_named(published: Published, sid: str, told: str) -> None:
    taken = take_away(published.aws, published.outputs["FSIngestionProductPolicyArn"], sid)
    try:
        assert told in fails(published, from_s3=False)
    finally:
        put_back(published.aws, taken)


def take_away(aws: LocalAws, policy: str, sid: str) -> dict[str, str]:
    """A statement of a policy; gives the policy as it was."""
    iam = aws.client("iam")
    version = iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]
    left = [statement for statement in document["Statement"] if statement["Sid"] != sid]
    assert len(left) == len(document["Statement"]) - 1
    changed = json.dumps({**document, "Statement": left})
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=changed, SetAsDefault=True)
    return {"PolicyArn": policy, "PolicyDocument": json.dumps(document)}


def put_back(aws: LocalAws, policy: dict[str, str]) -> None:
    """What was taken away, so that there is one version again."""
    iam = aws.client("iam")
    iam.create_policy_version(**policy, SetAsDefault=True)
    versions = iam.list_policy_versions(PolicyArn=policy["PolicyArn"])["Versions"]
    for version in versions:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version["VersionId"])


def test_code_without_the_tag_of_provisioning_cannot_be_launched(published: Published) -> None:
    """What lets AWS's policy of the launch role read it, in whichever bucket it is."""
    s3 = published.aws.client("s3")
    listed = s3.list_objects_v2(
        Bucket=STAGING_BUCKET, Prefix="amazon-sagemaker-reusable-components/start-pipeline/"
    )
    code = {"Bucket": STAGING_BUCKET, "Key": listed["Contents"][0]["Key"]}
    tags = s3.get_object_tagging(**code)["TagSet"]
    s3.delete_object_tagging(**code)
    try:
        told = fails(published, from_s3=False)
    finally:
        s3.put_object_tagging(**code, Tagging={"TagSet": tags})
    assert "is not authorized to perform: s3:GetObject" in told
    assert "StartPipeline" in told


def test_a_role_that_the_launch_role_may_not_pass_is_named(published: Published) -> None:
    # Of the other route.
    role = "arn:aws:iam::000000000000:role/service-role/AmazonSageMakerProjectsOwn"
    told = fails(published, from_s3=False, LambdaExecutionRole=role)
    assert f"is not authorized to perform: iam:PassRole on resource: {role}" in told


def test_a_name_that_is_taken_is_refused_and_its_owner_left_alone(published: Published) -> None:
    published.create(from_s3=False)
    first = published.studio.project(NAME)
    before = everything(published.aws)
    sagemaker = published.user.client("sagemaker")
    for from_s3 in (False, True):
        with pytest.raises(sagemaker.exceptions.ClientError, match=f"already exists: {NAME}"):
            published.create(from_s3=from_s3)
    assert everything(published.aws) == before
    assert published.studio.project(NAME) == first
    published.studio.delete_project(NAME)


def test_a_second_portfolio_cannot_take_the_roles_of_the_first(published: Published) -> None:
    before = everything(published.aws)
    second = "STACK_NAME=second"
    given = (f"S3_BUCKET_NAME={STAGING_BUCKET}", "SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=" + role_arn(published))
    refused = published.platform.make("deploy", second, *given)
    assert refused.returncode != 0
    assert re.search(
        r"identifier 'AmazonSageMakerServiceCatalogProductsFs-\w+-us-east-1' already exists", refused.stdout
    ), refused.stdout
    assert "hint: " in refused.stdout
    assert everything(published.aws) - before == {"stack second (ROLLBACK_COMPLETE)"}
    done(published.platform.make("delete", second))
    assert everything(published.aws) == before


def role_arn(published: Published) -> str:
    """The principal's."""
    name = published.outputs["AmazonSageMakerExecutionRoleName"]
    return str(published.aws.client("iam").get_role(RoleName=name)["Role"]["Arn"])


def test_somebody_who_is_no_principal_of_the_portfolio_cannot_provision(published: Published) -> None:
    aws, (product, version) = published.aws, published.studio.offered()
    before = everything(aws)
    iam = aws.client("iam")
    iam.create_user(UserName="stranger")
    everything_allowed: dict[str, Any] = {
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        "Version": "2012-10-17",
    }
    iam.put_user_policy(UserName="stranger", PolicyName="all", PolicyDocument=json.dumps(everything_allowed))
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    sagemaker = aws.client(
        "sagemaker", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    form = {
        "ProductId": product,
        "ProvisioningArtifactId": version,
        "ProvisioningParameters": filled_in(FORM),
    }
    with pytest.raises(sagemaker.exceptions.ClientError, match="No launch paths found"):
        sagemaker.create_project(ProjectName=NAME, ServiceCatalogProvisioningDetails=form)
    assert everything(aws) - before == {"user stranger"}
    iam.delete_access_key(UserName="stranger", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="stranger", PolicyName="all")
    iam.delete_user(UserName="stranger")
