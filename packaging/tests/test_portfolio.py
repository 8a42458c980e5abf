"""`make deploy`, `attach-policies`, `detach-policies` and `delete`: the AWS CLI commands that they run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from commands import Answers, Shell, service_error

from conftest import REPOSITORY
from staging.place import PORTFOLIO_KEY, Place
from staging.templates import portfolio
from staging.versions import Version

PRINCIPAL = "arn:aws:iam::123456789012:role/service-role/AmazonSageMaker-ExecutionRole-1"
LAUNCH_ROLE = "AmazonSageMakerServiceCatalogProductsLaunchRole"
OUTPUTS = {
    "ProductId": "prod-1",
    "FSIngestionProductPolicyArn": "arn:aws:iam::123456789012:policy/product",
    "ProductLaunchRoleArn": f"arn:aws:iam::123456789012:role/service-role/{LAUNCH_ROLE}",
    "AmazonSageMakerExecutionRolePolicyArn": "arn:aws:iam::123456789012:policy/execution",
    "AmazonSageMakerExecutionRoleName": "AmazonSageMaker-ExecutionRole-1",
    "ProjectsLaunchRoleArn": "arn:aws:iam::123456789012:role/service-role/AmazonSageMakerProjectsLaunchRole",
}
NO_STACK = service_error(
    "DescribeStacks", "ValidationError", "Stack with id sm-project-sc-portfolio does not exist"
)
NO_ENTITY = service_error("AttachRolePolicy", "NoSuchEntity", "The role cannot be found")
CHANGING = {"deploy", "attach-role-policy", "detach-role-policy", "delete-stack"}


def described(status: str = "CREATE_COMPLETE", **outputs: str) -> Answers:
    """The response of describe-stacks."""
    given = OUTPUTS | outputs
    stack = {
        "StackStatus": status,
        "Parameters": [{"ParameterKey": "StagingBucketName", "ParameterValue": "former-bucket"}],
        "Outputs": [{"OutputKey": name, "OutputValue": value} for name, value in given.items()],
    }
    return {"out": {"Stacks": [stack]}}


def holders(*roles: str) -> Answers:
    """The response of list-entities-for-policy."""
    entities = {"PolicyRoles": [{"RoleName": role} for role in roles], "PolicyUsers": [], "PolicyGroups": []}
    return {"out": entities}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A staged template."""
    place = Place("my-bucket", "eu-west-1")
    versions = [Version("1", place.url("a.yaml"))]
    path = tmp_path / "staged.yaml"
    path.write_bytes(portfolio(REPOSITORY / "cfn-templates/sm-project-sc-portfolio.yaml", place, versions))
    return path


@pytest.fixture
def shell(tmp_path: Path, template: Path) -> Shell:
    """A shell with a stack, staged templates and no projects."""
    shell = Shell(tmp_path / "shell")
    shell.answers = {
        "sts get-caller-identity": {"out": {"Account": "123456789012"}},
        "s3api get-object": {"file": str(template)},
        "cloudformation deploy": {},
        "cloudformation describe-stacks": described(),
        "cloudformation delete-stack": {},
        "cloudformation wait": {},
        "iam attach-role-policy": {},
        "iam detach-role-policy": {},
        "iam list-entities-for-policy": [
            holders(LAUNCH_ROLE, "AmazonSageMakerProjectsLaunchRole"),
            holders(),
        ],
        "servicecatalog search-provisioned-products": {"out": {"ProvisionedProducts": []}},
        "sagemaker list-projects": {"out": {"ProjectSummaryList": []}},
    }
    return shell


def overrides(call: list[str]) -> list[str]:
    return call[call.index("--parameter-overrides") + 1 :]


@pytest.mark.parametrize("first", [True, False])
def test_deploys_stack_from_staged_template(shell: Shell, first: bool) -> None:
    if first:
        shell.answers["cloudformation describe-stacks"] = [NO_STACK, described()]
    done = shell.run("portfolio.py", "deploy", "--bucket", "my-bucket", "--principal", PRINCIPAL)
    assert done.returncode == 0, done.stderr
    [deployed] = shell.calls("deploy")
    assert deployed[:4] == ["cloudformation", "deploy", "--stack-name", "sm-project-sc-portfolio"]
    assert "--no-fail-on-empty-changeset" in deployed
    assert deployed[deployed.index("--capabilities") + 1] == "CAPABILITY_NAMED_IAM"
    assert overrides(deployed) == [
        f"SCPortfolioPrincipalRoleArn={PRINCIPAL}",
        "StagingBucketName=my-bucket",
        "StagingPrefix=amazon-sagemaker-reusable-components/",
    ]
    assert "ProductId" in done.stdout
    assert "make attach-policies" in done.stdout


