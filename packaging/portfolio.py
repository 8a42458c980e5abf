"""`make deploy`, `attach-policies`, `detach-policies` and `delete`: the portfolio's stack, by the AWS CLI.

    python packaging/portfolio.py deploy --bucket my-bucket --principal arn:aws:iam::123456789012:role/...

Each command that is run is shown first. All can be run again.
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

# A path has up to four levels; deeper ones CloudFormation's functions could not take apart.
ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/([!-.0-~]+/){0,4}[\w+=,.@-]{1,64}", re.ASCII)
# The largest template that CloudFormation takes in a request, in bytes; larger ones pass through S3.
INLINE: Final = 51_200
# In these a stack can only be deleted.
DEAD: Final = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}


def main() -> None:
    """Read the command line and do as it says."""
    parser = argparse.ArgumentParser(description="Deploy the portfolio that was packaged.")
    parser.add_argument("--stack", default=PORTFOLIO_STACK, help="name of the stack")
    commands = parser.add_subparsers(required=True)
    deploying = commands.add_parser("deploy")
    deploying.add_argument("--bucket", default="")
    deploying.add_argument("--principal", default="")
    deploying.add_argument("--parameters", default="", help="further ones: 'Name=value Name=value'")
    deploying.set_defaults(command=deploy)
    for name, function in {"attach": attach, "detach": detach, "delete": delete}.items():
        commands.add_parser(name).set_defaults(command=function)
    options = parser.parse_args()
    command: Callable[[argparse.Namespace], None] = options.command
    command(options)


def deploy(options: argparse.Namespace) -> None:
    """Make the stack of the staged template, or bring it up to date."""
    parameters = given(options.parameters)
    present = stack.find(options.stack)
    if options.principal:
        parameters["SCPortfolioPrincipalRoleArn"] = role_arn(options.principal)
    elif present is None and "SCPortfolioPrincipalRoleArn" not in parameters:
        raise PackagingError(
            "SC_PORTFOLIO_PRINCIPAL_ROLE_ARN is not set.",
            "give the SageMaker execution role of the Studio users: "
            "SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=arn:aws:iam::<account>:role/<path>/<name>",
        )
    if present is not None and present.status in DEAD:
        raise PackagingError(
            f"Stack {options.stack} is {present.status}: CloudFormation cannot update it any more.",
            "make delete, and then make deploy again",
        )
    bucket = options.bucket or (present.parameters.get("StagingBucketName", "") if present else "")
    check_bucket_name(bucket)
    with tempfile.TemporaryDirectory() as folder:
        template = fetch(bucket, Path(folder))
        # A stack keeps its parameters' values when it is updated, and these are another bucket's then.
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
            hint = f"aws cloudformation describe-stack-events --stack-name {options.stack} says what failed"
            failed = stack.failures(options.stack)
            if not failed:
                raise error.told(hint) from error
            listed = "\n".join(f"  {line}" for line in failed)
            raise PackagingError(f"Stack {options.stack} could not be deployed:\n{listed}", hint) from error
    deployed = stack.get(options.stack)
    print(f"Stack {deployed.name} is {deployed.status}:")
    for name, value in sorted(deployed.outputs.items()):
        print(f"  {name:<38} {value}")
    print("\nLet the launch role and Studio's role use it with\n\n  make attach-policies")


def given(text: str) -> dict[str, str]:
    """`Name=value Name=value`, as a shell splits it."""
    try:
        pairs = [word.partition("=") for word in shlex.split(text)]
    except ValueError as error:
        raise PackagingError(
            f"PARAMETERS cannot be read: {error}.", "PARAMETERS='Name=value Name=value'"
        ) from error
    for name, sign, _value in pairs:
        if not sign or not name.isalnum():
            raise PackagingError(
                f"PARAMETERS holds `{name}`, which is not Name=value.",
                "PARAMETERS='DataBucketArns=arn:aws:s3:::my-bucket'",
            )
    return {name: value for name, _sign, value in pairs}


def role_arn(arn: str) -> str:
    """The ARN, if it is that of a role."""
    if not ROLE.fullmatch(arn):
        assumed = re.fullmatch(r"arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([^/]+)/.*", arn)
        hint = "arn:aws:iam::<account>:role/<name>, with a path of up to four levels: role/<path>/<name>"
        if assumed:
            hint = f"that is a session of it; aws iam get-role --role-name {assumed[3]} says the role's ARN"
        raise PackagingError(f"SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=`{arn[:200]}` is not the ARN of a role.", hint)
    return arn


def fetch(bucket: str, folder: Path) -> Path:
    """The staged template, from a bucket of this account only."""
    template = folder / "sm-project-sc-portfolio.yaml"
    mine = ("--expected-bucket-owner", account())
    try:
        aws("s3api", "get-object", "--bucket", bucket, "--key", PORTFOLIO_KEY, *mine, str(template))
    except AwsCliError as error:
        if error.has("NoSuchKey", "NoSuchBucket"):
            raise PackagingError(
                f"There is no s3://{bucket}/{PORTFOLIO_KEY}.", f"make package S3_BUCKET_NAME={bucket}"
            ) from error
        raise error.told(
            f"see whether {bucket} is this account's and region's, and the caller may read it"
        ) from error
    return template


def policies(deployed: Stack) -> list[tuple[str, str]]:
    """Roles' names, and the ARN of the policy that each needs."""
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
    """Give both roles what they need beside what they have."""
    for role, policy in policies(stack.get(options.stack)):
        try:
            aws("iam", "attach-role-policy", "--role-name", role, "--policy-arn", policy)
        except AwsCliError as error:
            raise error.told(attach_hint(error, role)) from error
        print(f"{role} has {policy}")


