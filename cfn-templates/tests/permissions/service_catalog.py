"""What Service Catalog itself asks for under the launch role, beside what CloudFormation does."""

from collections.abc import Sequence

from permissions.needs import STAGED
from permissions.requests import Request
from resolve import Stack

# "AWS Service Catalog Launch Constraints" in its administrator guide lists these for every launch role; its
# SetStackPolicy is left out, because AWS's own launch role may not do it.
_ON_STACK: Sequence[str] = (
    "cloudformation:CreateStack",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:UpdateStack",
)
_ANYWHERE: Sequence[str] = ("cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate")


def requests(stack: Stack, template: str) -> list[Request]:
    """Its requests for a stack, and for the object that holds its template, by ARN."""
    here = stack.environment
    arn = f"arn:{here.partition}:cloudformation:{here.region}:{here.account}:stack/{here.stack_name}/8a6f3c80"
    return [
        *(Request.of(action, arn, "Service Catalog") for action in _ON_STACK),
        *(Request.of(action, "*", "Service Catalog") for action in _ANYWHERE),
        Request.of("s3:GetObject", template, "Service Catalog", dict([STAGED])),
    ]
