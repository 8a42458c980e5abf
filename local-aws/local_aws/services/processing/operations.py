"""Create, describe, list and stop processing jobs."""

from __future__ import annotations

from typing import Any

from local_aws.protocol.errors import AwsError, not_found, validation_error
from local_aws.services.processing.model import DEFAULT_MAX_RUNTIME_SECONDS, ProcessingJob
from local_aws.services.processing.requests import check_request
from local_aws.services.sagemaker.context import Context, Request, Response
from local_aws.services.sagemaker.paging import SortKey, page
from local_aws.services.sagemaker.tags import merge_tags

_DESCRIBED = (
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "AppSpecification",
    "Environment",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
)


def create_processing_job(context: Context, request: Request) -> Response:
    """CreateProcessingJob. Names are unique until a reset."""
    check_request(request)
    name: str = request["ProcessingJobName"]
    arn = context.scope.processing_job_arn(name)
    if arn in context.jobs.by_arn:
        raise AwsError("ResourceInUse", f"Job name must be unique within an AWS account and region, and a "
                       f"processing job with this name already exists ({arn})")  # fmt: skip
    context.check_assumable(request["RoleArn"])
    job = ProcessingJob(
        name=name,
        arn=arn,
        account=context.scope.account,
        region=context.scope.region,
        request=request,
        tags=merge_tags({}, request.get("Tags", [])),
        created_at=context.now,
        modified_at=context.now,
    )
    context.jobs.by_arn[arn] = job
    context.runner.start(job)
    return {"ProcessingJobArn": arn}


def describe_processing_job(context: Context, request: Request) -> Response:
    """DescribeProcessingJob."""
    job = find_job(context, request["ProcessingJobName"])
    described = {member: job.request.get(member) for member in _DESCRIBED}
    return {
        **described,
        **_summary(job),
        "ProcessingResources": {"ClusterConfig": _cluster(job)},
        "StoppingCondition": job.request.get(
            "StoppingCondition", {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME_SECONDS}
        ),
        "ProcessingStartTime": job.started_at,
    }


def _cluster(job: ProcessingJob) -> dict[str, Any]:
    """Returns the instances. Once a job with preferences has started, they include the selected type."""
    cluster: dict[str, Any] = job.request["ProcessingResources"]["ClusterConfig"]
    if "InstancePreferences" not in cluster or job.started_at is None:
        return cluster
    return {**cluster, "SelectedInstanceType": job.instance_type, "SelectedInstanceCount": 1}


def list_processing_jobs(context: Context, request: Request) -> Response:
    """ListProcessingJobs, by default latest first."""
    by = request.get("SortBy", "CreationTime")

    def key(job: ProcessingJob) -> SortKey:
        value: dict[str, float | str] = {
            "Name": job.name.lower(),
            "Status": job.status,
            "CreationTime": job.created_at,
        }
        return value[by], job.arn

    prefix = context.scope.processing_job_arn("")
    chosen = [
        job
        for arn, job in context.jobs.by_arn.items()
        if arn.startswith(prefix) and _is_asked_for(job, request)
    ]
    shown, token = page(chosen, key, request, descending=request.get("SortOrder") != "Ascending")
    return {"ProcessingJobSummaries": [_summary(job) for job in shown], "NextToken": token}


def stop_processing_job(context: Context, request: Request) -> Response:
    """StopProcessingJob. Refused for a job that has ended. Ignored for a job that is already stopping."""
    job = find_job(context, request["ProcessingJobName"])
    if job.status not in ("InProgress", "Stopping"):
        raise validation_error(
            f"The request was rejected because the processing job is in status {job.status}."
        )
    context.runner.stop(job)
    return {}


def find_job(context: Context, name: str) -> ProcessingJob:
    """The job of this name, in the caller's account and region."""
    job = context.jobs.by_arn.get(context.scope.processing_job_arn(name))
    if job is None:
        raise not_found(f"Could not find requested job with name: {name}")
    return job


def _is_asked_for(job: ProcessingJob, request: Request) -> bool:
    times = ((job.created_at, "CreationTime"), (job.modified_at, "LastModifiedTime"))
    in_time = all(
        value > request.get(f"{name}After", float("-inf"))
        and value < request.get(f"{name}Before", float("inf"))
        for value, name in times
    )
    named = request.get("NameContains", "").lower() in job.name.lower()
    return in_time and named and request.get("StatusEquals", job.status) == job.status


def _summary(job: ProcessingJob) -> dict[str, Any]:
    return {
        "ProcessingJobName": job.name,
        "ProcessingJobArn": job.arn,
        "ProcessingJobStatus": job.status,
        "CreationTime": job.created_at,
        "LastModifiedTime": job.modified_at,
        "ProcessingEndTime": job.ended_at,
        "FailureReason": job.failure_reason,
        "ExitMessage": job.exit_message,
    }
