"""Create, update, describe, delete and list pipelines."""

from __future__ import annotations

from typing import Any

from local_aws.protocol.errors import conflict, not_found, validation_error
from local_aws.services.sagemaker.context import Context, Request, Response, refuse_members
from local_aws.services.sagemaker.definition import MAX_BYTES, Definition, parse_definition
from local_aws.services.sagemaker.model import RUNNING, Pipeline
from local_aws.services.sagemaker.paging import SortKey, page
from local_aws.services.sagemaker.tags import merge_tags


def find_pipeline(context: Context, name_or_arn: str) -> Pipeline:
    """Returns the pipeline with this name (in any case) or ARN, in the caller's account and region."""
    arn = context.scope.pipeline_arn_of(name_or_arn)
    pipeline = context.store.pipelines.get(arn)
    if pipeline is None or not arn.startswith(context.scope.pipeline_arn("")):
        raise not_found(f"Pipeline '{arn}' does not exist.")
    return pipeline


def create_pipeline(context: Context, request: Request) -> Response:
    """CreatePipeline. The same token with the same request returns the first answer again."""
    refuse_members(request, "PipelineVersionAliases")
    name: str = request["PipelineName"]
    arn = context.scope.pipeline_arn(name)
    existing = context.store.pipelines.get(arn)
    if existing is not None:
        if existing.create_request == request:
            return {"PipelineArn": arn}
        raise validation_error(
            "Pipeline names must be unique within an AWS account and region. "
            f"Pipeline with name ({existing.name}) already exists."
        )
    definition = _definition(context, request)
    if definition is None:
        raise validation_error("Either PipelineDefinition or PipelineDefinitionS3Location must be provided.")
    context.store.pipelines[arn] = Pipeline(
        name=name,
        arn=arn,
        display_name=request.get("PipelineDisplayName", name),
        definition=definition,
        description=request.get("PipelineDescription"),
        role_arn=request["RoleArn"],
        parallelism=request.get("ParallelismConfiguration"),
        tags=merge_tags({}, request.get("Tags", [])),
        create_request=request,
        created_at=context.now,
        created_by=context.identity,
        modified_at=context.now,
        modified_by=context.identity,
    )
    return {"PipelineArn": arn}


def update_pipeline(context: Context, request: Request) -> Response:
    """UpdatePipeline. Omitted members keep their values. A new definition makes a new version."""
    refuse_members(request, "PipelineVersionAliases")
    pipeline = find_pipeline(context, request["PipelineName"])
    definition = _definition(context, request)
    if definition is not None:
        pipeline.definition = definition
        pipeline.version += 1
    pipeline.display_name = request.get("PipelineDisplayName", pipeline.display_name)
    pipeline.description = request.get("PipelineDescription", pipeline.description)
    pipeline.role_arn = request.get("RoleArn", pipeline.role_arn)
    pipeline.parallelism = request.get("ParallelismConfiguration", pipeline.parallelism)
    pipeline.modified_at = context.now
    pipeline.modified_by = context.identity
    return {"PipelineArn": pipeline.arn, "PipelineVersionId": pipeline.version}


def describe_pipeline(context: Context, request: Request) -> Response:
    """DescribePipeline. Returns the current version."""
    refuse_members(request, "PipelineVersionId", "PipelineVersionAlias")
    pipeline = find_pipeline(context, request["PipelineName"])
    return {
        "PipelineArn": pipeline.arn,
        "PipelineName": pipeline.name,
        "PipelineDisplayName": pipeline.display_name,
        "PipelineDefinition": pipeline.definition.text,
        "PipelineDescription": pipeline.description,
        "RoleArn": pipeline.role_arn,
        "PipelineStatus": "Active",
        "CreationTime": pipeline.created_at,
        "LastModifiedTime": pipeline.modified_at,
        "LastRunTime": pipeline.last_run_at,
        "CreatedBy": pipeline.created_by.user_context(),
        "LastModifiedBy": pipeline.modified_by.user_context(),
        "ParallelismConfiguration": pipeline.parallelism,
    }


def delete_pipeline(context: Context, request: Request) -> Response:
    """DeletePipeline, with all its executions.

    "Deletes a pipeline if there are no running instances of the pipeline. To delete a pipeline, you must stop
    all running instances" (API reference). Until then, it is a ConflictException.
    """
    arn = context.scope.pipeline_arn(request["PipelineName"])
    token = (arn, request["ClientRequestToken"])
    if arn not in context.store.pipelines and token in context.store.deleted_by_token:
        return {"PipelineArn": arn}
    pipeline = find_pipeline(context, request["PipelineName"])
    running = [arn for arn, execution in pipeline.executions.items() if execution.status in RUNNING]
    if running:
        raise conflict(
            f"Pipeline '{pipeline.arn}' cannot be deleted while it has running executions. "
            f"Stop them first: {', '.join(running[:5])}{', ...' if len(running) > 5 else ''}"
        )
    del context.store.pipelines[arn]
    context.store.deleted_by_token[token] = arn
    return {"PipelineArn": arn}


def list_pipelines(context: Context, request: Request) -> Response:
    """ListPipelines, by default latest first."""
    prefix = request.get("PipelineNamePrefix", "").lower()
    chosen = [
        pipeline
        for pipeline in context.store.in_scope(context.scope)
        if pipeline.name.lower().startswith(prefix) and created_within(pipeline.created_at, request)
    ]
    by_name = request.get("SortBy") == "Name"

    def key(pipeline: Pipeline) -> SortKey:
        return (pipeline.name.lower() if by_name else pipeline.created_at, pipeline.arn)

    shown, token = page(chosen, key, request, descending=request.get("SortOrder") != "Ascending")
    return {"PipelineSummaries": [_summary(pipeline) for pipeline in shown], "NextToken": token}


def created_within(created_at: float, request: Request) -> bool:
    """Whether a time is after CreatedAfter and before CreatedBefore, both exclusive and optional."""
    after: float | None = request.get("CreatedAfter")
    before: float | None = request.get("CreatedBefore")
    return (after is None or created_at > after) and (before is None or created_at < before)


def _summary(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "PipelineArn": pipeline.arn,
        "PipelineName": pipeline.name,
        "PipelineDisplayName": pipeline.display_name,
        "PipelineDescription": pipeline.description,
        "RoleArn": pipeline.role_arn,
        "CreationTime": pipeline.created_at,
        "LastModifiedTime": pipeline.modified_at,
        "LastExecutionTime": pipeline.last_run_at,
    }


def _definition(context: Context, request: Request) -> Definition | None:
    """Returns the definition in a request or in S3, or None if the request has neither."""
    location = request.get("PipelineDefinitionS3Location")
    if location is None:
        text = request.get("PipelineDefinition")
        return None if text is None else parse_definition(text)
    if "PipelineDefinition" in request:
        raise validation_error(
            "Only one of PipelineDefinition and PipelineDefinitionS3Location can be provided."
        )
    where = f"s3://{location['Bucket']}/{location['ObjectKey']}"
    content = context.read_object(location["Bucket"], location["ObjectKey"], location.get("VersionId"))
    if content is None:
        raise validation_error(f"Unable to read the pipeline definition: {where} does not exist.")
    if len(content) > MAX_BYTES:
        raise validation_error(f"The pipeline definition in {where} is larger than {MAX_BYTES} bytes.")
    try:
        return parse_definition(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise validation_error(
            f"Unable to parse pipeline definition. {where} is not UTF-8: {error}"
        ) from error
