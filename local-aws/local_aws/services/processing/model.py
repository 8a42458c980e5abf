"""The state of processing jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

JobStatus = Literal["InProgress", "Completed", "Failed", "Stopping", "Stopped"]
ENDED: Final[frozenset[JobStatus]] = frozenset({"Completed", "Failed", "Stopped"})
DEFAULT_MAX_RUNTIME_SECONDS: Final = 86400


@dataclass
class ProcessingJob:
    """A job, its request as it was sent."""

    name: str
    arn: str
    account: str
    region: str
    request: dict[str, Any]
    tags: dict[str, str]
    created_at: float
    modified_at: float
    status: JobStatus = "InProgress"
    started_at: float | None = None
    ended_at: float | None = None
    exit_message: str | None = None
    failure_reason: str | None = None

    @property
    def role_arn(self) -> str:
        """The role that the job runs as."""
        return str(self.request["RoleArn"])

    @property
    def instance_type(self) -> str:
        """The instance type: the only one, or the first of the preferences. All have capacity here."""
        cluster = self.request["ProcessingResources"]["ClusterConfig"]
        first = cluster.get("InstancePreferences", [cluster])[0]
        return str(first["InstanceType"])

    @property
    def instance_count(self) -> int:
        """The number of instances."""
        cluster = self.request["ProcessingResources"]["ClusterConfig"]
        return int(cluster.get("InstanceCount", 1))

    @property
    def max_runtime_seconds(self) -> int:
        """How long the container may run."""
        condition = self.request.get("StoppingCondition", {})
        return int(condition.get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME_SECONDS))

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """The ``ProcessingInputs``."""
        return list(self.request.get("ProcessingInputs", []))

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The outputs of the ``ProcessingOutputConfig``."""
        return list(self.request.get("ProcessingOutputConfig", {}).get("Outputs", []))


class JobError(Exception):
    """The ``FailureReason`` of a failed job."""


@dataclass
class ProcessingJobs:
    """All processing jobs by ARN."""

    by_arn: dict[str, ProcessingJob] = field(default_factory=dict)
