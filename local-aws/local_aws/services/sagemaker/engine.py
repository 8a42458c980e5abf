"""Runs the steps of executions, in parallel. A step starts when its dependencies have succeeded.

After a failure, no further step starts. Running steps finish.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from local_aws.background import Background
from local_aws.services.processing.model import ProcessingJobs
from local_aws.services.processing.runner import JobRunner
from local_aws.services.sagemaker.definition import gets
from local_aws.services.sagemaker.model import STEP_ENDED, Execution, Pipeline, Step, StepStatus
from local_aws.services.sagemaker.retries import StepFailedError
from local_aws.services.sagemaker.steps import StepRunner, StepStoppedError

_log = logging.getLogger("local_aws")
DEFAULT_PARALLELISM: Final = 50


class PipelineEngine:
    """Starts and stops executions. The service's lock guards their state."""

    def __init__(
        self,
        runner: JobRunner,
        steps: StepRunner,
        jobs: ProcessingJobs,
        background: Background,
        lock: threading.RLock,
    ) -> None:
        self._runner = runner
        self._steps = steps
        self._jobs = jobs
        self._background = background
        self._lock = lock

    def start(self, pipeline: Pipeline, execution: Execution) -> None:
        """Run an execution's steps in the background."""
        self._background.spawn(f"execution-{execution.id}", lambda: self._run(pipeline, execution))

    def stop(self, execution: Execution) -> None:
        """Stop the jobs of an execution that is Stopping. The caller must hold the lock."""
        for step in execution.steps:
            if step.status not in STEP_ENDED:
                step.status = "Stopping"
                if step.job_arn in self._jobs.by_arn:
                    self._runner.stop(self._jobs.by_arn[step.job_arn])
        self._runner.wake()

    def _run(self, pipeline: Pipeline, execution: Execution) -> None:
        waiting = {step["Name"]: step for step in execution.definition.steps}
        limit = (execution.parallelism or {}).get("MaxParallelExecutionSteps", DEFAULT_PARALLELISM)
        with self._lock:
            while True:
                running = sum(step.status not in STEP_ENDED for step in execution.steps)
                if execution.status == "Stopping" or _has_failed(execution):
                    waiting.clear()
                ready = list(_ready(waiting, execution))[: limit - running]
                for name in ready:
                    self._start_step(pipeline, execution, waiting.pop(name))
                if not ready and not running:
                    break
                self._runner.wait_for_change()
            self._finish(execution, list(waiting))

    def _start_step(self, pipeline: Pipeline, execution: Execution, definition: dict[str, Any]) -> None:
        step = Step(
            name=definition["Name"],
            display_name=_text_of(definition, "DisplayName"),
            description=_text_of(definition, "Description"),
            started_at=time.time(),
        )
        execution.steps.append(step)
        self._background.spawn(
            f"step-{execution.id}-{step.name}", lambda: self._run_step(pipeline, execution, definition, step)
        )

    def _run_step(
        self, pipeline: Pipeline, execution: Execution, definition: dict[str, Any], step: Step
    ) -> None:
        status: StepStatus = "Failed"
        reason = None
        try:
            self._steps.run(pipeline, execution, definition, step)
            status = "Succeeded"
        except StepStoppedError:
            status = "Stopped"
        except StepFailedError as failure:
            reason = failure.reason
        except Exception:
            _log.exception("The step %s failed within local-aws", step.name)
            reason = "InternalServerError: local-aws failed to run the step. See its log."
        with self._lock:
            step.status = status
            step.failure_reason = reason[:1024] if reason else None
            step.ended_at = time.time()
            self._runner.wake()

    def _finish(self, execution: Execution, never_started: list[str]) -> None:
        if execution.status == "Stopping":
            execution.status = "Stopped"
        elif _has_failed(execution):
            execution.status = "Failed"
            execution.failure_reason = "Step failure: One or multiple steps failed."
        elif never_started:
            execution.status = "Failed"
            execution.failure_reason = f"These steps wait for each other: {', '.join(never_started)}."
        else:
            execution.status = "Succeeded"
        execution.modified_at = time.time()


def _has_failed(execution: Execution) -> bool:
    return any(step.status in ("Failed", "Stopped") for step in execution.steps)


def _ready(waiting: dict[str, dict[str, Any]], execution: Execution) -> Iterator[str]:
    succeeded = {step.name for step in execution.steps if step.status == "Succeeded"}
    return (name for name, step in waiting.items() if _needs(step) <= succeeded)


def _needs(step: dict[str, Any]) -> set[str]:
    """The names of the steps that a step depends on, in DependsOn or by reference."""
    referred = [str(target) for target in gets(step.get("Arguments"))]
    steps = {re.split(r"[.\[]", target)[1] for target in referred if target.startswith("Steps.")}
    return steps | set(step.get("DependsOn", []))


def _text_of(definition: dict[str, Any], member: str) -> str | None:
    value = definition.get(member)
    return value if isinstance(value, str) else None
