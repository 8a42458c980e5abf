"""Build projects and builds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from local_aws.services.processing.process import StopSignal

BuildStatus = Literal["IN_PROGRESS", "SUCCEEDED", "FAILED", "FAULT", "STOPPED", "TIMED_OUT"]


@dataclass
class PhaseRecord:
    """A phase as BatchGetBuilds shows it."""

    name: str
    started_at: float
    ended_at: float | None = None
    status: str | None = None
    message: str = ""


@dataclass
class Project:
    """A build project. Its settings are the members of CreateProject."""

    name: str
    account: str
    region: str
    settings: dict[str, Any]
    created_at: float
    modified_at: float
    builds_started: int = 0

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:codebuild:{self.region}:{self.account}:project/{self.name}"


@dataclass
class Build:
    """One run of a project."""

    id: str
    number: int
    project: Project
    settings: dict[str, Any]
    """The project's settings when the build started."""
    initiator: str
    source: tuple[str, str] | None
    """Bucket and key of a zip, for a build that CodePipeline started."""
    source_version: str | None
    overrides: list[dict[str, str]]
    """The variables from StartBuild."""
    buildspec_override: str | None
    started_at: float
    ended_at: float | None = None
    status: BuildStatus = "IN_PROGRESS"
    phases: list[PhaseRecord] = field(default_factory=list)
    stop: StopSignal = field(default_factory=StopSignal)
    log_group: str | None = None
    log_stream: str | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:codebuild:{self.project.region}:{self.project.account}:build/{self.id}"

    def failure(self) -> str:
        """The message of the first failed phase."""
        failed = [phase for phase in self.phases if phase.status not in (None, "SUCCEEDED")]
        return f"{failed[0].name}: {failed[0].message}" if failed else ""
