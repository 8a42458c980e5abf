"""The operations on pipelines and their executions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

from local_aws.protocol.arns import Scope
from local_aws.protocol.by_name import ByName
from local_aws.protocol.caller import Caller, Check
from local_aws.protocol.dispatcher import Request, Response
from local_aws.protocol.errors import AwsError
from local_aws.protocol.json_service import JsonProtocol, Operation, decided_by, refuse
from local_aws.services.codepipeline.answers import (
    execution_detail,
    execution_summary,
    pipeline_summary,
    shown,
    state,
)
from local_aws.services.codepipeline.declaration import checked, structure_error
from local_aws.services.codepipeline.engine import Engine
from local_aws.services.codepipeline.model import Execution, Pipeline

PROTOCOL: Final = JsonProtocol("codepipeline", "CodePipeline_20150709.", "codepipeline")


class Pipelines(ByName[Pipeline]):
    """The pipelines of all accounts and regions."""

    def __init__(self, engine: Engine, trusts: Callable[[str, str], bool]) -> None:
        super().__init__(_arn, _missing)
        self._engine = engine
        self._trusts = trusts

    def stop_all(self) -> None:
        """Stop all executions."""
        for pipeline in self.by_arn.values():
            for execution in pipeline.executions.values():
                if execution.status == "InProgress":
                    execution.status = "Stopped"

    def clear(self) -> None:
        """Clear all state, and stop everything that runs."""
        self.stop_all()
        self.by_arn.clear()

    def create(self, caller: Caller, request: Request) -> Response:
        """CreatePipeline. Starts an execution, as on AWS."""
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
        return {"pipeline": shown(pipeline), "tags": tags}

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdatePipeline. Starts no execution."""
        declaration = self._checked(request["pipeline"])
        pipeline = self.find(caller.scope, declaration["name"])
        pipeline.declaration = declaration
        pipeline.version += 1
        pipeline.updated_at = caller.now
        return {"pipeline": shown(pipeline)}

    def delete(self, caller: Caller, request: Request) -> Response:
        """DeletePipeline. Ignores an unknown pipeline, as on AWS. Running executions finish."""
        self.by_arn.pop(_arn(caller.scope, request["name"]), None)
        return {}

    def get(self, caller: Caller, request: Request) -> Response:
        """GetPipeline. Returns the latest version."""
        refuse(request, "version")
        pipeline = self.find(caller.scope, request["name"])
        metadata = {
            "pipelineArn": pipeline.arn,
            "created": pipeline.created_at,
            "updated": pipeline.updated_at,
        }
        return {"pipeline": shown(pipeline), "metadata": metadata}

    def list_pipelines(self, caller: Caller, request: Request) -> Response:
        """ListPipelines by name, all on one page."""
        refuse(request, "nextToken", "maxResults")
        return {"pipelines": [pipeline_summary(item) for item in self.here(caller.scope)]}

    def start_execution(self, caller: Caller, request: Request) -> Response:
        """StartPipelineExecution. The same token returns the first execution again."""
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
        """Start an execution of a pipeline."""
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
        return {"pipelineExecution": execution_detail(pipeline, execution)}

    def list_executions(self, caller: Caller, request: Request) -> Response:
        """ListPipelineExecutions, latest first."""
        refuse(request, "nextToken", "filter")
        pipeline = self.find(caller.scope, request["pipelineName"])
        latest = list(pipeline.executions.values())[::-1][: request.get("maxResults", 100)]
        return {"pipelineExecutionSummaries": [execution_summary(execution) for execution in latest]}

    def state(self, caller: Caller, request: Request) -> Response:
        """GetPipelineState."""
        pipeline = self.find(caller.scope, request["name"])
        return state(pipeline)

    def _checked(self, given: dict[str, Any]) -> dict[str, Any]:
        declaration = checked(given)
        if not self._trusts(declaration["roleArn"], "codepipeline.amazonaws.com"):
            raise structure_error(
                f"CodePipeline is not authorized to perform AssumeRole on role {declaration['roleArn']}"
            )
        return declaration


def operations(pipelines: Pipelines) -> dict[str, Operation]:
    """Returns all operations by name. They are authorized on the pipeline."""
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
    return decided_by(_checks, runs)


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


def _missing(scope: Scope, name: str) -> AwsError:
    return AwsError(
        "PipelineNotFoundException", f"Account '{scope.account}' does not have a pipeline with name '{name}'"
    )


def _who(caller: Caller) -> str:
    return caller.identity.arn if caller.identity else "cloudformation.amazonaws.com"
