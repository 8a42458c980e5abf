"""`make deploy`, `attach-policies`, `detach-policies` and `delete`: manage the portfolio's stack.

    python packaging/portfolio.py deploy --bucket my-bucket --principal arn:aws:iam::123456789012:role/...

Runs AWS CLI commands, and prints each one first. Every command can be run again.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import stack
from awscli import AwsCliError, account, aws
from stack import Stack
from staging.errors import PackagingError, run
from staging.place import PORTFOLIO_KEY, PORTFOLIO_STACK, PREFIX, check_bucket_name
from staging.templates import parameter_default

# The template's functions can split paths of up to four levels.
ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/([!-.0-~]+/){0,4}[\w+=,.@-]{1,64}", re.ASCII)
# The largest template that CloudFormation accepts in a request, in bytes. Larger ones go through S3.
INLINE: Final = 51_200
# A stack with one of these statuses can only be deleted.
DEAD: Final = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description="Deploys the packaged portfolio.")
    parser.add_argument("--stack", default=PORTFOLIO_STACK, help="the stack's name")
    commands = parser.add_subparsers(required=True)
    deploying = commands.add_parser("deploy")
    deploying.add_argument("--bucket", default="")
    deploying.add_argument("--principal", default="")
    deploying.add_argument("--parameters", default="", help="additional parameters: 'Name=value Name=value'")
    deploying.set_defaults(command=deploy)
    for name, function in {"attach": attach, "detach": detach, "delete": delete}.items():
        commands.add_parser(name).set_defaults(command=function)
    options = parser.parse_args()
    command: Callable[[argparse.Namespace], None] = options.command
    command(options)


def deploy(options: argparse.Namespace) -> None:
    """Creates or updates the stack from the staged template."""
    parameters = given(options.parameters)
    present = stack.find(options.stack)
    if options.principal:
        parameters["SCPortfolioPrincipalRoleArn"] = role_arn(options.principal)
    elif present is None and "SCPortfolioPrincipalRoleArn" not in parameters:
        raise PackagingError(
            "SC_PORTFOLIO_PRINCIPAL_ROLE_ARN is not set.",
            "set it to the SageMaker execution role of the Studio users: "
            "SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=arn:aws:iam::<account>:role/<path>/<name>",
        )
    if present is not None and present.status in DEAD:
        raise PackagingError(
            f"Stack {options.stack} is {present.status}: CloudFormation can no longer update it.",
            "run make delete, then make deploy",
        )
    bucket = options.bucket or (present.parameters.get("StagingBucketName", "") if present else "")
    check_bucket_name(bucket)
    with tempfile.TemporaryDirectory() as folder:
        template = fetch(bucket, Path(folder))
        # An updated stack keeps its parameters' values, which may name another bucket.
        for name in ("StagingBucketName", "StagingPrefix"):
            parameters[name] = parameter_default(template, name)
        command = ["cloudformation", "deploy", "--stack-name", options.stack]
        command += ["--template-file", str(template)]
        if template.stat().st_size > INLINE:
            command += ["--s3-bucket", bucket, "--s3-prefix", f"{PREFIX}deployed"]
        command += ["--capabilities", "CAPABILITY_NAMED_IAM", "--no-fail-on-empty-changeset"]
        command += [
            "--parameter-overrides",
            *(f"{name}={value}" for name, value in sorted(parameters.items())),
        ]
        try:
            aws(*command, takes_long=True)
        except AwsCliError as error:
            hint = f"aws cloudformation describe-stack-events --stack-name {options.stack} shows what failed"
            failed = stack.failures(options.stack)
            if not failed:
                raise error.with_hint(hint) from error
            listed = "\n".join(f"  {line}" for line in failed)
            raise PackagingError(f"Stack {options.stack} could not be deployed:\n{listed}", hint) from error
    deployed = stack.get(options.stack)
    print(f"Stack {deployed.name} is {deployed.status}:")
    for name, value in sorted(deployed.outputs.items()):
        print(f"  {name:<38} {value}")
    print("\nAttach the policies to the launch role and Studio's role with:\n\n  make attach-policies")


def given(text: str) -> dict[str, str]:
    """Parses `Name=value Name=value`, split like a shell does."""
    try:
        pairs = [word.partition("=") for word in shlex.split(text)]
    except ValueError as error:
        raise PackagingError(
            f"PARAMETERS cannot be parsed: {error}.", "PARAMETERS='Name=value Name=value'"
        ) from error
    for name, sign, _value in pairs:
        if not sign or not name.isalnum():
            raise PackagingError(
                f"PARAMETERS contains `{name}`, which is not Name=value.",
                "PARAMETERS='DataBucketArns=arn:aws:s3:::my-bucket'",
            )
    return {name: value for name, _sign, value in pairs}


def role_arn(arn: str) -> str:
    """Returns the ARN if it is a role's ARN. Raises an error otherwise."""
    if not ROLE.fullmatch(arn):
        assumed = re.fullmatch(r"arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([^/]+)/.*", arn)
        hint = "arn:aws:iam::<account>:role/<name>, with a path of up to four levels: role/<path>/<name>"
        if assumed:
            hint = f"this is a role session; aws iam get-role --role-name {assumed[3]} shows the role's ARN"
        raise PackagingError(f"SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=`{arn[:200]}` is not the ARN of a role.", hint)
    return arn


