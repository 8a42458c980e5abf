"""Runs a Processing step: creates the processing job through the API, with the pipeline's role."""

from __future__ import annotations

import re
import secrets
import string
import threading
import time
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.background import Background
from local_aws.clients import Clients, Keys
from local_aws.services.processing.model import ENDED, ProcessingJob, ProcessingJobs
from local_aws.services.processing.runner import JobRunner
from local_aws.services.sagemaker.expressions import ExpressionError, Resolver
from local_aws.services.sagemaker.model import Execution, Pipeline, Step
from local_aws.services.sagemaker.retries import Retries, StepFailedError

_ALPHABET: Final = string.ascii_letters + string.digits
_NOT_CREATED: Final = "ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details:"
_KINDS: Final = {
    "ThrottlingException": "Step.THROTTLING",
    "ResourceLimitExceeded": "SageMaker.RESOURCE_LIMIT",
    "InternalFailure": "Step.SERVICE_FAULT",
    "ServiceUnavailable": "Step.SERVICE_FAULT",
}


class StepStoppedError(Exception):
    """The step was stopped with its execution."""


class StepRunner:
    """Runs steps, including retries."""

    def __init__(
        self,
        runner: JobRunner,
        jobs: ProcessingJobs,
        clients: Clients,
        keys: Keys,
        background: Background,
        lock: threading.RLock,
    ) -> None:
        self._runner = runner
        self._jobs = jobs
        self._clients = clients
        self._keys = keys
        self._background = background
        self._lock = lock

    def run(self, pipeline: Pipeline, execution: Execution, definition: dict[str, Any], step: Step) -> None:
        """Run a step. Raises StepFailedError or StepStoppedError unless it succeeds."""
        if definition["Type"] != "Processing":
            raise StepFailedError(
                f"ClientError: local-aws runs steps of type Processing only, not of type {definition['Type']}"
            )
        retries = Retries(definition.get("RetryPolicies"))
        while True:
            try:
                self._attempt(pipeline, execution, definition, step)
            except StepFailedError as failure:
                wait = retries.wait_after(failure)
                if wait is None:
                    raise
                self._background.sleep(wait)
            else:
                return

    def _attempt(
        self, pipeline: Pipeline, execution: Execution, definition: dict[str, Any], step: Step
    ) -> None:
        with self._lock:
            _stop_if_stopping(execution)
            step.attempts += 1
        request = self._request(pipeline, execution, definition)
        job = self._create(execution, pipeline, request)
        with self._lock:
            step.job_arn = job.arn
            if execution.status == "Stopping":
                self._runner.stop(job)
            elif step.status == "Starting":
                step.status = "Executing"
        self._runner.wait(lambda: job.status in ENDED)
        with self._lock:
            if job.status == "Completed":
                return
            _stop_if_stopping(execution)
            reason = job.failure_reason or "the processing job was stopped"
        internal = reason.startswith("InternalServerError")
        raise StepFailedError(f"ClientError: {reason}", "SageMaker.JOB_INTERNAL_ERROR" if internal else None)

    def _request(
        self, pipeline: Pipeline, execution: Execution, definition: dict[str, Any]
    ) -> dict[str, Any]:
        def describe(name: str) -> dict[str, Any]:
            with self._lock:
                arn = next((step.job_arn for step in execution.steps if step.name == name), None)
                job = self._jobs.by_arn.get(arn or "")
                return {} if job is None else {**job.request, "ProcessingJobArn": job.arn}

        try:
            resolver = Resolver(pipeline, execution, time.time(), describe)
            resolved: dict[str, Any] = resolver.resolve(definition.get("Arguments") or {})
        except (ExpressionError, RecursionError) as error:
            raise StepFailedError(f"ClientError: Unable to resolve the arguments: {error}") from error
        return {**resolved, "ProcessingJobName": _job_name(execution.id, definition["Name"])}

    def _create(self, execution: Execution, pipeline: Pipeline, request: dict[str, Any]) -> ProcessingJob:
        _, _, _, region, account, _ = pipeline.arn.split(":", 5)
        key = self._keys.role_key(execution.role_arn, account)
        sagemaker = self._clients.client("sagemaker", region, key, attempts=1)
        try:
            arn = sagemaker.create_processing_job(**request)["ProcessingJobArn"]
        except ClientError as error:
            failure = error.response["Error"]
            reason = f"{_NOT_CREATED} {failure['Message']}"
            raise StepFailedError(reason, _KINDS.get(failure["Code"])) from error
        except (BotoCoreError, KeyError, TypeError, AttributeError) as error:
            raise StepFailedError(f"{_NOT_CREATED} {error}") from error
        with self._lock:
            if arn not in self._jobs.by_arn:
                raise StepStoppedError
            return self._jobs.by_arn[arn]


def _job_name(execution_id: str, step: str) -> str:
    """``pipelines-<execution>-<step>-<10 random characters>``, at most 63 characters."""
    random = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    room = 63 - len(f"pipelines-{execution_id}--{random}")
    return f"pipelines-{execution_id}-{re.sub('[^a-zA-Z0-9-]', '-', step)[:room]}-{random}"


def _stop_if_stopping(execution: Execution) -> None:
    if execution.status == "Stopping":
        raise StepStoppedError
