"""Pipelines and their executions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

ExecutionStatus = Literal["InProgress", "Succeeded", "Failed", "Superseded", "Stopped"]


@dataclass
class ActionRun:
    """The state of an action."""

    status: Literal["InProgress", "Succeeded", "Failed"]
    at: float
    external_id: str | None = None
    summary: str | None = None
    error: tuple[str, str] | None = None
    """Code and message."""


@dataclass
class Revision:
    """The commit of an execution."""

    artifact: str
    commit: str
    summary: str


@dataclass
class Execution:
    """One run of a pipeline."""

    id: str
    version: int
    trigger: tuple[str, str]
    """Type and detail."""
    started_at: float
    updated_at: float
    status: ExecutionStatus = "InProgress"
    summary: str | None = None
    revision: Revision | None = None
    objects: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Maps an artifact to the bucket and key of its zip."""
    token: str | None = None


@dataclass
class Stage:
    """The execution in a stage, and the one that waits for it."""

    running: str | None = None
    waiting: str | None = None
    latest: str | None = None
    """The latest execution in the stage."""
    status: str | None = None
    actions: dict[str, ActionRun] = field(default_factory=dict)


@dataclass
class Pipeline:
    """A pipeline with its executions."""

    account: str
    region: str
    declaration: dict[str, Any]
    created_at: float
    updated_at: float
    tags: dict[str, str]
    version: int = 1
    executions: dict[str, Execution] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.declaration["name"])

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:codepipeline:{self.region}:{self.account}:{self.name}"