def fetch(bucket: str, folder: Path) -> Path:
    """Downloads the staged template. The bucket must be in this account."""
    template = folder / "sm-project-sc-portfolio.yaml"
    owner = ("--expected-bucket-owner", account())
    try:
        aws("s3api", "get-object", "--bucket", bucket, "--key", PORTFOLIO_KEY, *owner, str(template))
    except AwsCliError as error:
        if error.has("NoSuchKey", "NoSuchBucket"):
            raise PackagingError(
                f"There is no s3://{bucket}/{PORTFOLIO_KEY}.", f"make package S3_BUCKET_NAME={bucket}"
            ) from error
        raise error.with_hint(
            f"check that {bucket} is in this account and region, and that the caller may read it"
        ) from error
    return template


def policies(deployed: Stack) -> list[tuple[str, str]]:
    """The role names, each with the ARN of the policy that it needs."""
    return [
        (
            deployed.output("ProductLaunchRoleArn").rpartition("/")[2],
            deployed.output("FSIngestionProductPolicyArn"),
        ),
        (
            deployed.output("AmazonSageMakerExecutionRoleName"),
            deployed.output("AmazonSageMakerExecutionRolePolicyArn"),
        ),
    ]


def attach(options: argparse.Namespace) -> None:
    """Attaches the policies to both roles."""
    for role, policy in policies(stack.get(options.stack)):
        try:
            aws("iam", "attach-role-policy", "--role-name", role, "--policy-arn", policy)
        except AwsCliError as error:
            raise error.with_hint(attach_hint(error, role)) from error
        print(f"{role} has {policy}")


def attach_hint(error: AwsCliError, role: str) -> str:
    """The hint for a policy that could not be attached."""
    if error.has("NoSuchEntity"):
        return (
            f"role {role} does not exist yet. SageMaker creates the launch role when projects are turned on "
            "for a Studio domain (console: SageMaker AI, the domain, Environment, Projects). Turn them on, "
            "then run this again"
        )
    if error.has("LimitExceeded"):
        return f"{role} has reached the quota for policies: detach one, or request a quota increase"
    return "the caller needs iam:AttachRolePolicy on the role"


def detach(options: argparse.Namespace) -> None:
    """Detaches the policies from both roles."""
    detach_all(stack.get(options.stack))


def detach_all(deployed: Stack) -> None:
    """Detaches the stack's policies from the roles of `attach`."""
    for role, policy in policies(deployed):
        try:
            aws("iam", "detach-role-policy", "--role-name", role, "--policy-arn", policy)
        except AwsCliError as error:
            if not error.has("NoSuchEntity"):
                raise error.with_hint("the caller needs iam:DetachRolePolicy on the role") from error
            print(f"{role} did not have {policy}")
        else:
            print(f"{role} no longer has {policy}")


def delete(options: argparse.Namespace) -> None:
    """Deletes the stack, unless projects use its resources."""
    present = stack.find(options.stack)
    if present is None:
        print(f"There is no stack {options.stack}; nothing to delete.")
        return
    active = stack.active_projects(present)
    if active:
        listed = "\n".join(f"  {project}" for project in active)
        raise PackagingError(
            f"Projects use the resources of stack {options.stack}. Nothing was deleted:\n{listed}",
            "delete them first: aws sagemaker delete-project --project-name <name>, or in Studio",
        )
    if "FSIngestionProductPolicyArn" in present.outputs:
        own_policies = policies(present)
        # The stack's own launch role goes with the stack.
        roles = {
            present.outputs.get("ProjectsLaunchRoleArn", "").rpartition("/")[2],
            *(role for role, _ in own_policies),
        }
        others = stack.other_holders(roles, [policy for _, policy in own_policies])
        if others:
            raise PackagingError(
                "The stack's policies are also attached to other entities. Nothing was deleted:\n"
                + "\n".join(f"  {line}" for line in others),
                "detach them first (aws iam detach-role-policy), then run this again",
            )
        detach_all(present)
    try:
        aws("cloudformation", "delete-stack", "--stack-name", options.stack)
        aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", options.stack, takes_long=True)
    except AwsCliError as error:
        raise error.with_hint(
            f"aws cloudformation describe-stack-events --stack-name {options.stack} shows which resource "
            "could not be deleted; then run this again"
        ) from error
    print(f"Stack {options.stack} is deleted. The objects staged by `make package` remain. Remove them with:")
    print(f"  aws s3 rm --recursive s3://<bucket>/{PREFIX}")


if __name__ == "__main__":
    sys.exit(run(main))
