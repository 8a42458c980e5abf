"""The portfolio's stack: what CloudFormation says of it, and who uses what it made."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from awscli import AwsCliError, aws
from staging.errors import PackagingError
from staging.place import PREFIX

# What CloudFormation says of those that it gave up because another one had failed.
_CANCELLED: Final = ("Resource creation cancelled", "Resource update cancelled")


@dataclasses.dataclass(frozen=True)
class Stack:
    """A stack that exists."""

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
                "make deploy, which makes the stack or mends it; STACK_NAME=... if it has another name",
            ) from None


def find(name: str) -> Stack | None:
    """The stack of this name, if there is one."""
    try:
        answer = aws("cloudformation", "describe-stacks", "--stack-name", name)
    except AwsCliError as error:
        if error.has("ValidationError") and "does not exist" in str(error):
            return None
        raise error.told(
            "export AWS_REGION=..., log in, and see that the caller has cloudformation:DescribeStacks"
        ) from error
    described = answer["Stacks"][0]
    return Stack(
        name,
        described["StackStatus"],
        {given["ParameterKey"]: given["ParameterValue"] for given in described.get("Parameters", [])},
        {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])},
    )


def get(name: str) -> Stack:
    """The stack of this name; an error if there is none."""
    stack = find(name)
    if stack is None:
        raise PackagingError(
            f"There is no stack {name} in this account and region.",
            "make deploy SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=...; STACK_NAME=... if it has another name",
        )
    return stack


def failures(name: str) -> list[str]:
    """What failed in the latest operation on a stack, and why: one line each, the first cause first."""
    try:
        events = aws("cloudformation", "describe-stack-events", "--stack-name", name)["StackEvents"]
    except AwsCliError:
        return []  # what the operation itself said is told then
    lines: list[str] = []
    for event in events:
        status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
        if event["ResourceType"] == "AWS::CloudFormation::Stack":
            if reason == "User Initiated":
                break
        elif status.endswith("_FAILED") and not reason.startswith(_CANCELLED):
            lines.insert(0, f"{event['LogicalResourceId']}: {reason}")
    return lines


def living_projects(stack: Stack) -> list[str]:
    """What still uses the stack's roles and product: one line each.

    Provisioned products, SageMaker projects that were made from the product, and those that were made from
    its template in S3.
    """
    product = stack.outputs.get("ProductId")
    try:
        return [*_provisioned(product), *_projects(product)]
    except AwsCliError as error:
        raise error.told(
            "nothing was deleted, because living projects need the stack's roles; the caller must "
            "be able to list them"
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
    living = []
    for summary in aws("sagemaker", "list-projects")["ProjectSummaryList"]:
        if summary["ProjectStatus"] == "DeleteCompleted":
            continue
        name = summary["ProjectName"]
        try:
            project = aws("sagemaker", "describe-project", "--project-name", name)
        except AwsCliError as error:
            if error.has("ResourceNotFound", "ValidationException") and "not" in str(error):
                continue  # it was deleted since it was listed
            raise
        if _is_ours(project, product):
            living.append(f"SageMaker project {name} ({summary['ProjectStatus']})")
    return living


def _is_ours(project: dict[str, Any], product: str | None) -> bool:
    details = project.get("ServiceCatalogProvisioningDetails", {})
    templates = [
        provider.get("CfnTemplateProviderDetail", {}).get("TemplateURL", "")
        for provider in project.get("TemplateProviderDetails", [])
    ]
    from_s3 = any(f"/{PREFIX}project-s3-fs-ingestion" in template for template in templates)
    return from_s3 or (product is not None and details.get("ProductId") == product)


def other_holders(roles: set[str], policies: list[str]) -> list[str]:
    """Who has one of the policies attached, beside these roles: one line each."""
    lines = []
    for policy in policies:
        try:
            entities = aws("iam", "list-entities-for-policy", "--policy-arn", policy)
        except AwsCliError as error:
            raise error.told("the caller needs iam:ListEntitiesForPolicy; nothing was deleted") from error
        holders = [
            ("role", each["RoleName"]) for each in entities["PolicyRoles"] if each["RoleName"] not in roles
        ]
        holders += [("user", each["UserName"]) for each in entities["PolicyUsers"]]
        holders += [("group", each["GroupName"]) for each in entities["PolicyGroups"]]
        lines += [f"{policy}: {kind} {name}" for kind, name in holders]
    return lines
