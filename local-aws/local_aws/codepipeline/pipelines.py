"""The operations on pipelines and their executions."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

from local_aws.caller import Caller
from local_aws.codepipeline.engine import Engine
from local_aws.codepipeline.model import ActionRun, Execution, Pipeline, Stage
from local_aws.errors import AwsError
from local_aws.json_service import Operation, Protocol11, Request, Response, refuse
from local_aws.sagemaker.arns import Scope
from local_aws.sagemaker.operations import Check

PROTOCOL: Final = Protocol11("codepipeline", "CodePipeline_20150709.", "codepipeline")
_PROVIDERS: Final = {
    ("Source", "CodeCommit"): ("RepositoryName", "BranchName"),
    ("Build", "CodeBuild"): ("ProjectName",),
}
_CONFIGURATION: Final = {
    "CodeCommit": {"RepositoryName", "BranchName", "PollForSourceChanges", "OutputArtifactFormat"},
    "CodeBuild": {"ProjectName"},
}
_DECLARED: Final = {"name", "roleArn", "artifactStore", "stages", "version", "executionMode", "pipelineType"}
_ACTION: Final = {
    "name",
    "actionTypeId",
    "runOrder",
    "configuration",
    "outputArtifacts",
    "inputArtifacts",
    "region",
    "namespace",
}
_NAME: Final = re.compile(r"[A-Za-z0-9.@\-_]{1,100}")


class Pipelines:
    """The pipelines of all accounts and regions."""

    def __init__(self, engine: Engine, trusts: Callable[[str, str], bool]) -> None:
        self._engine = engine
        self._trusts = trusts
        self.by_arn: dict[str, Pipeline] = {}

    def stop_all(self) -> None:
        """Let executions end."""
        for pipeline in self.by_arn.values():
            for execution in pipeline.executions.values():
                if execution.status == "InProgress":
                    execution.status = "Stopped"

    def clear(self) -> None:
        """Forget everything; what runs is stopped."""
        self.stop_all()
        self.by_arn.clear()

    def create(self, caller: Caller, request: Request) -> Response:
        """CreatePipeline. It is run at once, as on AWS."""
        declaration = self._checked(request["pipeline"])
        arn = _arn(caller.scope, declaration["name"])
        if arn in self.by_arn:
            raise AwsError(
                "PipelineNameInUseException",
                f"A pipeline with the name '{declaration['name']}' already exists.",
            )
        pipeline = Pipeline(
            account=caller.scope.account,
            region=caller.scope.region,
            declaration=declaration,
            created_at=caller.now,
            updated_at=caller.now,
            tags={tag["key"]: tag["value"] for tag in request.get("tags", [])},
        )
        self.by_arn[arn] = pipeline
        self.start(pipeline, ("CreatePipeline", _who(caller)), caller.now)
        tags = [{"key": key, "value": value} for key, value in pipeline.tags.items()]
        return {"pipeline": _shown(pipeline), "tags": tags}

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdatePipeline. It is not run by this."""
        declaration = self._checked(request["pipeline"])
        pipeline = self.find(caller.scope, declaration["name"])
        pipeline.declaration = declaration
        pipeline.version += 1
        pipeline.updated_at = caller.now
        return {"pipeline": _shown(pipeline)}

    def delete(self, caller: Caller, request: Request) -> Response:
        """DeletePipeline. One that is not there is no error, as on AWS; what runs goes on to its end."""
        self.by_arn.pop(_arn(caller.scope, request["name"]), None)
        return {}

    def get(self, caller: Caller, request: Request) -> Response:
        """GetPipeline, its latest version."""
        refuse(request, "version")
        pipeline = self.find(caller.scope, request["name"])
        metadata = {
            "pipelineArn": pipeline.arn,
            "created": pipeline.created_at,
            "updated": pipeline.updated_at,
        }
        return {"pipeline": _shown(pipeline), "metadata": metadata}

    def list_pipelines(self, caller: Caller, request: Request) -> Response:
        """ListPipelines by name, all on one page."""
        refuse(request, "nextToken", "maxResults")
        here = [item for arn, item in self.by_arn.items() if arn.startswith(_arn(caller.scope, ""))]
        return {
            "pipelines": [
                {
                    "name": item.name,
                    "version": item.version,
                    "pipelineType": item.declaration.get("pipelineType"),
                    "executionMode": item.declaration.get("executionMode"),
                    "created": item.created_at,
                    "updated": item.updated_at,
                }
                for item in sorted(here, key=lambda item: item.name)
            ]
        }

    def start_execution(self, caller: Caller, request: Request) -> Response:
        """StartPipelineExecution. The same token again answers the first execution."""
        refuse(request, "variables", "sourceRevisions")
        pipeline = self.find(caller.scope, request["name"])
        token = request.get("clientRequestToken")
        for known in pipeline.executions.values():
            if token is not None and known.token == token:
                return {"pipelineExecutionId": known.id}
        execution = self.start(pipeline, ("StartPipelineExecution", _who(caller)), caller.now)
        execution.token = token
        return {"pipelineExecutionId": execution.id}

    def start(self, pipeline: Pipeline, trigger: tuple[str, str], now: float) -> Execution:
        """Run a pipeline."""
        execution = Execution(
            id=str(uuid.uuid4()), version=pipeline.version, trigger=trigger, started_at=now, updated_at=now
        )
        pipeline.executions[execution.id] = execution
        self._engine.start(pipeline, execution)
        return execution

    def get_execution(self, caller: Caller, request: Request) -> Response:
        """GetPipelineExecution."""
        pipeline = self.find(caller.scope, request["pipelineName"])
        execution = pipeline.executions.get(request["pipelineExecutionId"])
        if execution is None:
            raise AwsError(
                "PipelineExecutionNotFoundException",
                f"Pipeline execution {request['pipelineExecutionId']} of {pipeline.name} does not exist.",
            )
        revision = execution.revision
        return {
            "pipelineExecution": {
                "pipelineName": pipeline.name,
                "pipelineVersion": execution.version,
                "pipelineExecutionId": execution.id,
                "status": execution.status,
                "statusSummary": execution.summary,
                "artifactRevisions": [
                    {
                        "name": revision.artifact,
                        "revisionId": revision.commit,
                        "revisionSummary": revision.summary,
                    }
                ]
                if revision
                else [],
                "trigger": _trigger(execution),
                "executionMode": pipeline.declaration.get("executionMode", "SUPERSEDED"),
                "executionType": "STANDARD",
            }
        }

    def list_executions(self, caller: Caller, request: Request) -> Response:
        """ListPipelineExecutions, latest first."""
        refuse(request, "nextToken", "filter")
        pipeline = self.find(caller.scope, request["pipelineName"])
        latest = list(pipeline.executions.values())[::-1][: request.get("maxResults", 100)]
        return {"pipelineExecutionSummaries": [_summary(execution) for execution in latest]}

    def state(self, caller: Caller, request: Request) -> Response:
        """GetPipelineState."""
        pipeline = self.find(caller.scope, request["name"])
        stages = [_stage_state(declared, pipeline) for declared in pipeline.declaration["stages"]]
        return {
            "pipelineName": pipeline.name,
            "pipelineVersion": pipeline.version,
            "stageStates": stages,
            "created": pipeline.created_at,
            "updated": pipeline.updated_at,
        }

    def _checked(self, given: dict[str, Any]) -> dict[str, Any]:
        declaration = _checked(given)
        if not self._trusts(declaration["roleArn"], "codepipeline.amazonaws.com"):
            raise _structure(
                f"CodePipeline is not authorized to perform AssumeRole on role {declaration['roleArn']}"
            )
        return declaration

    def find(self, scope: Scope, name: str) -> Pipeline:
        """A pipeline of an account and region."""
        found = self.by_arn.get(_arn(scope, name))
        if found is None:
            raise AwsError(
                "PipelineNotFoundException",
                f"Account '{scope.account}' does not have a pipeline with name '{name}'",
            )
        return found


