"""Failures of publishing and provisioning: each gives a clear reason and leaves no resources.

`test_walkthrough.py` tests the successful workflow.
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
from studio import Studio, form_values, reason
from terminal import output_of
from walkthrough import STAGING_BUCKET, Platform

NAME: Final = "Abalone"
FORM: Final = {
    "DataWranglerFlowUrl": f"s3://{DEFAULT_BUCKET}/flows/{FLOW.name}",
    "FeatureGroupName": "FG-abalone",
}


@dataclass(frozen=True)
class Published:
    """The product, published in Service Catalog and as a template in S3, and a user."""

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
        """Submits the form of either route."""
        form = {**FORM, **changes}
        if from_s3:
            role = self.outputs["ProjectsLaunchRoleArn"]
            self.studio.create_from_template(NAME, self.template, role, form)
        else:
            self.studio.create_project(NAME, form)


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    """Shared by all tests of the module. Each test leaves the account unchanged, and checks that."""
    with LocalAws(auth=True) as aws:
        user = open_account(aws)
        platform = Platform(aws)
        platform.package()
        outputs = platform.deploy(ProjectsLaunchRoleName="AmazonSageMakerProjectsLaunchRole")
        output_of(platform.make("attach-policies"))
        key = "amazon-sagemaker-reusable-components/project-s3-fs-ingestion.yaml"
        url = f"https://{STAGING_BUCKET}.s3.us-east-1.amazonaws.com/{key}"
        yield Published(aws, user, platform, outputs, url)


def failure_reason(published: Published, *, from_s3: bool, **changes: str) -> str:
    """Creates a project, which must fail, and deletes it. Returns the reason. Checks that nothing is left."""
    before = everything(published.aws)
    published.create(from_s3=from_s3, **changes)
    project = published.studio.wait_until_settled(NAME)
    assert project["ProjectStatus"] == "CreateFailed", project
    published.studio.delete_project(NAME)
    assert everything(published.aws) == before
    return reason(project)


def test_form_is_described_as_studio_needs_it(published: Published) -> None:
    catalog = published.user.client("servicecatalog")
    product, version = published.studio.offered_product()
    assert product == published.outputs["ProductId"]
    form = catalog.describe_provisioning_parameters(ProductId=product, ProvisioningArtifactId=version)
    engine = next(each for each in form["ProvisioningArtifactParameters"] if each["ParameterKey"] == "Engine")
    assert engine["DefaultValue"] == "data-wrangler"
    assert engine["ParameterConstraints"]["AllowedValues"] == ["data-wrangler", "native", "spark"]
    labels = next(each["Value"] for each in form["UsageInstructions"] if each["Type"] == "metadata")
    assert "Data Wrangler flow" in labels


BAD_PARAMETERS: Final = [
    ({"DataKeyPrefix": "landing/*"}, "a key prefix"),
    ({"DataBucketName": "s3://bucket"}, "a bucket name"),
    ({"CodeRepositoryId": "my-team/ingestion"}, "A repository is set without a code connection"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_PARAMETERS)
def test_s3_template_error_explains_a_bad_parameter(
    published: Published, changes: dict[str, str], message: str
) -> None:
    assert message in failure_reason(published, from_s3=True, **changes)


@pytest.mark.parametrize(("changes", "message"), BAD_PARAMETERS)
def test_service_catalog_error_explains_a_bad_parameter(
    published: Published, changes: dict[str, str], message: str
) -> None:
    before = everything(published.aws)
    try:
        found = failure_reason(published, from_s3=False, **changes)
    except published.user.client("sagemaker").exceptions.ClientError as rejected:
        # Service Catalog checks patterns before it creates a project.
        found = str(rejected)
    assert message in found
    assert everything(published.aws) == before


@pytest.mark.parametrize(
    ("sid", "message"),
    [
        ("Queues", "is not authorized to perform: sqs:CreateQueue"),
        ("Alarms", "is not authorized to perform: cloudwatch:PutMetricAlarm"),
        ("Functions", "is not authorized to perform: lambda:TagResource"),
    ],
)
def test_error_names_a_missing_permission(published: Published, sid: str, message: str) -> None:
    original = remove_statement(published.aws, published.outputs["FSIngestionProductPolicyArn"], sid)
    try:
        assert message in failure_reason(published, from_s3=False)
    finally:
        restore_policy(published.aws, original)


def remove_statement(aws: LocalAws, policy: str, sid: str) -> dict[str, str]:
    """Removes a statement from a policy. Returns the original policy."""
    iam = aws.client("iam")
    version = iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]
    left = [statement for statement in document["Statement"] if statement["Sid"] != sid]
    assert len(left) == len(document["Statement"]) - 1
    changed = json.dumps({**document, "Statement": left})
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=changed, SetAsDefault=True)
    return {"PolicyArn": policy, "PolicyDocument": json.dumps(document)}


def restore_policy(aws: LocalAws, policy: dict[str, str]) -> None:
    """Restores the original policy, and deletes its other versions."""
    iam = aws.client("iam")
    iam.create_policy_version(**policy, SetAsDefault=True)
    versions = iam.list_policy_versions(PolicyArn=policy["PolicyArn"])["Versions"]
    for version in versions:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version["VersionId"])


def test_launch_fails_if_the_code_lacks_the_provisioning_tag(published: Published) -> None:
    """AWS's policy lets the launch role read objects with this tag, in any bucket."""
    s3 = published.aws.client("s3")
    listed = s3.list_objects_v2(
        Bucket=STAGING_BUCKET, Prefix="amazon-sagemaker-reusable-components/start-pipeline/"
    )
    code = {"Bucket": STAGING_BUCKET, "Key": listed["Contents"][0]["Key"]}
    tags = s3.get_object_tagging(**code)["TagSet"]
    s3.delete_object_tagging(**code)
    try:
        message = failure_reason(published, from_s3=False)
    finally:
        s3.put_object_tagging(**code, Tagging={"TagSet": tags})
    assert "is not authorized to perform: s3:GetObject" in message
    assert "StartPipeline" in message


