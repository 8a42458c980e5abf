"""The implemented operations, and the IAM checks of each.

Actions, resources and dependent actions are those of the "Service Authorization Reference" for Amazon
SageMaker. Operations on pipelines and executions are authorized on their ARNs, and lists on ``*``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Check
from local_aws.services.feature_store import batches, groups, runtime
from local_aws.services.processing import operations as processing
from local_aws.services.sagemaker import domains, executions, pipelines, projects, tags
from local_aws.services.sagemaker.context import Context, Request, Response

ResourceMember = Literal[
    "DomainId",
    "Entries",
    "FeatureGroupName",
    "Identifiers",
    "PipelineExecutionArn",
    "PipelineName",
    "ProcessingJobName",
    "ProjectName",
    "ResourceArn",
    "*",
]


@dataclass(frozen=True)
class Operation:
    """The implementation of an operation, and the member that names its resource."""

    run: Callable[[Context, Request], Response]
    resource: ResourceMember


OPERATIONS: Final[dict[str, Operation]] = {
    "AddTags": Operation(tags.add_tags, "ResourceArn"),
    "BatchGetRecord": Operation(batches.batch_get_record, "Identifiers"),
    "BatchWriteRecord": Operation(batches.batch_write_record, "Entries"),
    "CreateDomain": Operation(domains.create_domain, "DomainId"),
    "CreateFeatureGroup": Operation(groups.create_feature_group, "FeatureGroupName"),
    "CreatePipeline": Operation(pipelines.create_pipeline, "PipelineName"),
    "CreateProject": Operation(projects.create_project, "ProjectName"),
    "DeleteProject": Operation(projects.delete_project, "ProjectName"),
    "DescribeProject": Operation(projects.describe_project, "ProjectName"),
    "ListProjects": Operation(projects.list_projects, "*"),
    "UpdateProject": Operation(projects.update_project, "ProjectName"),
    "CreateProcessingJob": Operation(processing.create_processing_job, "ProcessingJobName"),
    "DeleteDomain": Operation(domains.delete_domain, "DomainId"),
    "DeleteFeatureGroup": Operation(groups.delete_feature_group, "FeatureGroupName"),
    "DeletePipeline": Operation(pipelines.delete_pipeline, "PipelineName"),
    "DeleteRecord": Operation(runtime.delete_record, "FeatureGroupName"),
    "DeleteTags": Operation(tags.delete_tags, "ResourceArn"),
    "DescribeDomain": Operation(domains.describe_domain, "DomainId"),
    "DescribeFeatureGroup": Operation(groups.describe_feature_group, "FeatureGroupName"),
    "DescribePipeline": Operation(pipelines.describe_pipeline, "PipelineName"),
    "DescribePipelineDefinitionForExecution": Operation(
        executions.describe_pipeline_definition_for_execution, "PipelineExecutionArn"
    ),
    "DescribePipelineExecution": Operation(executions.describe_pipeline_execution, "PipelineExecutionArn"),
    "DescribeProcessingJob": Operation(processing.describe_processing_job, "ProcessingJobName"),
    "GetRecord": Operation(runtime.get_record, "FeatureGroupName"),
    "ListDomains": Operation(domains.list_domains, "*"),
    "ListFeatureGroups": Operation(groups.list_feature_groups, "*"),
    "ListPipelineExecutionSteps": Operation(executions.list_pipeline_execution_steps, "PipelineExecutionArn"),
    "ListPipelineExecutions": Operation(executions.list_pipeline_executions, "PipelineName"),
    "ListPipelineParametersForExecution": Operation(
        executions.list_pipeline_parameters_for_execution, "PipelineExecutionArn"
    ),
    "ListPipelines": Operation(pipelines.list_pipelines, "*"),
    "ListProcessingJobs": Operation(processing.list_processing_jobs, "*"),
    "ListTags": Operation(tags.list_tags, "ResourceArn"),
    "PutRecord": Operation(runtime.put_record, "FeatureGroupName"),
    "StartPipelineExecution": Operation(executions.start_pipeline_execution, "PipelineName"),
    "StopPipelineExecution": Operation(executions.stop_pipeline_execution, "PipelineExecutionArn"),
    "StopProcessingJob": Operation(processing.stop_processing_job, "ProcessingJobName"),
    "UpdateFeatureGroup": Operation(groups.update_feature_group, "FeatureGroupName"),
    "UpdatePipeline": Operation(pipelines.update_pipeline, "PipelineName"),
    "UpdatePipelineExecution": Operation(executions.update_pipeline_execution, "PipelineExecutionArn"),
}
_TAGGING: Final = frozenset(
    {
        "CreateDomain",
        "CreateFeatureGroup",
        "CreatePipeline",
        "CreateProcessingJob",
        "CreateProject",
        "UpdateProject",
    }
)
_PASSING: Final = frozenset({"CreateFeatureGroup", "CreatePipeline", "CreateProcessingJob", "UpdatePipeline"})
BATCHES: Final = frozenset({"BatchGetRecord", "BatchWriteRecord"})


def checks(
    operation: str, request: Request, scope: Scope, tags_of: Callable[[str], dict[str, str]]
) -> Iterator[Check]:
    """Yields what the caller must be allowed to do, first the operation itself."""
    for resource in resources_of(operation, request, scope):
        tagged = {f"aws:ResourceTag/{key}": value for key, value in tags_of(resource).items()}
        keys = {**_tag_keys(request), **tagged}
        yield Check(f"sagemaker:{operation}", resource, keys)
        if operation == "BatchWriteRecord":
            yield Check("sagemaker:PutRecord", resource, keys)
        if operation in _TAGGING and request.get("Tags"):
            yield Check("sagemaker:AddTags", resource, keys)
    if operation in _PASSING and "RoleArn" in request:
        yield Check("iam:PassRole", request["RoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"})
    for provider in request.get("TemplateProviders", []):
        role = (provider or {}).get("CfnTemplateProvider", {}).get("RoleARN")
        if role is not None:
            yield Check("iam:PassRole", role, {"iam:PassedToService": "cloudformation.amazonaws.com"})


def resources_of(operation: str, request: Request, scope: Scope) -> list[str]:
    """Returns the ARNs that an operation acts on, in lower case. Policies must use lower case, too."""
    member = OPERATIONS[operation].resource
    if member in ("Entries", "Identifiers"):
        entries = [item for item in request.get(member, []) if isinstance(item, dict)]
        arns = [scope.feature_group_arn_of(str(item.get("FeatureGroupName", "*"))) for item in entries]
        return list(dict.fromkeys(arns)) or ["*"]
    return [_resource(member, request.get(member, "*"), scope)]


def _resource(member: ResourceMember, named: str, scope: Scope) -> str:
    if member == "PipelineName":
        return scope.pipeline_arn_of(named)
    if member == "PipelineExecutionArn":
        return scope.execution_arn_of(named)
    if member == "FeatureGroupName":
        return scope.feature_group_arn_of(named)
    if member == "DomainId":
        return scope.domain_arn(named)
    if member == "ProjectName":
        return scope.project_arn(named)
    if member == "ProcessingJobName":
        return scope.processing_job_arn(named)
    return scope.resource_arn_of(named)


def _tag_keys(request: Request) -> dict[str, Any]:
    """The condition keys that name the tags in a request."""
    given = [
        tag for tag in request.get("Tags", []) if isinstance(tag, dict) and {"Key", "Value"} <= tag.keys()
    ]
    names = [tag["Key"] for tag in given] + [key for key in request.get("TagKeys", []) if key is not None]
    keys: dict[str, Any] = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in given}
    return {**keys, "aws:TagKeys": names} if names else keys
