"""The state of pipelines and executions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Identity
from local_aws.services.sagemaker.definition import Definition

Status = Literal["Executing", "Stopping", "Stopped", "Failed", "Succeeded"]
RUNNING: frozenset[Status] = frozenset({"Executing", "Stopping"})
"""The statuses that count against the limit of concurrent executions."""


StepsMode = Literal["run", "hold"]
"""Whether the steps of an execution run, or the execution stays Executing."""


StepStatus = Literal["Starting", "Executing", "Stopping", "Stopped", "Failed", "Succeeded"]
STEP_ENDED: frozenset[StepStatus] = frozenset({"Stopped", "Failed", "Succeeded"})


@dataclass
class Step:
    """A started step of an execution."""

    name: str
    display_name: str | None
    description: str | None
    started_at: float
    status: StepStatus = "Starting"
    ended_at: float | None = None
    failure_reason: str | None = None
    job_arn: str | None = None
    """The processing job of the latest attempt."""
    attempts: int = 0


@dataclass
class Execution:
    """One run of a pipeline, with the definition and the parameters it was started with."""

    arn: str
    pipeline_arn: str
    display_name: str
    description: str | None
    parameters: list[tuple[str, str]]
    parallelism: dict[str, Any] | None
    definition: Definition
    version: int
    created_at: float
    created_by: Identity
    modified_at: float
    modified_by: Identity
    status: Status = "Executing"
    stop_token: str | None = None
    stops_at: float | None = None
    """When a held execution changes from Stopping to Stopped."""
    held: bool = False
    """Whether its steps do not run. It stays Executing until it is stopped."""
    role_arn: str = ""
    """The pipeline's role when it was started."""
    failure_reason: str | None = None
    steps: list[Step] = field(default_factory=list)
    """In the order they were started."""

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]


@dataclass
class Pipeline:
    """A pipeline with all its executions and the tokens that started them."""

    name: str
    arn: str
    display_name: str
    definition: Definition
    description: str | None
    role_arn: str
    parallelism: dict[str, Any] | None
    tags: dict[str, str]
    create_request: dict[str, Any]
    created_at: float
    created_by: Identity
    modified_at: float
    modified_by: Identity
    version: int = 1
    last_run_at: float | None = None
    executions: dict[str, Execution] = field(default_factory=dict)
    started_by_token: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """Maps a client request token to the execution's ARN and the request that started it."""


@dataclass
class Store:
    """All pipelines by ARN, and the ARNs of deleted pipelines by token."""

    max_concurrent_executions: int
    steps: StepsMode = "run"
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    deleted_by_token: dict[tuple[str, str], str] = field(default_factory=dict)

    def in_scope(self, scope: Scope) -> list[Pipeline]:
        """The pipelines of an account in a region, oldest first."""
        prefix = scope.pipeline_arn("")
        return [pipeline for arn, pipeline in self.pipelines.items() if arn.startswith(prefix)]

    def running(self, scope: Scope) -> int:
        """Returns the number of executions in an account and region that count against the limit."""
        return sum(
            execution.status in RUNNING
            for pipeline in self.in_scope(scope)
            for execution in pipeline.executions.values()
        )

    def clear(self) -> None:
        """Clear everything except the limit."""
        self.pipelines.clear()
        self.deleted_by_token.clear()
