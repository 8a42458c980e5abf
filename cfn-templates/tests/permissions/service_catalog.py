"""Requests of Service Catalog itself under the launch role, in addition to CloudFormation's."""

from collections.abc import Sequence

from permissions.needs import STAGED
from permissions.requests import Request
from resolve import Stack

# From "AWS Service Catalog Launch Constraints" in its administrator guide. SetStackPolicy is omitted,
# because AWS's own launch role lacks it.
_ON_STACK: Sequence[str] = (
    "cloudformation:CreateStack",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:UpdateStack",
)
_ANYWHERE: Sequence[str] = ("cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate")


def requests(stack: Stack, template: str) -> list[Request]:
    """Return the requests for a stack and for its template, given as an object's ARN."""
    here = stack.environment
    arn = f"arn:{here.partition}:cloudformation:{here.region}:{here.account}:stack/{here.stack_name}/8a6f3c80"
    return [
        *(Request.of(action, arn, "Service Catalog") for action in _ON_STACK),
        *(Request.of(action, "*", "Service Catalog") for action in _ANYWHERE),
        Request.of("s3:GetObject", template, "Service Catalog", dict([STAGED])),
    ]
