"""The permissions that a stack's role or user needs for each resource.

Covers the types in this file; other types require no permission. The actions are those that CloudFormation
calls for the given properties. A denied action fails the resource, as on AWS. This does not show that a
policy allows every action in the registry's schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Check

Change = Literal["create", "update", "delete"]
Properties = dict[str, Any]


@dataclass(frozen=True)
class Needs:
    """The actions of one resource type."""

    arn: Callable[[Scope, Properties, str], str]
    """Maps properties and physical id to the resource's ARN."""
    actions: dict[Change, tuple[str, ...]]
    with_property: dict[str, str] | None = None
    """Maps a property to the action that sets it."""
    tag_action: str = ""
    passed_to: str = ""
    """The service that receives the roles in the properties."""
    context: Callable[[Scope, Properties], dict[str, Any]] = lambda _scope, _properties: {}
    code: Callable[[Properties], tuple[str, str] | None] = lambda _properties: None
    """Bucket and key of its code."""


def checks(
    resource_type: str,
    change: Change,
    scope: Scope,
    properties: Properties,
    physical_id: str,
    old: Properties,
) -> Iterator[Check]:
    """Returns the checks for a change of a resource."""
    needs = NEEDS.get(resource_type)
    if needs is None:
        return
    changed = {name for name in properties.keys() | old.keys() if properties.get(name) != old.get(name)}
    arn = needs.arn(scope, properties, physical_id)
    context = needs.context(scope, properties)
    tags = _tags(properties)
    if tags and change == "create":
        context = {
            **context,
            **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
            "aws:TagKeys": list(tags),
        }
    for action in needs.actions.get(change, ()):
        yield Check(action, arn, context)
    if resource_type == "AWS::Lambda::Function":
        yield from (Check(action, arn, context) for action in _function_updates(change, old, properties))
    if change == "delete":
        return
    for name, action in (needs.with_property or {}).items():
        if name in changed:
            yield Check(action, arn, context)
    if tags and "Tags" in changed and needs.tag_action:
        yield Check(needs.tag_action, arn, context)
    for role in sorted(_roles(properties)) if needs.passed_to else ():
        yield Check("iam:PassRole", role, {"iam:PassedToService": needs.passed_to})
    if (code := needs.code(properties)) and "Code" in changed:
        yield Check("s3:GetObject", f"arn:aws:s3:::{code[0]}/{code[1]}", {})


def _named(service: str, kind: str, member: str) -> Callable[[Scope, Properties, str], str]:
    def arn(scope: Scope, properties: Properties, physical_id: str) -> str:
        return (
            f"arn:aws:{service}:{scope.region}:{scope.account}:{kind}{properties.get(member) or physical_id}"
        )

    return arn


def _bucket(member: str) -> Callable[[Scope, Properties, str], str]:
    return lambda _scope, properties, physical_id: f"arn:aws:s3:::{properties.get(member) or physical_id}"


def _function(scope: Scope, properties: Properties, physical_id: str = "") -> str:
    name = str(properties.get("FunctionName") or physical_id)
    return (
        name if name.startswith("arn:") else f"arn:aws:lambda:{scope.region}:{scope.account}:function:{name}"
    )


def _queue_of_policy(scope: Scope, properties: Properties, _physical_id: str) -> str:
    name = str(properties["Queues"][0]).rpartition("/")[2]
    return f"arn:aws:sqs:{scope.region}:{scope.account}:{name}"


def _dashboard(scope: Scope, properties: Properties, physical_id: str) -> str:
    return f"arn:aws:cloudwatch::{scope.account}:dashboard/{properties.get('DashboardName') or physical_id}"


def _anything(_scope: Scope, _properties: Properties, _physical_id: str) -> str:
    return "*"


def _function_context(scope: Scope, properties: Properties) -> dict[str, Any]:
    return {"lambda:FunctionArn": _function(scope, properties)}


def _code_of_function(properties: Properties) -> tuple[str, str] | None:
    code = properties.get("Code", {})
    return (code["S3Bucket"], code["S3Key"]) if "S3Bucket" in code and "S3Key" in code else None


def _code_of_repository(properties: Properties) -> tuple[str, str] | None:
    code = properties.get("Code", {}).get("S3", {})
    return (code["Bucket"], code["Key"]) if {"Bucket", "Key"} <= code.keys() else None


def _tags(properties: Properties) -> dict[str, str]:
    """Returns the tags in a request, without those of CloudFormation."""
    tags = properties.get("Tags")
    if not isinstance(tags, list):
        return {}
    return {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}


def _roles(node: Any) -> set[str]:
    """Returns the roles in properties, at any depth."""
    if isinstance(node, list):
        return {role for item in node for role in _roles(item)}
    if not isinstance(node, dict):
        return set()
    handed = {node[name] for name in ("Role", "RoleArn", "ServiceRole") if isinstance(node.get(name), str)}
    return handed.union(*(_roles(item) for item in node.values()))


def _same(service: str, kind: str) -> dict[Change, tuple[str, ...]]:
    """Returns the actions of a type whose operations follow the pattern Create, Update, Delete."""
    return {
        "create": (f"{service}:Create{kind}",),
        "update": (f"{service}:Update{kind}",),
        "delete": (f"{service}:Delete{kind}",),
    }