def test_downloads_template_only_from_own_bucket(shell: Shell) -> None:
    shell.run("portfolio.py", "deploy", "--bucket", "my-bucket")
    [fetched] = shell.calls("get-object")
    assert fetched[fetched.index("--key") + 1] == PORTFOLIO_KEY
    assert fetched[fetched.index("--expected-bucket-owner") + 1] == "123456789012"


def test_update_keeps_parameters(shell: Shell) -> None:
    done = shell.run("portfolio.py", "deploy")
    assert done.returncode == 0, done.stderr
    [fetched] = shell.calls("get-object")
    assert fetched[fetched.index("--bucket") + 1] == "former-bucket"
    [deployed] = shell.calls("deploy")
    assert not [value for value in overrides(deployed) if value.startswith("SCPortfolio")]


def test_passes_additional_parameters(shell: Shell) -> None:
    further = "DataBucketArns=arn:aws:s3:::a,arn:aws:s3:::b ProjectsLaunchRoleName='x y'"
    shell.run("portfolio.py", "deploy", "--bucket", "my-bucket", "--parameters", further)
    [deployed] = shell.calls("deploy")
    assert "DataBucketArns=arn:aws:s3:::a,arn:aws:s3:::b" in overrides(deployed)
    assert "ProjectsLaunchRoleName=x y" in overrides(deployed)


def test_uploads_large_template_to_the_bucket(shell: Shell, template: Path) -> None:
    shell.run("portfolio.py", "deploy", "--bucket", "my-bucket")
    assert "--s3-bucket" not in shell.calls("deploy")[0]
    template.write_bytes(template.read_bytes() + b"#" * 52_000)
    shell.run("portfolio.py", "deploy", "--bucket", "my-bucket")
    [deployed] = shell.calls("deploy")
    assert deployed[deployed.index("--s3-bucket") + 1] == "my-bucket"


@pytest.mark.parametrize("path", ["", "service-role/", "a/b/", "a/b/c/", "a/b/c/d/"])
def test_accepts_roles_with_up_to_four_path_levels(shell: Shell, path: str) -> None:
    arn = f"arn:aws-us-gov:iam::123456789012:role/{path}Role+=,.@-_1"
    done = shell.run("portfolio.py", "deploy", "--bucket", "my-bucket", "--principal", arn)
    assert done.returncode == 0, done.stderr
    assert f"SCPortfolioPrincipalRoleArn={arn}" in overrides(shell.calls("deploy")[0])


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("Role", "arn:aws:iam::<account>:role/"),
        ("arn:aws:iam::123456789012:user/me", "arn:aws:iam::<account>:role/"),
        ("arn:aws:iam::123456789012:role/a/b/c/d/e/Role", "up to four levels"),
        ("arn:aws:iam::123456789012:role/역할", "arn:aws:iam::<account>:role/"),
        ("arn:aws:sts::123456789012:assumed-role/Role/me", "get-role --role-name Role"),
        ("arn:aws:iam::123456789012:role/" + "a" * 65, "arn:aws:iam::<account>:role/"),
        (f"{PRINCIPAL}\n", "arn:aws:iam::<account>:role/"),
    ],
)
def test_rejects_invalid_role_before_any_change(shell: Shell, arn: str, expected: str) -> None:
    refused = shell.run("portfolio.py", "deploy", "--bucket", "my-bucket", "--principal", arn)
    assert refused.returncode == 1
    assert expected in refused.stderr.rpartition("hint: ")[2]
    assert shell.calls(*CHANGING) == []


@pytest.mark.parametrize(
    ("arguments", "answers", "expected"),
    [
        ([], {"cloudformation describe-stacks": NO_STACK}, "SC_PORTFOLIO_PRINCIPAL_ROLE_ARN is not set"),
        (
            ["--principal", PRINCIPAL],
            {"cloudformation describe-stacks": NO_STACK},
            "S3_BUCKET_NAME is not set",
        ),
        (["--bucket", "My Bucket"], {}, "is not a valid bucket name"),
        (["--parameters", "novalue"], {}, "not Name=value"),
        (["--parameters", "'unclosed"], {}, "PARAMETERS cannot be parsed"),
        ([], {"cloudformation describe-stacks": described("ROLLBACK_COMPLETE")}, "is ROLLBACK_COMPLETE"),
        (
            [],
            {"s3api get-object": service_error("GetObject", "NoSuchKey")},
            "There is no s3://former-bucket/",
        ),
        ([], {"s3api get-object": service_error("GetObject", "AccessDenied")}, "AccessDenied"),
        (
            [],
            {"cloudformation describe-stacks": service_error("DescribeStacks", "AccessDenied")},
            "AccessDenied",
        ),
        (
            [],
            {"sts get-caller-identity": {"error": "Unable to locate credentials."}},
            "Unable to locate credentials",
        ),
    ],
)
def test_failed_deploy_changes_nothing_and_gives_hint(
    shell: Shell, arguments: list[str], answers: Answers, expected: str
) -> None:
    shell.answers |= answers
    refused = shell.run("portfolio.py", "deploy", *arguments)
    assert refused.returncode == 1
    assert expected in refused.stderr
    assert "hint: " in refused.stderr
    assert "Traceback" not in refused.stderr
    assert shell.calls(*CHANGING) == []


