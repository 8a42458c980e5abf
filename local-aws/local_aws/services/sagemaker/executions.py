"""Start, stop, describe and list executions.

The engine runs their steps. In the mode ``hold``, nothing runs: an execution stays Executing until it is
stopped. It lists no steps, because a step is listed from its start on.
"""

from __future__ import annotations

import secrets
import string
from typing import Any, Final

from local_aws.delays import scaled
from local_aws.protocol.arns import pipeline_of_execution
from local_aws.protocol.errors import AwsError, conflict, not_found
from local_aws.services.sagemaker.context import Context, Request, Response, refuse_members
from local_aws.services.sagemaker.model import Execution, Pipeline, Step, Store
from local_aws.services.sagemaker.paging import SortKey, page
from local_aws.services.sagemaker.parameters import resolve_parameters
from local_aws.services.sagemaker.pipelines import created_within, find_pipeline

_ID_ALPHABET: Final = string.ascii_lowercase + string.digits
STOPPING_SECONDS: Final = 0.25
"""How long a held execution stays Stopping. It has no steps to wait for."""


def start_pipeline_execution(context: Context, request: Request) -> Response:
    """StartPipelineExecution. Starts at most one execution for a pipeline and a client request token.

    Only the token counts, even if the rest of the request differs: "an idempotent operation completes no more
    than once" (API reference). AWS does not document what it does with a different request. That is nearly
    always a bug in the caller, so the call log notes it.
    """
    refuse_members(
        request,
        "MlflowExperimentName",
        "PipelineVersionAlias",
        "PipelineVersionId",
        "RoleArn",
        "SelectiveExecutionConfig",
    )
    pipeline = find_pipeline(context, request["PipelineName"])
    token = request["ClientRequestToken"]
    comparable = {**request, "PipelineName": pipeline.arn}
    if token in pipeline.started_by_token:
        arn, first = pipeline.started_by_token[token]
        differing = sorted(
            name for name in first.keys() | comparable.keys() if first.get(name) != comparable.get(name)
        )
        if differing:
            context.notes.append(f"The token was first used with another {', '.join(differing)}.")
        return {"PipelineExecutionArn": arn}
    parameters = resolve_parameters(pipeline.definition, request.get("PipelineParameters", []))
    _check_limit(context)
    arn = f"{pipeline.arn}/execution/{''.join(secrets.choice(_ID_ALPHABET) for _ in range(12))}"
    execution = pipeline.executions[arn] = Execution(
        arn=arn,
        pipeline_arn=pipeline.arn,
        display_name=request.get("PipelineExecutionDisplayName", f"execution-{int(context.now * 1000)}"),
        description=request.get("PipelineExecutionDescription"),
        parameters=parameters,
        parallelism=request.get("ParallelismConfiguration", pipeline.parallelism),
        definition=pipeline.definition,
        version=pipeline.version,
        created_at=context.now,
        created_by=context.identity,
        modified_at=context.now,
        modified_by=context.identity,
        held=context.store.steps == "hold",
        role_arn=pipeline.role_arn,
    )
    pipeline.started_by_token[token] = (arn, comparable)
    pipeline.last_run_at = context.now
    context.started_execution = arn
    if not execution.held:
        context.engine.start(pipeline, execution)
    return {"PipelineExecutionArn": arn}


def stop_pipeline_execution(context: Context, request: Request) -> Response:
    """StopPipelineExecution. The execution is Stopping, and Stopped a moment later."""
    _, execution = find_execution(context, request["PipelineExecutionArn"])
    if execution.stop_token == request["ClientRequestToken"]:
        return {"PipelineExecutionArn": execution.arn}
    if execution.status != "Executing":
        raise conflict(
            f"Pipeline execution '{execution.arn}' cannot be stopped: its status is {execution.status}."
        )
    execution.status = "Stopping"
    execution.stop_token = request["ClientRequestToken"]
    _modified(context, execution)
    if execution.held:
        execution.stops_at = context.now + scaled(STOPPING_SECONDS)
    else:
        context.engine.stop(execution)
    return {"PipelineExecutionArn": execution.arn}


def settle(store: Store, now: float) -> None:
    """Set held executions to Stopped when they are due. Called before each operation."""
    for pipeline in store.pipelines.values():
        for execution in pipeline.executions.values():
            if execution.stops_at is not None and execution.stops_at <= now:
                execution.status = "Stopped"
                execution.modified_at = execution.stops_at
                execution.stops_at = None


def describe_pipeline_execution(context: Context, request: Request) -> Response:
    """DescribePipelineExecution."""
    pipeline, execution = find_execution(context, request["PipelineExecutionArn"])
    return {
        "PipelineArn": pipeline.arn,
        "PipelineExecutionArn": execution.arn,
        "PipelineExecutionDisplayName": execution.display_name,
        "PipelineExecutionStatus": execution.status,
        "PipelineExecutionDescription": execution.description,
        "FailureReason": execution.failure_reason,
        "CreationTime": execution.created_at,
        "LastModifiedTime": execution.modified_at,
        "CreatedBy": execution.created_by.user_context(),
        "LastModifiedBy": execution.modified_by.user_context(),
        "ParallelismConfiguration": execution.parallelism,
        "PipelineVersionId": execution.version,
    }