def operations(pipelines: Pipelines) -> dict[str, Operation]:
    """All operations by name; IAM decides them on the pipeline."""
    runs = {
        "CreatePipeline": pipelines.create,
        "DeletePipeline": pipelines.delete,
        "GetPipeline": pipelines.get,
        "GetPipelineExecution": pipelines.get_execution,
        "GetPipelineState": pipelines.state,
        "ListPipelineExecutions": pipelines.list_executions,
        "ListPipelines": pipelines.list_pipelines,
        "StartPipelineExecution": pipelines.start_execution,
        "UpdatePipeline": pipelines.update,
    }
    return {name: Operation(run, _checks(name)) for name, run in runs.items()}


def _checks(operation: str) -> Callable[[Scope, Request], Iterator[Check]]:
    def checks(scope: Scope, request: Request) -> Iterator[Check]:
        declared = request.get("pipeline", {})
        named = request.get("name") or request.get("pipelineName") or declared.get("name")
        resource = _arn(scope, named) if named else "*"
        yield Check(f"codepipeline:{operation}", resource, {})
        if declared.get("roleArn"):
            passed = {"iam:PassedToService": "codepipeline.amazonaws.com"}
            yield Check("iam:PassRole", declared["roleArn"], passed)

    return checks


def _arn(scope: Scope, name: str) -> str:
    return f"arn:aws:codepipeline:{scope.region}:{scope.account}:{name}"


