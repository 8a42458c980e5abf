"""AWS's limits of names and sizes that the registry schemas in cfn-lint lack."""

import re
from collections.abc import Mapping

# Patterns of the full physical names by type. Schemas have the patterns of the other types.
NAMES: Mapping[str, re.Pattern[str]] = {
    # CloudWatch API Reference, PutDashboard
    "AWS::CloudWatch::Dashboard": re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII),
    # CodeBuild User Guide, "Quotas for AWS CodeBuild"
    "AWS::CodeBuild::Project": re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,149}", re.ASCII),
    # CodePipeline API Reference, PipelineDeclaration
    "AWS::CodePipeline::Pipeline": re.compile(r"[A-Za-z0-9.@_-]{1,100}", re.ASCII),
    # SQS API Reference, CreateQueue
    "AWS::SQS::Queue": re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII),
    # S3 User Guide, "Bucket naming rules"; no dots, because they break TLS
    "AWS::S3::Bucket": re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", re.ASCII),
}
# CodeBuild User Guide, "Quotas for AWS CodeBuild"
BUILD_DESCRIPTION = 255
# SageMaker API Reference, CreatePipeline
PIPELINE_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}", re.ASCII)
LONGEST_PIPELINE_NAME = 256
# EventBridge User Guide, "Amazon EventBridge quotas"
EVENT_PATTERN = 2048
# IAM User Guide, "IAM and AWS STS quotas": characters without white space
MANAGED_POLICY = 6144
INLINE_POLICIES = 10240
TRUST_POLICY = 2048
# CloudFormation User Guide, "Understand CloudFormation quotas"
TEMPLATE_BYTES_IN_S3 = 1024 * 1024
TEMPLATE_DESCRIPTION_BYTES = 1024
PARAMETERS = 200
PARAMETER_DESCRIPTION = 4000
OUTPUTS = 200
RESOURCES = 500
# SageMaker API Reference, CfnCreateTemplateProvider
PARAMETERS_OF_A_TEMPLATE_PROVIDER = 180
