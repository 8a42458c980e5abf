"""The portfolio's stack, and the projects and entities that use its resources."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from awscli import AwsCliError, aws
from staging.errors import PackagingError
from staging.place import PREFIX

# The reasons of resources that CloudFormation cancelled because another one failed.
_CANCELLED: Final = ("Resource creation cancelled", "Resource update cancelled")


@dataclasses.dataclass(frozen=True)
class Stack:
    """An existing stack."""

    name: str
    status: str
    parameters: dict[str, str]
    outputs: dict[str, str]

    def output(self, name: str) -> str:
        """The output's value."""
        try:
            return self.outputs[name]
        except KeyError:
            raise PackagingError(
                f"Stack {self.name} ({self.status}) has no output {name}.",
                "make deploy, which creates or repairs the stack; STACK_NAME=... if it has another name",
            ) from None


def find(name: str) -> Stack | None:
    """The stack with this name, if it exists."""
    try:
        answer = aws("cloudformation", "describe-stacks", "--stack-name", name)
    except AwsCliError as error:
        if error.has("ValidationError") and "does not exist" in str(error):
            return None
        raise error.with_hint(
            "set AWS_REGION, log in, and check that the caller has cloudformation:DescribeStacks"
        ) from error
    described = answer["Stacks"][0]
    return Stack(
        name,
        described["StackStatus"],
        {given["ParameterKey"]: given["ParameterValue"] for given in described.get("Parameters", [])},
        {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])},
    )


def get(name: str) -> Stack:
    """The stack with this name. Raises an error if it does not exist."""
    stack = find(name)
    if stack is None:
        raise PackagingError(
            f"There is no stack {name} in this account and region.",
            "make deploy SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=...; STACK_NAME=... if it has another name",
        )
    return stack


def failures(name: str) -> list[str]:
    """The failures of the latest operation on a stack, one line each, earliest first."""
    try:
        events = aws("cloudformation", "describe-stack-events", "--stack-name", name)["StackEvents"]
    except AwsCliError:
        return []  # the operation's own error is reported instead
    lines: list[str] = []
    for event in events:
        status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
        if event["ResourceType"] == "AWS::CloudFormation::Stack":
            if reason == "User Initiated":
                break
        elif status.endswith("_FAILED") and not reason.startswith(_CANCELLED):
            lines.insert(0, f"{event['LogicalResourceId']}: {reason}")
    return lines


def active_projects(stack: Stack) -> list[str]:
    """The projects that still use the stack's roles and product, one line each.

    Includes provisioned products, SageMaker projects created from the product, and those created from its
    template in S3.
    """
    product = stack.outputs.get("ProductId")
    try:
        return [*_provisioned(product), *_projects(product)]
    except AwsCliError as error:
        raise error.with_hint(
            "nothing was deleted, because projects may still need the stack's roles; "
            "allow the caller to list projects, then run this again"
        ) from error


def _provisioned(product: str | None) -> list[str]:
    if product is None:
        return []
    answer = aws(
        "servicecatalog",
        "search-provisioned-products",
        "--access-level-filter",
        "Key=Account,Value=self",
        "--filters",
        f"SearchQuery=productId:{product}",
    )
    return [
        f"provisioned product {found['Name']} ({found['Id']}, {found['Status']})"
        for found in answer["ProvisionedProducts"]
    ]


def _projects(product: str | None) -> list[str]:
    active = []
    for summary in aws("sagemaker", "list-projects")["ProjectSummaryList"]:
        if summary["ProjectStatus"] == "DeleteCompleted":
            continue
        name = summary["ProjectName"]
        try:
            project = aws("sagemaker", "describe-project", "--project-name", name)
        except AwsCliError as error:
            if error.has("ResourceNotFound", "ValidationException") and "not" in str(error):
                continue  # deleted since it was listed
            raise
        if _is_ours(project, product):
            active.append(f"SageMaker project {name} ({summary['ProjectStatus']})")
    return active


def _is_ours(project: dict[str, Any], product: str | None) -> bool:
    details = project.get("ServiceCatalogProvisioningDetails", {})
    templates = [
        provider.get("CfnTemplateProviderDetail", {}).get("TemplateURL", "")
        for provider in project.get("TemplateProviderDetails", [])
    ]
    from_s3 = any(f"/{PREFIX}project-s3-fs-ingestion" in template for template in templates)
    return from_s3 or (product is not None and details.get("ProductId") == product)


def other_holders(roles: set[str], policies: list[str]) -> list[str]:
    """The entities other than these roles that have one of the policies attached, one line each."""
    lines = []
    for policy in policies:
        try:
            entities = aws("iam", "list-entities-for-policy", "--policy-arn", policy)
        except AwsCliError as error:
            raise error.with_hint(
                "the caller needs iam:ListEntitiesForPolicy; nothing was deleted"
            ) from error
        holders = [
            ("role", each["RoleName"]) for each in entities["PolicyRoles"] if each["RoleName"] not in roles
        ]
        holders += [("user", each["UserName"]) for each in entities["PolicyUsers"]]
        holders += [("group", each["GroupName"]) for each in entities["PolicyGroups"]]
        lines += [f"{policy}: {kind} {name}" for kind, name in holders]
    return lines
