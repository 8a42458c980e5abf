"""Answers with pipelines and executions."""

from __future__ import annotations

from typing import Any

from local_aws.services.codepipeline.model import ActionRun, Execution, Pipeline, Revision, Stage


def shown(pipeline: Pipeline) -> dict[str, Any]:
    """Its declaration, with its version."""
    return {**pipeline.declaration, "version": pipeline.version}


def pipeline_summary(pipeline: Pipeline) -> dict[str, Any]:
    """A pipeline in a list."""
    return {
        "name": pipeline.name,
        "version": pipeline.version,
        "pipelineType": pipeline.declaration.get("pipelineType"),
        "executionMode": pipeline.declaration.get("executionMode"),
        "created": pipeline.created_at,
        "updated": pipeline.updated_at,
    }


def execution_detail(pipeline: Pipeline, execution: Execution) -> dict[str, Any]:
    """An execution by itself."""
    revision = execution.revision
    return {
        **_execution(execution),
        "pipelineName": pipeline.name,
        "pipelineVersion": execution.version,
        "artifactRevisions": [{"name": revision.artifact, **_commit(revision)}] if revision else [],
        "executionMode": pipeline.declaration.get("executionMode", "SUPERSEDED"),
    }


def execution_summary(execution: Execution) -> dict[str, Any]:
    """An execution in a list."""
    revision = execution.revision
    return {
        **_execution(execution),
        "startTime": execution.started_at,
        "lastUpdateTime": execution.updated_at,
        "sourceRevisions": [{"actionName": "Source", **_commit(revision)}] if revision else [],
        "executionMode": "SUPERSEDED",
    }


def _execution(execution: Execution) -> dict[str, Any]:
    return {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.summary,
        "trigger": {"triggerType": execution.trigger[0], "triggerDetail": execution.trigger[1]},
        "executionType": "STANDARD",
    }


def _commit(revision: Revision) -> dict[str, str]:
    return {"revisionId": revision.commit, "revisionSummary": revision.summary}


def state(pipeline: Pipeline) -> dict[str, Any]:
    """The state of a pipeline's stages and actions."""
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.version,
        "stageStates": [_stage_state(declared, pipeline) for declared in pipeline.declaration["stages"]],
        "created": pipeline.created_at,
        "updated": pipeline.updated_at,
    }


def _stage_state(declared: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
    stage = pipeline.stages.get(declared["name"], Stage())
    latest = {"pipelineExecutionId": stage.latest, "status": stage.status} if stage.latest else None
    return {
        "stageName": declared["name"],
        "inboundTransitionState": {"enabled": True},
        "actionStates": [
            {
                "actionName": action["name"],
                "latestExecution": _action_state(stage.actions.get(action["name"])),
            }
            for action in declared["actions"]
        ],
        "latestExecution": latest,
    }


def _action_state(run: ActionRun | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "status": run.status,
        "lastStatusChange": run.at,
        "externalExecutionId": run.external_id,
        "summary": run.summary,
        "errorDetails": {"code": run.error[0], "message": run.error[1]} if run.error else None,
    }