def attach_hint(error: AwsCliError, role: str) -> str:
    """What to do about a policy that could not be attached."""
    if error.has("NoSuchEntity"):
        return (
            f"there is no role {role} yet: SageMaker makes the launch role when projects are turned "
            f"on for a Studio "
            "domain (console: SageMaker AI, the domain, Environment, Projects); then run this again"
        )
    if error.has("LimitExceeded"):
        return f"{role} has as many policies as a role may have: detach one, or ask for a higher quota"
    return "the caller needs iam:AttachRolePolicy on the role"


def detach(options: argparse.Namespace) -> None:
    """Take from both roles what `attach` gave them."""
    detach_all(stack.get(options.stack))


def detach_all(deployed: Stack) -> None:
    """The policies of this stack, from the roles that `attach` gave them to."""
    for role, policy in policies(deployed):
        try:
            aws("iam", "detach-role-policy", "--role-name", role, "--policy-arn", policy)
        except AwsCliError as error:
            if not error.has("NoSuchEntity"):
                raise error.told("the caller needs iam:DetachRolePolicy on the role") from error
            print(f"{role} did not have {policy}")
        else:
            print(f"{role} no longer has {policy}")


def delete(options: argparse.Namespace) -> None:
    """Delete the stack, unless projects live on what it made."""
    present = stack.find(options.stack)
    if present is None:
        print(f"There is no stack {options.stack}; nothing to delete.")
        return
    living = stack.living_projects(present)
    if living:
        listed = "\n".join(f"  {project}" for project in living)
        raise PackagingError(
            f"Projects live on what stack {options.stack} made; nothing was deleted:\n{listed}",
            "delete them first: aws sagemaker delete-project --project-name <name>, or in Studio",
        )
    if "FSIngestionProductPolicyArn" in present.outputs:
        mine = policies(present)
        # The stack's own launch role goes with the stack.
        roles = {
            present.outputs.get("ProjectsLaunchRoleArn", "").rpartition("/")[2],
            *(role for role, _ in mine),
        }
        others = stack.other_holders(roles, [policy for _, policy in mine])
        if others:
            raise PackagingError(
                "The stack's policies are attached elsewhere too; nothing was deleted:\n"
                + "\n".join(f"  {line}" for line in others),
                "detach them there first (aws iam detach-role-policy), then run this again",
            )
        detach_all(present)
    try:
        aws("cloudformation", "delete-stack", "--stack-name", options.stack)
        aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", options.stack, takes_long=True)
    except AwsCliError as error:
        raise error.told(
            f"aws cloudformation describe-stack-events --stack-name {options.stack} says which "
            f"resource stays; "
            "then run this again"
        ) from error
    print(f"Stack {options.stack} is deleted. What `make package` staged stays:")
    print(f"  aws s3 rm --recursive s3://<bucket>/{PREFIX} removes it")


if __name__ == "__main__":
    sys.exit(run(main))
