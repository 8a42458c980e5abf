"""What must stay denied.

Beside a list of things that no part of a project may ever do, each need has its neighbours: the same action on a
resource that is not the project's, or under circumstances that are not the project's.
"""

import re
from collections.abc import Iterable, Iterator

from permissions.requests import Request, distinct

OTHER_ACCOUNT = "999988887777"
OTHER_REGION = "ap-south-2"
# Names that begin like the product's, or hold its prefix, but are not the product's.
_FOREIGN_NAMES = ("payroll", "sagemakers-payroll", "my-sagemaker-payroll")
_PRODUCT_NAME = re.compile(r"sagemaker-p-[a-z0-9]+(?:-[a-z0-9]+)*")
_ACCOUNT = "111122223333"


def neighbours(needs: Iterable[Request]) -> list[Request]:
    """What is next to the needs, and nobody's need."""
    needs = list(needs)
    return [canary for canary in distinct(_neighbours(needs)) if canary not in set(needs)]


def _neighbours(needs: Iterable[Request]) -> Iterator[Request]:
    for need in needs:
        for resource in _elsewhere(need.resource):
            yield _renamed(need.on(resource))
        context = dict(need.context)
        if "iam:PassedToService" in context:
            yield _renamed(need.under("iam:PassedToService", "ec2.amazonaws.com"))
        if "lambda:FunctionArn" in context:
            for function in _elsewhere(str(context["lambda:FunctionArn"])):
                yield _renamed(need.under("lambda:FunctionArn", function))
        if "s3:ExistingObjectTag/servicecatalog:provisioning" in context:
            yield _renamed(need.under("s3:ExistingObjectTag/servicecatalog:provisioning", None))


def _renamed(canary: Request) -> Request:
    return Request(canary.action, canary.resource, canary.context, f"like: {canary.purpose}")


def _elsewhere(arn: str) -> Iterator[str]:
    """The ARNs of resources that are not the project's."""
    if arn == "*":
        return
    _, _, service, region, account, _ = arn.split(":", 5)
    for name in _FOREIGN_NAMES:
        foreign = _PRODUCT_NAME.sub(name, arn)
        if foreign != arn:
            yield foreign
    if ":role/" in arn:
        for role in ("role/Admin", "role/service-role/Admin", "role/AmazonSageMakerServiceCatalogProductsFs-Lambda-eu-west-1"):
            yield re.sub("role/.*", role, arn)
    if account:
        yield arn.replace(f":{account}:", f":{OTHER_ACCOUNT}:")
    if region:
        yield arn.replace(f":{region}:", f":{OTHER_REGION}:")
    if service == "s3" and "/" in arn:
        yield re.sub("^(arn:[a-z-]+:s3:::).*$", r"\1payroll/salaries.csv", arn)