def test_failed_deployment_names_resource_and_reason(shell: Shell) -> None:
    def event(name: str, status: str, reason: str, kind: str = "AWS::IAM::Role") -> Answers:
        details = {"ResourceStatus": status, "ResourceStatusReason": reason}
        return {"LogicalResourceId": name, "ResourceType": kind, **details}

    stack = "AWS::CloudFormation::Stack"
    events = [
        event("JobRole", "CREATE_FAILED", "Resource creation cancelled"),
        event("LambdaRole", "CREATE_FAILED", "it exists already"),
        event("sm-project-sc-portfolio", "CREATE_IN_PROGRESS", "User Initiated", stack),
        event("BuildRole", "CREATE_FAILED", "of an earlier operation"),
    ]
    shell.answers["cloudformation deploy"] = {"error": "Failed to create/update the stack."}
    shell.answers["cloudformation describe-stack-events"] = {"out": {"StackEvents": events}}
    refused = shell.run("portfolio.py", "deploy")
    assert refused.returncode == 1
    expected = "Stack sm-project-sc-portfolio could not be deployed:\n  LambdaRole: it exists already\nhint: "
    assert expected in refused.stderr


def test_failed_deployment_without_events_gives_hint(shell: Shell) -> None:
    shell.answers["cloudformation deploy"] = {"error": "Failed to create/update the stack."}
    refused = shell.run("portfolio.py", "deploy")
    assert refused.returncode == 1
    assert "describe-stack-events --stack-name sm-project-sc-portfolio" in refused.stderr


@pytest.mark.parametrize("command", ["deploy", "attach", "detach", "delete"])
def test_prints_every_command(shell: Shell, command: str) -> None:
    done = shell.run("portfolio.py", command)
    shown = [shlex.split(line[2:])[1:] for line in done.stderr.splitlines() if line.startswith("$ ")]
    assert shown == shell.calls()
    assert len(shown) >= 3


@pytest.mark.parametrize("command", ["attach", "detach"])
def test_attaches_and_detaches_both_policies(shell: Shell, command: str) -> None:
    done = shell.run("portfolio.py", "--stack", "another", command)
    assert done.returncode == 0, done.stderr
    assert shell.calls("describe-stacks")[0][-1] == "another"
    operation = f"{command}-role-policy"
    product = OUTPUTS["FSIngestionProductPolicyArn"]
    execution = OUTPUTS["AmazonSageMakerExecutionRolePolicyArn"]
    assert shell.calls(operation) == [
        ["iam", operation, "--role-name", LAUNCH_ROLE, "--policy-arn", product],
        ["iam", operation, "--role-name", "AmazonSageMaker-ExecutionRole-1", "--policy-arn", execution],
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (NO_ENTITY, "projects are turned on for a Studio domain"),
        (service_error("AttachRolePolicy", "LimitExceeded"), "reached the quota for policies"),
        (service_error("AttachRolePolicy", "AccessDenied"), "iam:AttachRolePolicy"),
    ],
)
def test_failed_attach_gives_hint(shell: Shell, answer: Answers, expected: str) -> None:
    shell.answers["iam attach-role-policy"] = answer
    refused = shell.run("portfolio.py", "attach")
    assert refused.returncode == 1
    assert expected in refused.stderr.rpartition("hint: ")[2]


def test_detach_can_be_repeated(shell: Shell) -> None:
    shell.answers["iam detach-role-policy"] = NO_ENTITY
    done = shell.run("portfolio.py", "detach")
    assert done.returncode == 0
    assert len(shell.calls("detach-role-policy")) == 2


@pytest.mark.parametrize("command", ["attach", "detach"])
def test_missing_stack_gives_hint(shell: Shell, command: str) -> None:
    shell.answers["cloudformation describe-stacks"] = NO_STACK
    refused = shell.run("portfolio.py", command)
    assert refused.returncode == 1
    assert "hint: make deploy" in refused.stderr


