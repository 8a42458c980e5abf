"""The permissions that CloudFormation needs to create, update, delete, read and roll back a stack.

A rollback runs the opposite operation of the same handlers, so it adds nothing. Every request is tried with
SageMaker's tags on the stack, and with the tags of the project's owner in addition.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from permissions import narrowing, node, schemas
from permissions.requests import Request, Value, distinct
from resolve import Resource, Stack

# The actions that IAM checks, where they differ from the action in the schema.
# S3: "Required permissions for Amazon S3 API operations". Connections: the service was renamed, and AWS's own
# launch role has the action of either name on the resources of either.
MEANT: Mapping[str, Sequence[str]] = {
    "codestar-connections:PassConnection": (
        "codeconnections:PassConnection",
        "codestar-connections:PassConnection",
    ),
    "s3:DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
}
_SAGEMAKER_TAGS = {
    "sagemaker:project-name": "abalone",
    "sagemaker:project-id": "p-abcdefghijkl",
    "sagemaker:launch-source": "studio",
}
# The fewest and the most tags. AWS does not document whether its services' own tags count as tag keys.
TAG_SETS: tuple[Mapping[str, str], ...] = (
    _SAGEMAKER_TAGS,
    {
        **_SAGEMAKER_TAGS,
        "Team": "data",
        "Kosten: Träger": "42",
        "aws:cloudformation:stack-name": "SC-111122223333-pp-abcdefghijklm",
        "aws:servicecatalog:productArn": "arn:aws:catalog:eu-west-1:111122223333:product/prod-abcdefghijklm",
    },
)
PASSED_TO = {
    "AWS::CodeBuild::Project": "codebuild.amazonaws.com",
    "AWS::CodePipeline::Pipeline": "codepipeline.amazonaws.com",
    "AWS::Events::Rule": "events.amazonaws.com",
    "AWS::Lambda::Function": "lambda.amazonaws.com",
}
# The tags of connections for SageMaker's projects, and of packaged objects.
CONNECTION_TAG = "aws:ResourceTag/sagemaker"
STAGED = ("s3:ExistingObjectTag/servicecatalog:provisioning", "true")


def of_stacks(stacks: Iterable[Stack]) -> list[Request]:
    """Return all requests for the stacks' resources. Identical resources count once."""
    resources = {
        (resource.logical_id, repr(resource.properties)): (stack, resource)
        for stack in stacks
        for resource in stack.resources.values()
    }
    node.actions(call for _, resource in resources.values() for _, call in _calls(resource))
    return distinct(
        request for stack, resource in resources.values() for request in _of_resource(stack, resource)
    )


def _calls(resource: Resource) -> list[tuple[str, str]]:
    """Return pairs of a handler's operation and an action that it needs."""
    calls = {
        (operation, meant)
        for operation, actions in schemas.permissions(resource.type).items()
        for action in actions
        if narrowing.is_needed(resource.type, action, resource.properties)
        for meant in MEANT.get(action, (action,))
    }
    return sorted(calls)


def _of_resource(stack: Stack, resource: Resource) -> Iterator[Request]:
    calls = _calls(resource)
    facts = node.actions(action for _, action in calls)
    for operation, action in calls:
        known = facts[action]
        if known is None:
            raise LookupError(f"{resource.type}: IAM has no action {action}")
        purpose = f"{operation} {resource.logical_id}"
        for target in ["*"] if known.wildcard_only else targets(stack, resource, action):
            for tags in TAG_SETS:
                context = {
                    key: value
                    for key, value in _context(stack, resource, operation, action, tags).items()
                    if known.knows(key)
                }
                yield Request.of(action, target, purpose, context)


def targets(stack: Stack, resource: Resource, action: str) -> list[str]:
    """Return the ARNs that an action of a resource's handlers applies to."""
    properties, environment = resource.properties, stack.environment
    match resource.type, action:
        case _, "iam:PassRole":
            return sorted(roles(properties))
        case _, "codestar-connections:PassConnection" | "codeconnections:PassConnection":
            return re.findall(
                r"arn:[\w-]+:(?:codestar-connections|codeconnections):[\w:/-]+", str(properties)
            )
        case "AWS::Lambda::Function", "s3:GetObject":
            code = properties["Code"]
            return [f"arn:{environment.partition}:s3:::{code['S3Bucket']}/{code['S3Key']}"]
        case "AWS::CodeCommit::Repository", "s3:GetObject":
            code = properties["Code"]["S3"]
            return [f"arn:{environment.partition}:s3:::{code['Bucket']}/{code['Key']}"]
        case "AWS::Lambda::Permission" | "AWS::Lambda::EventInvokeConfig", _:
            return [_function(stack, properties["FunctionName"])]
        case "AWS::S3::BucketPolicy", _:
            return [f"arn:{environment.partition}:s3:::{properties['Bucket']}"]
        case "AWS::SQS::QueuePolicy", _:
            here = f"arn:{environment.partition}:sqs:{environment.region}:{environment.account}"
            return [f"{here}:{url.rsplit('/', 1)[-1]}" for url in properties["Queues"]]
        case "AWS::CloudWatch::Alarm", "cloudwatch:DescribeAlarms":
            # IAM's error messages name `alarm:*` for any alarm. A policy that matches any name matches it.
            return [re.sub(":alarm:.*", ":alarm:of-any-name", stack.arn(resource.logical_id))]
        case "AWS::Logs::LogGroup", _:
            # IAM uses the first form for tags, and the second for everything else ("Log group ARN" in the
            # CloudWatch Logs user guide). A policy must allow both.
            group = stack.arn(resource.logical_id)
            return [group, f"{group}:log-stream:"]
    return [stack.arn(resource.logical_id)]


def _context(
    stack: Stack, resource: Resource, operation: str, action: str, tags: Mapping[str, str]
) -> Mapping[str, Value]:
    """Return the condition keys of a request. The caller removes keys that the action does not support."""
    properties = resource.properties
    context: dict[str, Value] = {}
    context["aws:TagKeys"] = tuple(sorted(tags))
    context.update({f"aws:RequestTag/{key}": value for key, value in tags.items()})
    if operation != "create" and schemas.is_tagged(resource.type):
        context.update({f"aws:ResourceTag/{key}": value for key, value in tags.items()})
    if action == "iam:PassRole":
        context["iam:PassedToService"] = PASSED_TO[resource.type]
    if action.endswith(":PassConnection"):
        context[f"{action.split(':')[0]}:PassedToService"] = "codepipeline.amazonaws.com"
        context[CONNECTION_TAG] = "true"
    if action == "s3:GetObject":
        context[STAGED[0]] = STAGED[1]
    if resource.type == "AWS::Lambda::EventSourceMapping":
        context["lambda:FunctionArn"] = _function(stack, properties["FunctionName"])
    if resource.type == "AWS::Lambda::Permission":
        context["lambda:Principal"] = properties["Principal"]
    if resource.type == "AWS::Events::Rule":
        context["events:TargetArn"] = tuple(target["Arn"] for target in properties["Targets"])
    return context


def _function(stack: Stack, name: str) -> str:
    if name.startswith("arn:"):
        return name
    environment = stack.environment
    return f"arn:{environment.partition}:lambda:{environment.region}:{environment.account}:function:{name}"


def roles(node: object) -> set[str]:
    """Return the roles that properties pass, at any depth."""
    if isinstance(node, list):
        return {role for member in node for role in roles(member)}
    if not isinstance(node, Mapping):
        return set()
    handed = {node[key] for key in ("Role", "RoleArn", "ServiceRole") if isinstance(node.get(key), str)}
    return handed.union(*(roles(member) for member in node.values()))