def _who(caller: Caller) -> str:
    return caller.identity.arn if caller.identity else "cloudformation.amazonaws.com"


def _checked(declaration: dict[str, Any]) -> dict[str, Any]:
    """A declaration that can be run here: sources in CodeCommit, builds in CodeBuild."""
    if _NAME.fullmatch(declaration["name"]) is None:
        raise _structure(f"'{declaration['name']}' is not a name of a pipeline.")
    unknown = sorted(declaration.keys() - _DECLARED)
    if unknown:
        raise _structure(f"local-aws does not implement {', '.join(unknown)} of a pipeline.")
    if declaration.get("executionMode", "SUPERSEDED") != "SUPERSEDED":
        raise _structure(f"local-aws does not implement the execution mode {declaration['executionMode']}.")
    if "location" not in declaration.get("artifactStore", {}):
        raise _structure("A pipeline needs an artifactStore with a location.")
    stages = declaration["stages"]
    if len(stages) < 2:
        raise _structure(
            "Pipeline should have at least 2 stages, and start with one that only contains source actions."
        )
    names = [stage["name"] for stage in stages]
    if len(set(names)) != len(names):
        raise _structure("Stage names must be unique.")
    made: set[str] = set()
    for at, stage in enumerate(stages):
        for action in stage["actions"]:
            _check_action(stage["name"], action, at == 0)
            missing = {item["name"] for item in action.get("inputArtifacts", [])} - made
            if missing:
                raise AwsError(
                    "InvalidActionDeclarationException",
                    f"Action {action['name']}: no action before has the output {', '.join(sorted(missing))}.",
                )
            made |= {item["name"] for item in action.get("outputArtifacts", [])}
    return copy.deepcopy(declaration)


def _check_action(stage: str, action: dict[str, Any], first: bool) -> None:
    kind = action["actionTypeId"]
    category, provider = kind["category"], kind["provider"]

    def refused(why: str) -> AwsError:
        return AwsError(
            "InvalidActionDeclarationException", f"Action {action['name']} of stage {stage}: {why}"
        )

    if (category, provider) not in _PROVIDERS or kind["owner"] != "AWS":
        raise refused(f"local-aws does not implement the provider {provider} of {category} actions.")
    unknown = sorted(action.keys() - _ACTION)
    if unknown:
        raise refused(f"local-aws does not implement {', '.join(unknown)}.")
    configuration = action.get("configuration", {})
    missing = [name for name in _PROVIDERS[category, provider] if not configuration.get(name)]
    if missing:
        raise refused(f"its configuration is missing {', '.join(missing)}.")
    strange = sorted(configuration.keys() - _CONFIGURATION[provider])
    if strange or configuration.get("OutputArtifactFormat", "CODE_ZIP") != "CODE_ZIP":
        raise refused(f"local-aws does not implement {', '.join(strange) or 'this OutputArtifactFormat'}.")
    if (category == "Source") != first:
        raise refused("the first stage, and no other, must have source actions.")
    if category == "Source" and len(action.get("outputArtifacts", [])) != 1:
        raise refused("a source action has one output artifact.")
    if category == "Build" and (len(action.get("inputArtifacts", [])) != 1 or action.get("outputArtifacts")):
        raise refused("local-aws builds from one input artifact, and to no output artifact.")


def _structure(message: str) -> AwsError:
    return AwsError("InvalidStructureException", message)


def _shown(pipeline: Pipeline) -> dict[str, Any]:
    return {**pipeline.declaration, "version": pipeline.version}


def _trigger(execution: Execution) -> dict[str, str]:
    return {"triggerType": execution.trigger[0], "triggerDetail": execution.trigger[1]}


def _summary(execution: Execution) -> dict[str, Any]:
    revision = execution.revision
    revisions = (
        [{"actionName": "Source", "revisionId": revision.commit, "revisionSummary": revision.summary}]
        if revision
        else []
    )
    return {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.summary,
        "startTime": execution.started_at,
        "lastUpdateTime": execution.updated_at,
        "sourceRevisions": revisions,
        "trigger": _trigger(execution),
        "executionMode": "SUPERSEDED",
        "executionType": "STANDARD",
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
