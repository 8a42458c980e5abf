"""The operations there are, and what IAM decides about each.

Actions, resources and dependent actions are those of the "Service Authorization Reference" for Amazon
SageMaker: an operation on a pipeline is authorised on the pipeline's ARN, one on an execution on the
execution's, and a list of pipelines on ``*``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from local_aws.sagemaker import executions, pipelines, tags
from local_aws.sagemaker.arns import Scope
from local_aws.sagemaker.context import Context, Request, Response

ResourceMember = Literal["PipelineName", "PipelineExecutionArn", "ResourceArn", "*"]


@dataclass(frozen=True)
class Operation:
    """How to carry out an operation, and the member that names what it acts on."""

    run: Callable[[Context, Request], Response]
    resource: ResourceMember


@dataclass(frozen=True)
class Check:
    """One thing that IAM must allow: an action on a resource, with the request's condition keys."""

    action: str
    resource: str
    condition_keys: dict[str, Any]


OPERATIONS: Final[dict[str, Operation]] = {
    "AddTags": Operation(tags.add_tags, "ResourceArn"),
    "CreatePipeline": Operation(pipelines.create_pipeline, "PipelineName"),
    "DeletePipeline": Operation(pipelines.delete_pipeline, "PipelineName"),
    "DeleteTags": Operation(tags.delete_tags, "ResourceArn"),
    "DescribePipeline": Operation(pipelines.describe_pipeline, "PipelineName"),
    "DescribePipelineDefinitionForExecution": Operation(
        executions.describe_pipeline_definition_for_execution, "PipelineExecutionArn"
    ),
    "DescribePipelineExecution": Operation(executions.describe_pipeline_execution, "PipelineExecutionArn"),
    "ListPipelineExecutionSteps": Operation(executions.list_pipeline_execution_steps, "PipelineExecutionArn"),
    "ListPipelineExecutions": Operation(executions.list_pipeline_executions, "PipelineName"),
    "ListPipelineParametersForExecution": Operation(
        executions.list_pipeline_parameters_for_execution, "PipelineExecutionArn"
    ),
    "ListPipelines": Operation(pipelines.list_pipelines, "*"),
    "ListTags": Operation(tags.list_tags, "ResourceArn"),
    "StartPipelineExecution": Operation(executions.start_pipeline_execution, "PipelineName"),
    "StopPipelineExecution": Operation(executions.stop_pipeline_execution, "PipelineExecutionArn"),
    "UpdatePipeline": Operation(pipelines.update_pipeline, "PipelineName"),
    "UpdatePipelineExecution": Operation(executions.update_pipeline_execution, "PipelineExecutionArn"),
}


def checks(operation: str, request: Request, scope: Scope, resource_tags: dict[str, str]) -> Iterator[Check]:
    """What the caller must be allowed to do, the operation itself first."""
    resource = resource_of(operation, request, scope)
    keys = {**_tag_keys(request), **{f"aws:ResourceTag/{key}": value for key, value in resource_tags.items()}}
    yield Check(f"sagemaker:{operation}", resource, keys)
    if operation == "CreatePipeline" and request.get("Tags"):
        yield Check("sagemaker:AddTags", resource, keys)
    if operation in ("CreatePipeline", "UpdatePipeline") and "RoleArn" in request:
        yield Check("iam:PassRole", request["RoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"})


def resource_of(operation: str, request: Request, scope: Scope) -> str:
    """The ARN an operation acts on, in the lower case that policies have to use."""
    member = OPERATIONS[operation].resource
    named = request.get(member, "*")
    if member == "PipelineName":
        return scope.pipeline_arn_of(named)
    if member == "PipelineExecutionArn":
        return scope.execution_arn_of(named)
    return (
        scope.pipeline_arn_of(named) if ":pipeline/" in named and "/execution/" not in named else str(named)
    )


def _tag_keys(request: Request) -> dict[str, Any]:
    """The condition keys that name the tags in a request."""
    given = [
        tag for tag in request.get("Tags", []) if isinstance(tag, dict) and {"Key", "Value"} <= tag.keys()
    ]
    names = [tag["Key"] for tag in given] + [key for key in request.get("TagKeys", []) if key is not None]
    keys: dict[str, Any] = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in given}
    return {**keys, "aws:TagKeys": names} if names else keys