def test_error_names_a_role_that_the_launch_role_cannot_pass(published: Published) -> None:
    # Only the S3 template route allows this role name.
    role = "arn:aws:iam::000000000000:role/service-role/AmazonSageMakerProjectsOwn"
    message = failure_reason(published, from_s3=False, LambdaExecutionRole=role)
    assert f"is not authorized to perform: iam:PassRole on resource: {role}" in message


def test_rejects_a_duplicate_project_name_and_keeps_the_first_project(published: Published) -> None:
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


def test_second_portfolio_cannot_reuse_the_roles_of_the_first(published: Published) -> None:
    before = everything(published.aws)
    second = "STACK_NAME=second"
    variables = (f"S3_BUCKET_NAME={STAGING_BUCKET}", "SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=" + role_arn(published))
    rejected = published.platform.make("deploy", second, *variables)
    assert rejected.returncode != 0
    assert re.search(
        r"identifier 'AmazonSageMakerServiceCatalogProductsFs-\w+-us-east-1' already exists", rejected.stdout
    ), rejected.stdout
    assert "hint: " in rejected.stdout
    assert everything(published.aws) - before == {"stack second (ROLLBACK_COMPLETE)"}
    output_of(published.platform.make("delete", second))
    assert everything(published.aws) == before


def role_arn(published: Published) -> str:
    """Returns the ARN of the portfolio's principal."""
    name = published.outputs["AmazonSageMakerExecutionRoleName"]
    return str(published.aws.client("iam").get_role(RoleName=name)["Role"]["Arn"])


def test_only_principals_of_the_portfolio_can_provision(published: Published) -> None:
    aws, (product, version) = published.aws, published.studio.offered_product()
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
        "ProvisioningParameters": form_values(FORM),
    }
    with pytest.raises(sagemaker.exceptions.ClientError, match="No launch paths found"):
        sagemaker.create_project(ProjectName=NAME, ServiceCatalogProvisioningDetails=form)
    assert everything(aws) - before == {"user stranger"}
    iam.delete_access_key(UserName="stranger", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="stranger", PolicyName="all")
    iam.delete_user(UserName="stranger")
