"""Decides which actions of a type's schema its handlers call for a resource with given properties.

A schema lists the actions for all properties of its type. An action is needed unless a rule here excludes it.
If a property is set, the actions that set it and that remove it are both needed: rolling back an update that
added the property removes it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A condition for needing some actions of a type, with its reason."""

    type: str
    actions: Sequence[str]
    needed: Callable[[Properties], bool]
    reason: str


def _with(resource_type: str, prop: str, *actions: str) -> Rule:
    """Return a rule for actions of one property. A dot separates nested properties."""

    def is_set(properties: Properties) -> bool:
        node: Any = properties
        for name in prop.split("."):
            if not isinstance(node, Mapping) or name not in node:
                return False
            node = node[name]
        return True

    return Rule(resource_type, actions, is_set, f"serves {prop}")


def _never(resource_type: str, reason: str, *actions: str) -> Rule:
    return Rule(resource_type, actions, lambda _: False, reason)


def _mentions(word: str) -> Callable[[Properties], bool]:
    return lambda properties: word in json.dumps(properties)


_BUCKET, _FUNCTION, _GROUP = "AWS::S3::Bucket", "AWS::Lambda::Function", "AWS::Logs::LogGroup"
_MAPPING, _RULE = "AWS::Lambda::EventSourceMapping", "AWS::Events::Rule"
_REPOSITORY, _PIPELINE = "AWS::CodeCommit::Repository", "AWS::CodePipeline::Pipeline"
_IN_AWS_OWN_ROLE = (
    "AWS's own launch role lacks this permission, and creates such resources for AWS's own project templates"
)

RULES: Sequence[Rule] = (
    _with(_BUCKET, "AbacStatus", "s3:*BucketAbac"),
    _with(_BUCKET, "AccelerateConfiguration", "s3:*AccelerateConfiguration"),
    _with(_BUCKET, "AccessControl", "s3:*BucketAcl"),
    _with(_BUCKET, "AnalyticsConfigurations", "s3:*Analytics*"),
    _with(_BUCKET, "BucketEncryption", "s3:*Encryption*"),
    _with(_BUCKET, "CorsConfiguration", "s3:*CORS", "s3:*Cors"),
    _with(_BUCKET, "IntelligentTieringConfigurations", "s3:*IntelligentTiering*"),
    _with(_BUCKET, "InventoryConfigurations", "s3:*InventoryConfiguration"),
    _with(_BUCKET, "LifecycleConfiguration", "s3:*Lifecycle*"),
    _with(_BUCKET, "LoggingConfiguration", "s3:*Logging"),
    _with(_BUCKET, "MetadataConfiguration", "s3:*Metadata*", "s3tables:*"),
    _with(_BUCKET, "MetricsConfigurations", "s3:*Metrics*"),
    _with(_BUCKET, "NotificationConfiguration", "s3:*BucketNotification"),
    _with(_BUCKET, "ObjectLockConfiguration", "s3:*ObjectLock*"),
    _with(_BUCKET, "OwnershipControls", "s3:*OwnershipControls"),
    _with(_BUCKET, "PublicAccessBlockConfiguration", "s3:*PublicAccessBlock"),
    _with(_BUCKET, "ReplicationConfiguration", "s3:*Replication*", "iam:PassRole"),
    _with(_BUCKET, "VersioningConfiguration", "s3:*Versioning"),
    _with(_BUCKET, "WebsiteConfiguration", "s3:*Website"),
    _never(
        _BUCKET,
        "handlers do not access objects: they do not delete a bucket that is not empty",
        "s3:*Object",
        "s3:*ObjectAcl",
    ),
    _with(_FUNCTION, "CapacityProviderConfig", "lambda:PassCapacityProvider"),
    _with(_FUNCTION, "Code.S3Bucket", "s3:GetObject"),
    _with(_FUNCTION, "Code.S3ObjectVersion", "s3:GetObjectVersion"),
    _with(_FUNCTION, "CodeSigningConfigArn", "lambda:*CodeSigningConfig"),
    _with(_FUNCTION, "FileSystemConfigs", "elasticfilesystem:*", "s3files:*"),
    _with(_FUNCTION, "FunctionScalingConfig", "lambda:*ScalingConfig"),
    _with(_FUNCTION, "KmsKeyArn", "kms:*"),
    _with(_FUNCTION, "Layers", "lambda:GetLayerVersion"),
    _with(_FUNCTION, "PublishToLatestPublished", "lambda:PublishVersion", "lambda:AssociateRuntimeAlias"),
    _with(_FUNCTION, "RecursiveLoop", "lambda:*RecursionConfig"),
    _with(_FUNCTION, "ReservedConcurrentExecutions", "lambda:*FunctionConcurrency"),
    _with(_FUNCTION, "RuntimeManagementConfig", "lambda:*RuntimeManagementConfig"),
    _with(_FUNCTION, "VpcConfig", "ec2:*"),
    _with(_MAPPING, "KmsKeyArn", "kms:*"),
    Rule(_RULE, ("iam:PassRole",), _mentions("RoleArn"), "serves RoleArn, the rule's or a target's"),
    _with(_GROUP, "BearerTokenAuthenticationEnabled", "logs:PutBearerTokenAuthentication"),
    _with(
        _GROUP,
        "DataProtectionPolicy",
        "logs:*DataProtectionPolicy",
        "logs:CreateLogDelivery",
        "s3:*",
        "firehose:*",
    ),
    _with(_GROUP, "DeletionProtectionEnabled", "logs:PutLogGroupDeletionProtection"),
    _with(_GROUP, "FieldIndexPolicies", "logs:*IndexPolic*"),
    _with(_GROUP, "KmsKeyId", "logs:*KmsKey"),
    _with(_GROUP, "ResourcePolicyDocument", "logs:*ResourcePolic*"),
    _with(_GROUP, "RetentionInDays", "logs:*RetentionPolicy"),
    _with(_REPOSITORY, "Code.S3.ObjectVersion", "s3:GetObjectVersion"),
    _with(_REPOSITORY, "Code", "s3:GetObject", "codecommit:CreateCommit"),
    _with(_REPOSITORY, "KmsKeyId", "codecommit:UpdateRepositoryEncryptionKey"),
    _with(_REPOSITORY, "Triggers", "codecommit:*RepositoryTriggers"),
    _with(_REPOSITORY, "RepositoryDescription", "codecommit:UpdateRepositoryDescription"),
    _never(
        _REPOSITORY, "the name holds the project's id, which never changes", "codecommit:UpdateRepositoryName"
    ),
    _with(_PIPELINE, "DisableInboundStageTransitions", "codepipeline:*StageTransition"),
    _with(_PIPELINE, "RestartExecutionOnUpdate", "codepipeline:StartPipelineExecution"),
    Rule(
        _PIPELINE,
        ("codestar-connections:PassConnection",),
        _mentions("CodeStarSourceConnection"),
        "serves a source behind a connection",
    ),
    _never(_PIPELINE, _IN_AWS_OWN_ROLE, "iam:GetRole"),
)


def rule_for(resource_type: str, action: str) -> Rule | None:
    """Return the rule for an action of a type's handlers, if any."""
    for rule in RULES:
        if rule.type == resource_type and any(fnmatchcase(action, pattern) for pattern in rule.actions):
            return rule
    return None


def is_needed(resource_type: str, action: str, properties: Properties) -> bool:
    """Return whether a handler calls the action for a resource with these properties."""
    rule = rule_for(resource_type, action)
    return rule is None or rule.needed(properties)