NEEDS: Final[dict[str, Needs]] = {
    "AWS::S3::Bucket": Needs(
        _bucket("BucketName"),
        {"create": ("s3:CreateBucket",), "delete": ("s3:DeleteBucket",)},
        {
            "BucketEncryption": "s3:PutEncryptionConfiguration",
            "LifecycleConfiguration": "s3:PutLifecycleConfiguration",
            "NotificationConfiguration": "s3:PutBucketNotification",
            "OwnershipControls": "s3:PutBucketOwnershipControls",
            "PublicAccessBlockConfiguration": "s3:PutBucketPublicAccessBlock",
            "VersioningConfiguration": "s3:PutBucketVersioning",
        },
        tag_action="s3:PutBucketTagging",
    ),
    "AWS::S3::BucketPolicy": Needs(
        _bucket("Bucket"),
        {
            "create": ("s3:PutBucketPolicy",),
            "update": ("s3:PutBucketPolicy",),
            "delete": ("s3:DeleteBucketPolicy",),
        },
    ),
    "AWS::Events::Rule": Needs(
        _named("events", "rule/", "Name"),
        {
            "create": ("events:PutRule", "events:PutTargets"),
            "update": ("events:PutRule", "events:PutTargets"),
            "delete": ("events:RemoveTargets", "events:DeleteRule"),
        },
        passed_to="events.amazonaws.com",
    ),
    "AWS::Lambda::Function": Needs(
        _function,
        {"create": ("lambda:CreateFunction", "lambda:GetFunction"), "delete": ("lambda:DeleteFunction",)},
        tag_action="lambda:TagResource",
        passed_to="lambda.amazonaws.com",
        code=_code_of_function,
    ),
    "AWS::Lambda::Permission": Needs(
        _function, {"create": ("lambda:AddPermission",), "delete": ("lambda:RemovePermission",)}
    ),
    "AWS::Lambda::EventInvokeConfig": Needs(
        _function,
        {
            "create": ("lambda:PutFunctionEventInvokeConfig",),
            "update": ("lambda:PutFunctionEventInvokeConfig",),
            "delete": ("lambda:DeleteFunctionEventInvokeConfig",),
        },
    ),
    "AWS::Lambda::EventSourceMapping": Needs(
        _anything, _same("lambda", "EventSourceMapping"), context=_function_context
    ),
    "AWS::Logs::LogGroup": Needs(
        _named("logs", "log-group:", "LogGroupName"),
        {"create": ("logs:CreateLogGroup",), "delete": ("logs:DeleteLogGroup",)},
        {"RetentionInDays": "logs:PutRetentionPolicy"},
        tag_action="logs:TagResource",
    ),
    "AWS::SQS::Queue": Needs(
        _named("sqs", "", "QueueName"),
        {
            "create": ("sqs:CreateQueue", "sqs:GetQueueAttributes"),
            "update": ("sqs:SetQueueAttributes",),
            "delete": ("sqs:DeleteQueue",),
        },
        tag_action="sqs:TagQueue",
    ),
    "AWS::SQS::QueuePolicy": Needs(
        _queue_of_policy,
        {
            "create": ("sqs:SetQueueAttributes",),
            "update": ("sqs:SetQueueAttributes",),
            "delete": ("sqs:SetQueueAttributes",),
        },
    ),
    "AWS::CloudWatch::Alarm": Needs(
        _named("cloudwatch", "alarm:", "AlarmName"),
        {
            "create": ("cloudwatch:PutMetricAlarm",),
            "update": ("cloudwatch:PutMetricAlarm",),
            "delete": ("cloudwatch:DeleteAlarms",),
        },
        tag_action="cloudwatch:TagResource",
    ),
    "AWS::CloudWatch::Dashboard": Needs(
        _dashboard,
        {
            "create": ("cloudwatch:PutDashboard",),
            "update": ("cloudwatch:PutDashboard",),
            "delete": ("cloudwatch:DeleteDashboards",),
        },
    ),
    "AWS::CodeCommit::Repository": Needs(
        _named("codecommit", "", "RepositoryName"),
        {"create": ("codecommit:CreateRepository",), "delete": ("codecommit:DeleteRepository",)},
        tag_action="codecommit:TagResource",
        code=_code_of_repository,
    ),
    "AWS::CodeBuild::Project": Needs(
        _named("codebuild", "project/", "Name"),
        _same("codebuild", "Project"),
        passed_to="codebuild.amazonaws.com",
    ),
    "AWS::CodePipeline::Pipeline": Needs(
        _named("codepipeline", "", "Name"),
        _same("codepipeline", "Pipeline"),
        tag_action="codepipeline:TagResource",
        passed_to="codepipeline.amazonaws.com",
    ),
    "AWS::SageMaker::FeatureGroup": Needs(
        _named("sagemaker", "feature-group/", "FeatureGroupName"),
        _same("sagemaker", "FeatureGroup"),
        passed_to="sagemaker.amazonaws.com",
    ),
}


def _function_updates(change: Change, old: Properties, new: Properties) -> list[str]:
    """Returns the actions of an update of a function: one for its code, one for everything else."""
    if change != "update":
        return []
    changed = {name for name in new.keys() | old.keys() if new.get(name) != old.get(name)} - {"Tags"}
    code = ["lambda:UpdateFunctionCode"] if "Code" in changed else []
    return code + (["lambda:UpdateFunctionConfiguration"] if changed - {"Code"} else [])
