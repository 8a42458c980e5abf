"""Runs executions, stage by stage, with the pipeline's role.

A stage holds one execution at a time, and one more may wait. A newer execution supersedes the waiting one
(execution mode SUPERSEDED).
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.background import Background
from local_aws.clients import Clients, Credentials, Keys
from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Check
from local_aws.protocol.errors import AwsError
from local_aws.services.codebuild.projects import BuildProjects
from local_aws.services.codecommit.repositories import Repositories
from local_aws.services.codepipeline.model import ActionRun, Execution, Pipeline, Revision, Stage

_POLL_SECONDS: Final = 0.05
_SOURCE_ACTIONS: Final = ("codecommit:UploadArchive", "codecommit:GetUploadArchiveStatus")


class RoleHost(Protocol):
    """Authorizes roles."""

    def role_denial(self, role_arn: str, service: str, check: Check) -> str | None:
        """Returns the reason of a denial for a role that a service assumes, or None if it is allowed."""


class ActionError(Exception):
    """An action failed, with a code and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Engine:
    """Runs executions in the background."""

    def __init__(
        self,
        repositories: Repositories,
        builds: BuildProjects,
        clients: Clients,
        keys: Keys,
        host: RoleHost,
        background: Background,
        lock: threading.RLock,
    ) -> None:
        self._repositories = repositories
        self._builds = builds
        self._clients = clients
        self._keys = keys
        self._host = host
        self._background = background
        self._lock = lock

    def start(self, pipeline: Pipeline, execution: Execution) -> None:
        """Run an execution. The caller must hold the lock."""
        self._background.spawn(f"codepipeline-{execution.id}", lambda: self._run(pipeline, execution))

    def _run(self, pipeline: Pipeline, execution: Execution) -> None:
        # An execution keeps the structure that it was started with.
        stages: list[dict[str, Any]] = pipeline.declaration["stages"]
        try:
            for declared in stages:
                stage = pipeline.stages.setdefault(declared["name"], Stage())
                if not self._enter(pipeline, execution, stage):
                    return
                try:
                    for action in declared["actions"]:
                        self._action(pipeline, execution, stage, action)
                except ActionError as error:
                    self._leave(execution, stage, "Failed")
                    self._end(execution, "Failed", str(error))
                    return
                self._leave(execution, stage, "Succeeded")
            self._end(execution, "Succeeded", None)
        finally:
            if execution.status == "InProgress":
                self._end(execution, "Failed", "local-aws failed to run the execution. See its log.")

    def _enter(self, pipeline: Pipeline, execution: Execution, stage: Stage) -> bool:
        """Wait for a stage. Returns whether the execution may proceed."""
        with self._lock:
            if stage.running is not None:
                if stage.waiting is not None and not self._supersede(pipeline, execution, stage.waiting):
                    return False
                stage.waiting = execution.id
        while True:
            with self._lock:
                if execution.status != "InProgress":
                    return False
                if stage.running is None and stage.waiting in (None, execution.id):
                    stage.running, stage.waiting, stage.latest = execution.id, None, execution.id
                    stage.status, stage.actions = "InProgress", {}
                    return True
            self._background.sleep(_POLL_SECONDS)

    def _supersede(self, pipeline: Pipeline, execution: Execution, waiting: str) -> bool:
        """Keep the newer of two waiting executions. Returns whether that is the first one."""
        other = pipeline.executions[waiting]
        newer = execution.started_at >= other.started_at
        self._end(other if newer else execution, "Superseded", None)
        return newer

    def _leave(self, execution: Execution, stage: Stage, status: str) -> None:
        with self._lock:
            if stage.running == execution.id:
                stage.running, stage.status = None, status

    def _end(self, execution: Execution, status: Any, summary: str | None) -> None:
        with self._lock:
            execution.status, execution.summary, execution.updated_at = status, summary, time.time()

    def _action(self, pipeline: Pipeline, execution: Execution, stage: Stage, action: dict[str, Any]) -> None:
        with self._lock:
            stage.actions[action["name"]] = run = ActionRun("InProgress", time.time())
        try:
            if action["actionTypeId"]["provider"] == "CodeCommit":
                self._source(pipeline, execution, action, run)
            else:
                self._build(pipeline, execution, action, run)
        except ActionError as error:
            with self._lock:
                run.status, run.error, run.at = "Failed", (error.code, str(error)), time.time()
            raise
        with self._lock:
            run.status, run.at = "Succeeded", time.time()

    def _source(
        self, pipeline: Pipeline, execution: Execution, action: dict[str, Any], run: ActionRun
    ) -> None:
        configuration = action["configuration"]
        name, branch = configuration["RepositoryName"], configuration["BranchName"]
        key = self._key(pipeline)
        client = self._clients.client("codecommit", pipeline.region, key)
        store = pipeline.declaration["artifactStore"]["location"]
        try:
            commit = client.get_branch(repositoryName=name, branchName=branch)["branch"]["commitId"]
            message = client.get_commit(repositoryName=name, commitId=commit)["commit"]["message"]
            repository = self._repositories.find(Scope(pipeline.account, pipeline.region), name)
            for needed in _SOURCE_ACTIONS:
                self._require(pipeline, Check(needed, repository.arn, {}))
            artifact = action["outputArtifacts"][0]["name"]
            # AWS truncates both names, and appends seven random characters.
            target = f"{pipeline.name[:20]}/{artifact[:10]}/{secrets.token_urlsafe(16)[:7]}"
            archive = self._repositories.archive(repository, commit)
            s3 = self._clients.client("s3", pipeline.region, key)
            s3.put_object(Bucket=store, Key=target, Body=archive, ContentType="application/zip")
        except (ClientError, BotoCoreError, AwsError) as error:
            raise ActionError("ConfigurationError", f"Source action {action['name']}: {error}") from error
        with self._lock:
            execution.objects[artifact] = (store, target)
            execution.revision = Revision(artifact, commit, message.splitlines()[0] if message else "")
            run.external_id, run.summary = commit, execution.revision.summary

    def _build(
        self, pipeline: Pipeline, execution: Execution, action: dict[str, Any], run: ActionRun
    ) -> None:
        scope = Scope(pipeline.account, pipeline.region)
        name = action["configuration"]["ProjectName"]
        arn = f"arn:aws:codebuild:{scope.region}:{scope.account}:project/{name}"
        self._key(pipeline)
        for needed in ("codebuild:StartBuild", "codebuild:BatchGetBuilds"):
            self._require(pipeline, Check(needed, arn, {}))
        with self._lock:
            project = self._builds.by_arn.get(arn)
            if project is None:
                raise ActionError(
                    "ConfigurationError", f"Error calling startBuild: Project cannot be found: {arn}"
                )
            source = execution.objects[action["inputArtifacts"][0]["name"]]
            commit = execution.revision.commit if execution.revision else None
            initiator = f"codepipeline/{pipeline.name}"
            build = self._builds.start(project, source, commit, initiator, [], None, time.time())
            run.external_id = build.id
        while build.status == "IN_PROGRESS":
            self._background.sleep(_POLL_SECONDS)
        if build.status != "SUCCEEDED":
            raise ActionError(
                "JobFailed", f"Build terminated with state: {build.status}. {build.failure()}".rstrip()
            )

    def _key(self, pipeline: Pipeline) -> Credentials:
        return self._keys.role_key(pipeline.declaration["roleArn"], pipeline.account)

    def _require(self, pipeline: Pipeline, check: Check) -> None:
        denial = self._host.role_denial(pipeline.declaration["roleArn"], "codepipeline.amazonaws.com", check)
        if denial is not None:
            raise ActionError("PermissionError", denial)
