"""Requests that must stay denied.

They are a fixed list of forbidden requests, and the neighbours of each need: the same action on a resource
outside the project, or with a context outside the project.
"""

import re
from collections.abc import Iterable, Iterator

from configurations import STAGING_BUCKET
from permissions.needs import CONNECTION_TAG, STAGED
from permissions.requests import Request, Value, distinct

OTHER_ACCOUNT = "999988887777"
OTHER_REGION = "ap-south-2"
# A resource with SageMaker's prefix that belongs to no project. Reading such buckets and stacks is allowed.
_SAGEMAKERS = "sagemaker-payroll"
_OPEN = ("s3:GetObject", "s3:ListBucket", "cloudformation:")
# Names that resemble the product's names, or contain its prefix.
_FOREIGN_NAMES = ("payroll", "sagemakers-payroll", "my-sagemaker-payroll", _SAGEMAKERS)
# Names of the product's resources, and of resources that AWS creates for it.
_PRODUCT_NAMES = (
    re.compile(r"sagemaker-p-[a-z0-9]+(?:-[a-z0-9]+)*"),
    re.compile(r"(?<=:pipeline/)[a-z0-9-]+"),
    re.compile(r"(?<=:processing-job/)[\w-]+"),
    re.compile(r"(?<=:repository/)[\w-]+"),
    re.compile(r"(?<=:log-group:/aws/sagemaker/)\w+"),
    re.compile(r"(?<=:stack/)[\w-]+"),
    re.compile(r"(?<=:subnet/)[\w-]+"),
)
_TAGS = ("aws:RequestTag/", "aws:ResourceTag/sagemaker:", "aws:TagKeys")
_ACCOUNT = "111122223333"
# Values of condition keys that do not belong to the project.
_FOREIGN_VALUES = {
    "cloudwatch:namespace": "AWS/Billing",
    "ec2:Subnet": f"arn:aws:ec2:eu-west-1:{_ACCOUNT}:subnet/subnet-99999999",
    "kms:GrantIsForAWSResource": "false",
    "s3:prefix": "payroll/",
}


def neighbours(needs: Iterable[Request]) -> list[Request]:
    """Return requests that are similar to the needs, but are not needs."""
    needs = set(needs)
    # Of needs that differ only in the project's tags, use the one with the most tags.
    by_tags = sorted(needs, key=lambda need: (str(need), len(need.context)))
    alike = {(need.action, need.resource, _without_tags(need)): need for need in by_tags}
    return [canary for canary in distinct(_neighbours(alike.values())) if canary not in needs]


def _without_tags(need: Request) -> frozenset[tuple[str, Value]]:
    return frozenset((key, value) for key, value in need.context if not key.startswith(_TAGS))


def _neighbours(needs: Iterable[Request]) -> Iterator[Request]:
    for need in needs:
        context = dict(need.context)
        if "lambda:FunctionArn" not in context:
            # The ID of a mapping is random. Its function identifies it.
            for resource in _elsewhere(need.resource):
                if _SAGEMAKERS not in resource or not need.action.startswith(_OPEN):
                    yield _renamed(need.on(resource))
            if f":::{STAGING_BUCKET}/" in need.resource or need.action == "s3:PutObject":
                # In data buckets and projects' buckets, any key is allowed; in other buckets it is not.
                yield _renamed(need.on(re.sub("/.*$", "/payroll/salaries.csv", need.resource)))
        if "iam:PassedToService" in context:
            for service in ("ec2", "codebuild", "codepipeline", "events", "glue", "lambda", "sagemaker"):
                yield _renamed(need.under("iam:PassedToService", f"{service}.amazonaws.com"))
        for key, foreign in _FOREIGN_VALUES.items():
            if key in context:
                yield _renamed(need.under(key, foreign))
        if CONNECTION_TAG in context:
            yield _renamed(need.under(CONNECTION_TAG, None))
        if "lambda:FunctionArn" in context:
            for function in _elsewhere(str(context["lambda:FunctionArn"])):
                yield _renamed(need.under("lambda:FunctionArn", function))
        if STAGED[0] in context:
            for resource in _elsewhere(need.resource):
                yield _renamed(need.on(resource).under(STAGED[0], None))


def _renamed(canary: Request) -> Request:
    return Request(canary.action, canary.resource, canary.context, f"like: {canary.purpose}")


def _elsewhere(arn: str) -> Iterator[str]:
    """Yield ARNs of resources outside the project."""
    if arn == "*":
        return
    _, _, service, region, account, _ = arn.split(":", 5)
    for name in _FOREIGN_NAMES:
        for pattern in _PRODUCT_NAMES:
            foreign = pattern.sub(name, arn)
            if foreign != arn:
                yield foreign
    if ":role/" in arn:
        for role in ("Admin", "service-role/Admin", "AmazonSageMakerProjectsMyTeam"):
            yield re.sub("role/.*", f"role/{role}", arn)
    if account == _ACCOUNT:
        yield arn.replace(f":{account}:", f":{OTHER_ACCOUNT}:")
    if region:
        yield arn.replace(f":{region}:", f":{OTHER_REGION}:")
    if service == "s3":
        yield re.sub("(?<=:::).*$", "payroll/salaries.csv" if "/" in arn else "payroll", arn)