def update_pipeline_execution(context: Context, request: Request) -> Response:
    """UpdatePipelineExecution: name, description and parallelism."""
    _, execution = find_execution(context, request["PipelineExecutionArn"])
    execution.display_name = request.get("PipelineExecutionDisplayName", execution.display_name)
    execution.description = request.get("PipelineExecutionDescription", execution.description)
    execution.parallelism = request.get("ParallelismConfiguration", execution.parallelism)
    _modified(context, execution)
    return {"PipelineExecutionArn": execution.arn}


def list_pipeline_executions(context: Context, request: Request) -> Response:
    """ListPipelineExecutions, by default latest first."""
    pipeline = find_pipeline(context, request["PipelineName"])
    chosen = [item for item in pipeline.executions.values() if created_within(item.created_at, request)]
    by_arn = request.get("SortBy") == "PipelineExecutionArn"

    def key(execution: Execution) -> SortKey:
        return (execution.arn if by_arn else execution.created_at, execution.arn)

    shown, token = page(chosen, key, request, descending=request.get("SortOrder") != "Ascending")
    return {"PipelineExecutionSummaries": [_summary(execution) for execution in shown], "NextToken": token}


def list_pipeline_parameters_for_execution(context: Context, request: Request) -> Response:
    """ListPipelineParametersForExecution. Lists all declared parameters, including defaults."""
    _, execution = find_execution(context, request["PipelineExecutionArn"])
    numbered = list(enumerate(execution.parameters))

    def key(item: tuple[int, tuple[str, str]]) -> SortKey:
        return float(item[0]), item[1][0]

    shown, token = page(numbered, key, request, descending=False)
    parameters = [{"Name": name, "Value": value} for _, (name, value) in shown]
    return {"PipelineParameters": parameters, "NextToken": token}


def list_pipeline_execution_steps(context: Context, request: Request) -> Response:
    """ListPipelineExecutionSteps. Lists the steps that have started, by default latest first."""
    _, execution = find_execution(context, request.get("PipelineExecutionArn", ""))

    def key(step: Step) -> SortKey:
        return step.started_at, step.name

    shown, token = page(execution.steps, key, request, descending=request.get("SortOrder") != "Ascending")
    return {"PipelineExecutionSteps": [_step(step) for step in shown], "NextToken": token}


def describe_pipeline_definition_for_execution(context: Context, request: Request) -> Response:
    """DescribePipelineDefinitionForExecution. Returns the definition that the execution was started with."""
    _, execution = find_execution(context, request["PipelineExecutionArn"])
    return {"PipelineDefinition": execution.definition.text, "CreationTime": execution.created_at}


def find_execution(context: Context, arn: str) -> tuple[Pipeline, Execution]:
    """The execution of this ARN and its pipeline, in the caller's account and region."""
    normal = context.scope.execution_arn_of(arn)
    pipeline = context.store.pipelines.get(pipeline_of_execution(normal))
    execution = pipeline.executions.get(normal) if pipeline else None
    if pipeline is None or execution is None or not normal.startswith(context.scope.pipeline_arn("")):
        raise not_found(f"Pipeline execution '{arn}' does not exist.")
    return pipeline, execution


def _step(step: Step) -> dict[str, Any]:
    return {
        "StepName": step.name,
        "StepDisplayName": step.display_name,
        "StepDescription": step.description,
        "StartTime": step.started_at,
        "EndTime": step.ended_at,
        "StepStatus": step.status,
        "FailureReason": step.failure_reason,
        "Metadata": {"ProcessingJob": {"Arn": step.job_arn}} if step.job_arn else {},
        "AttemptCount": step.attempts,
    }


def _check_limit(context: Context) -> None:
    limit = context.store.max_concurrent_executions
    running = context.store.running(context.scope)
    if running >= limit:
        raise AwsError(
            "ResourceLimitExceeded",
            "The account-level service limit 'Maximum number of concurrent pipeline executions' is "
            f"{limit} Executions, with current utilization of {running} Executions and a request delta of "
            "1 Executions. Please use AWS Service Quotas to request an increase for this quota. If AWS "
            "Service Quotas is not available, contact AWS support to request an increase for this quota.",
        )


def _modified(context: Context, execution: Execution) -> None:
    execution.modified_at = context.now
    execution.modified_by = context.identity


def _summary(execution: Execution) -> dict[str, Any]:
    return {
        "PipelineExecutionArn": execution.arn,
        "StartTime": execution.created_at,
        "PipelineExecutionStatus": execution.status,
        "PipelineExecutionDescription": execution.description,
        "PipelineExecutionDisplayName": execution.display_name,
        "PipelineExecutionFailureReason": execution.failure_reason,
    }
