"""Answers with build projects and builds."""

from __future__ import annotations

from typing import Any

from local_aws.services.codebuild.model import Build, PhaseRecord, Project


def shown_project(project: Project) -> dict[str, Any]:
    """A project with its settings."""
    return {
        "name": project.name,
        "arn": project.arn,
        **project.settings,
        "created": project.created_at,
        "lastModified": project.modified_at,
    }


def shown_build(build: Build) -> dict[str, Any]:
    """A build with its phases."""
    logs = {"groupName": build.log_group, "streamName": build.log_stream} if build.log_group else None
    return {
        "id": build.id,
        "arn": build.arn,
        "buildNumber": build.number,
        "startTime": build.started_at,
        "endTime": build.ended_at,
        "currentPhase": build.phases[-1].name if build.phases else "SUBMITTED",
        "buildStatus": build.status,
        "sourceVersion": build.source_version,
        "resolvedSourceVersion": build.source_version,
        "projectName": build.project.name,
        "phases": [_shown_phase(phase) for phase in build.phases],
        "source": build.settings["source"],
        "artifacts": {"location": ""},
        "environment": build.settings["environment"],
        "serviceRole": build.settings["serviceRole"],
        "logs": logs,
        "timeoutInMinutes": build.settings.get("timeoutInMinutes", 60),
        "queuedTimeoutInMinutes": build.settings.get("queuedTimeoutInMinutes", 480),
        "buildComplete": build.ended_at is not None,
        "initiator": build.initiator,
    }


def _shown_phase(phase: PhaseRecord) -> dict[str, Any]:
    code, _, message = phase.message.partition(": ")
    return {
        "phaseType": phase.name,
        "phaseStatus": phase.status,
        "startTime": phase.started_at,
        "endTime": phase.ended_at,
        "durationInSeconds": None if phase.ended_at is None else int(phase.ended_at - phase.started_at),
        "contexts": [{"statusCode": code, "message": message}] if phase.message else [],
    }