def of_launch(needs: Iterable[Request]) -> list[Request]:
    """Return what no launch role of the product may do."""
    return distinct([*neighbours(needs), *(_hand(action, arn) for action, arn in _LAUNCH)])


def of_role(needs: Iterable[Request]) -> list[Request]:
    """Return what no role of the product's resources may do."""
    needs = list(needs)
    # Bucket names are global: another account could own a bucket with the project's name.
    taken = [
        _renamed(need.under("aws:ResourceAccount", OTHER_ACCOUNT))
        for need in needs
        if ":::sagemaker-" in need.resource
    ]
    return distinct([*neighbours(needs), *taken, *(_hand(action, arn) for action, arn in _ROLES)])


def _hand(action: str, arn: str) -> Request:
    return Request.of(action, arn, "forbidden")


_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/service-role/AmazonSageMakerServiceCatalogProductsFs-Lambda-eu-west-1"
_JOB_ROLE = _ROLE.replace("Lambda", "Job")
_NO_RIGHTS: tuple[tuple[str, str], ...] = (
    # No changes of roles and policies, not even of the product's own.
    *(
        (f"iam:{action}", _ROLE)
        for action in (
            "AttachRolePolicy",
            "CreateRole",
            "DeleteRole",
            "DetachRolePolicy",
            "PutRolePolicy",
            "TagRole",
            "UpdateAssumeRolePolicy",
        )
    ),
    ("iam:CreateUser", f"arn:aws:iam::{_ACCOUNT}:user/intruder"),
    ("iam:CreatePolicyVersion", f"arn:aws:iam::{_ACCOUNT}:policy/ProductPolicy"),
    ("sts:AssumeRole", _JOB_ROLE),
    ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:eu-west-1:{_ACCOUNT}:trail/organisation"),
)
_LAUNCH: tuple[tuple[str, str], ...] = (
    *_NO_RIGHTS,
    ("iam:PassRole", _JOB_ROLE),
    # No access to the data and its results.
    ("s3:GetObject", f"arn:aws:s3:::sagemaker-p-abcdefghijkl-data-{_ACCOUNT}/landing/a.csv"),
    ("s3:DeleteObject", f"arn:aws:s3:::sagemaker-p-abcdefghijkl-data-{_ACCOUNT}/landing/a.csv"),
    (
        "s3:PutObject",
        "arn:aws:s3:::platform-team-packages/amazon-sagemaker-reusable-components/start-pipeline/x.zip",
    ),
    ("sqs:ReceiveMessage", f"arn:aws:sqs:eu-west-1:{_ACCOUNT}:sagemaker-p-abcdefghijkl-retry"),
    ("sqs:PurgeQueue", f"arn:aws:sqs:eu-west-1:{_ACCOUNT}:sagemaker-p-abcdefghijkl-retry"),
    (
        "logs:GetLogEvents",
        f"arn:aws:logs:eu-west-1:{_ACCOUNT}:log-group:/aws/lambda/sagemaker-p-a:log-stream:b",
    ),
    ("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{_ACCOUNT}:function:payroll"),
    ("sagemaker:CreatePipeline", f"arn:aws:sagemaker:eu-west-1:{_ACCOUNT}:pipeline/payroll"),
    ("sagemaker:DeleteFeatureGroup", f"arn:aws:sagemaker:eu-west-1:{_ACCOUNT}:feature-group/abalone"),
    ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{_ACCOUNT}:key/aaaabbbb-0000-4000-8000-ccccddddeeee"),
)
_ROLES: tuple[tuple[str, str], ...] = (
    *_NO_RIGHTS,
    ("iam:PassRole", f"arn:aws:iam::{_ACCOUNT}:role/Admin"),
    (
        "lambda:UpdateFunctionCode",
        f"arn:aws:lambda:eu-west-1:{_ACCOUNT}:function:sagemaker-p-a-start-pipeline",
    ),
    ("s3:PutObject", f"arn:aws:s3:::sagemaker-p-abcdefghijkl-data-{_ACCOUNT}/landing/a.csv"),
    (
        "s3:PutObject",
        "arn:aws:s3:::platform-team-packages/amazon-sagemaker-reusable-components/start-pipeline/x.zip",
    ),
    ("s3:PutBucketPolicy", f"arn:aws:s3:::sagemaker-p-abcdefghijkl-data-{_ACCOUNT}"),
    ("sqs:PurgeQueue", f"arn:aws:sqs:eu-west-1:{_ACCOUNT}:sagemaker-p-abcdefghijkl-retry"),
    ("sagemaker:DeleteFeatureGroup", f"arn:aws:sagemaker:eu-west-1:{_ACCOUNT}:feature-group/abalone"),
    ("sagemaker:DeleteRecord", f"arn:aws:sagemaker:eu-west-1:{_ACCOUNT}:feature-group/abalone"),
    ("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:eu-west-1:{_ACCOUNT}:training-job/mine"),
    ("dynamodb:Scan", f"arn:aws:dynamodb:eu-west-1:{_ACCOUNT}:table/payroll"),
)