def test_delete_detaches_first_and_waits(shell: Shell) -> None:
    done = shell.run("portfolio.py", "delete")
    assert done.returncode == 0, done.stderr
    changes = [call[1] for call in shell.calls("detach-role-policy", "delete-stack", "wait")]
    assert changes == ["detach-role-policy", "detach-role-policy", "delete-stack", "wait"]
    assert "aws s3 rm --recursive" in done.stdout


def test_delete_can_be_repeated(shell: Shell) -> None:
    shell.answers["cloudformation describe-stacks"] = NO_STACK
    done = shell.run("portfolio.py", "delete")
    assert done.returncode == 0
    assert "nothing to delete" in done.stdout
    assert shell.calls(*CHANGING) == []


def project(name: str, status: str = "CreateCompleted") -> dict[str, str]:
    return {"ProjectName": name, "ProjectStatus": status}


@pytest.mark.parametrize(
    ("provisioned", "projects", "descriptions", "expected"),
    [
        (
            [{"Name": "mine", "Id": "pp-1", "Status": "TAINTED"}],
            [],
            [],
            ["provisioned product mine (pp-1, TAINTED)"],
        ),
        (
            [],
            [project("one"), project("two", "DeleteFailed")],
            [{"ServiceCatalogProvisioningDetails": {"ProductId": "prod-1"}}],
            ["SageMaker project one (CreateCompleted)", "SageMaker project two (DeleteFailed)"],
        ),
        (
            [],
            [project("from-s3")],
            [
                {
                    "TemplateProviderDetails": [
                        {
                            "CfnTemplateProviderDetail": {
                                "TemplateURL": Place("b-b", "us-east-1").url(
                                    "amazon-sagemaker-reusable-components/project-s3-fs-ingestion.yaml"
                                )
                            }
                        }
                    ]
                }
            ],
            ["SageMaker project from-s3"],
        ),
    ],
)
def test_delete_rejects_stack_with_projects(
    shell: Shell,
    provisioned: list[dict[str, str]],
    projects: list[dict[str, str]],
    descriptions: list[dict[str, Any]],
    expected: list[str],
) -> None:
    shell.answers["servicecatalog search-provisioned-products"] = {
        "out": {"ProvisionedProducts": provisioned}
    }
    shell.answers["sagemaker list-projects"] = {"out": {"ProjectSummaryList": projects}}
    shell.answers["sagemaker describe-project"] = [{"out": each} for each in descriptions]
    refused = shell.run("portfolio.py", "delete")
    assert refused.returncode == 1
    for line in expected:
        assert line in refused.stderr
    assert "hint: delete them first" in refused.stderr
    assert shell.calls(*CHANGING) == []


def test_delete_ignores_other_and_deleted_projects(shell: Shell) -> None:
    projects = [project("gone", "DeleteCompleted"), project("other"), project("just-deleted")]
    shell.answers["sagemaker list-projects"] = {"out": {"ProjectSummaryList": projects}}
    shell.answers["sagemaker describe-project"] = [
        {"out": {"ServiceCatalogProvisioningDetails": {"ProductId": "prod-other"}}},
        service_error("DescribeProject", "ValidationException", "Project just-deleted does not exist"),
    ]
    done = shell.run("portfolio.py", "delete")
    assert done.returncode == 0, done.stderr
    assert len(shell.calls("delete-stack")) == 1


@pytest.mark.parametrize("command", ["servicecatalog search-provisioned-products", "sagemaker list-projects"])
def test_delete_does_nothing_if_projects_cannot_be_listed(shell: Shell, command: str) -> None:
    shell.answers[command] = service_error("List", "AccessDeniedException")
    refused = shell.run("portfolio.py", "delete")
    assert refused.returncode == 1
    assert "nothing was deleted" in refused.stderr
    assert shell.calls(*CHANGING) == []


def test_delete_rejects_policies_attached_elsewhere(shell: Shell) -> None:
    shell.answers["iam list-entities-for-policy"] = [holders(LAUNCH_ROLE, "another-role"), holders()]
    refused = shell.run("portfolio.py", "delete")
    assert refused.returncode == 1
    assert "policy/product: role another-role" in refused.stderr
    assert shell.calls(*CHANGING) == []


def test_deletes_stack_of_failed_creation(shell: Shell) -> None:
    failed = described("ROLLBACK_COMPLETE")
    failed["out"]["Stacks"][0]["Outputs"] = []
    shell.answers["cloudformation describe-stacks"] = failed
    done = shell.run("portfolio.py", "delete")
    assert done.returncode == 0, done.stderr
    assert [call[1] for call in shell.calls(*CHANGING)] == ["delete-stack"]
