"""The operations on build projects and builds."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Final

from local_aws.protocol.arns import Scope
from local_aws.protocol.by_name import ByName
from local_aws.protocol.caller import Caller, Check
from local_aws.protocol.dispatcher import Request, Response
from local_aws.protocol.errors import AwsError
from local_aws.protocol.json_service import JsonProtocol, Operation, decided_by, refuse
from local_aws.services.codebuild.answers import shown_build, shown_project
from local_aws.services.codebuild.model import Build, Project
from local_aws.services.codebuild.runner import BuildRunner

PROTOCOL: Final = JsonProtocol("codebuild", "CodeBuild_20161006.", "codebuild")
_SETTINGS: Final = (
    "description",
    "source",
    "artifacts",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "tags",
    "logsConfig",
)
_REFUSED: Final = (
    "autoRetryLimit",
    "badgeEnabled",
    "buildBatchConfig",
    "cache",
    "concurrentBuildLimit",
    "encryptionKey",
    "fileSystemLocations",
    "secondaryArtifacts",
    "secondarySourceVersions",
    "secondarySources",
    "sourceVersion",
    "vpcConfig",
)


class BuildProjects(ByName[Project]):
    """Build projects and builds of all accounts and regions."""

    def __init__(self, runner: BuildRunner, trusts: Callable[[str, str], bool]) -> None:
        super().__init__(_arn, _missing)
        self._runner = runner
        self._trusts = trusts
        self.builds: dict[str, Build] = {}

    def stop_all(self) -> None:
        """Stop all running builds."""
        for build in self.builds.values():
            build.stop.set(0)

    def clear(self) -> None:
        """Clear all state, and stop everything that runs."""
        self.stop_all()
        self.by_arn.clear()
        self.builds.clear()

    def create(self, caller: Caller, request: Request) -> Response:
        """CreateProject."""
        refuse(request, *_REFUSED)
        _check_kinds(request)
        self._check_role(request)
        arn = _arn(caller.scope, request["name"])
        if arn in self.by_arn:
            raise AwsError("ResourceAlreadyExistsException", f"Project already exists: {arn}")
        self.by_arn[arn] = project = Project(
            name=request["name"],
            account=caller.scope.account,
            region=caller.scope.region,
            settings={name: request[name] for name in _SETTINGS if name in request},
            created_at=caller.now,
            modified_at=caller.now,
        )
        return {"project": shown_project(project)}

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdateProject. Omitted members keep their values."""
        refuse(request, *_REFUSED)
        _check_kinds(request)
        self._check_role(request)
        project = self.find(caller.scope, request["name"])
        project.settings |= {name: request[name] for name in _SETTINGS if name in request}
        project.modified_at = caller.now
        return {"project": shown_project(project)}

    def delete(self, caller: Caller, request: Request) -> Response:
        """DeleteProject. Ignores an unknown project, as on AWS. Running builds continue."""
        self.by_arn.pop(_arn(caller.scope, request["name"]), None)
        return {}

    def batch_get(self, caller: Caller, request: Request) -> Response:
        """BatchGetProjects."""
        found = {name: self.by_arn.get(_arn(caller.scope, name)) for name in request["names"]}
        return {
            "projects": [shown_project(project) for project in found.values() if project],
            "projectsNotFound": [name for name, project in found.items() if project is None],
        }

    def list_projects(self, caller: Caller, request: Request) -> Response:
        """ListProjects by name, all on one page."""
        refuse(request, "nextToken")
        names = [project.name for project in self.here(caller.scope)]
        return {"projects": names[::-1] if request.get("sortOrder") == "DESCENDING" else names}

    def start_build(self, caller: Caller, request: Request) -> Response:
        """StartBuild, for projects without a source."""
        allowed = {"projectName", "environmentVariablesOverride", "buildspecOverride"}
        refuse(request, *sorted(request.keys() - allowed))
        project = self.find(caller.scope, request["projectName"])
        if project.settings["source"]["type"] == "CODEPIPELINE":
            raise _invalid("Project is configured to run with CodePipeline, and cannot be started directly.")
        build = self.start(
            project,
            None,
            None,
            caller.identity.arn.rpartition("/")[2] if caller.identity else "local-aws",
            request.get("environmentVariablesOverride", []),
            request.get("buildspecOverride"),
            caller.now,
        )
        return {"build": shown_build(build)}

    def start(
        self,
        project: Project,
        source: tuple[str, str] | None,
        version: str | None,
        initiator: str,
        overrides: list[dict[str, str]],
        buildspec: str | None,
        now: float,
    ) -> Build:
        """Start a build. The source is the bucket and key of a zip, or None."""
        project.builds_started += 1
        build = Build(
            id=f"{project.name}:{uuid.uuid4()}",
            number=project.builds_started,
            project=project,
            settings=dict(project.settings),
            initiator=initiator,
            source=source,
            source_version=version,
            overrides=overrides,
            buildspec_override=buildspec,
            started_at=now,
        )
        self.builds[build.id] = build
        self._runner.start(build)
        return build

    def stop_build(self, caller: Caller, request: Request) -> Response:
        """StopBuild. Does nothing for a build that has ended."""
        build = self.builds.get(request["id"].rpartition("build/")[2])
        if build is None or not build.arn.startswith(_arn(caller.scope, "").removesuffix("project/")):
            raise AwsError("ResourceNotFoundException", f"Build {request['id']} does not exist")
        build.stop.set()
        return {"build": shown_build(build)}

    def batch_get_builds(self, caller: Caller, request: Request) -> Response:
        """BatchGetBuilds, by ids or ARNs."""
        here = _arn(caller.scope, "").removesuffix("project/")
        found = {build_id: self.builds.get(build_id.rpartition("build/")[2]) for build_id in request["ids"]}
        seen = {build_id: build for build_id, build in found.items() if build and build.arn.startswith(here)}
        return {
            "builds": [shown_build(build) for build in seen.values()],
            "buildsNotFound": [build_id for build_id in request["ids"] if build_id not in seen],
        }

    def list_for_project(self, caller: Caller, request: Request) -> Response:
        """ListBuildsForProject, latest first, all on one page."""
        refuse(request, "nextToken")
        project = self.find(caller.scope, request["projectName"])
        ids = [build.id for build in self.builds.values() if build.project is project]
        return {"ids": ids if request.get("sortOrder") == "ASCENDING" else ids[::-1]}

    def _check_role(self, request: Request) -> None:
        role = request.get("serviceRole")
        if role is not None and not self._trusts(role, "codebuild.amazonaws.com"):
            raise _invalid(f"CodeBuild is not authorized to perform: sts:AssumeRole on service role {role}.")


def operations(projects: BuildProjects) -> dict[str, Operation]:
    """Returns all operations by name. They are authorized on the project."""
    runs = {
        "BatchGetBuilds": projects.batch_get_builds,
        "BatchGetProjects": projects.batch_get,
        "CreateProject": projects.create,
        "DeleteProject": projects.delete,
        "ListBuildsForProject": projects.list_for_project,
        "ListProjects": projects.list_projects,
        "StartBuild": projects.start_build,
        "StopBuild": projects.stop_build,
        "UpdateProject": projects.update,
    }
    return decided_by(_checks, runs)


def _checks(operation: str) -> Callable[[Scope, Request], Iterator[Check]]:
    def checks(scope: Scope, request: Request) -> Iterator[Check]:
        named = [request.get("name"), request.get("projectName"), *request.get("names", [])]
        named += [
            item.rpartition("build/")[2].partition(":")[0]
            for item in [*request.get("ids", []), request.get("id")]
            if item
        ]
        arns = [_arn(scope, name) for name in named if name]
        for resource in arns or ["*"]:
            yield Check(f"codebuild:{operation}", resource, {})
        if "serviceRole" in request:
            yield Check(
                "iam:PassRole", request["serviceRole"], {"iam:PassedToService": "codebuild.amazonaws.com"}
            )

    return checks


def _arn(scope: Scope, name: str) -> str:
    return f"arn:aws:codebuild:{scope.region}:{scope.account}:project/{name}"


def _missing(scope: Scope, name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Project cannot be found: {_arn(scope, name)}")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)


def _check_kinds(request: Request) -> None:
    source, artifacts = request.get("source", {}), request.get("artifacts", {})
    if source.get("type", "CODEPIPELINE") not in ("CODEPIPELINE", "NO_SOURCE"):
        raise _invalid(f"local-aws does not implement the source type {source['type']}.")
    if artifacts.get("type", "CODEPIPELINE") not in ("CODEPIPELINE", "NO_ARTIFACTS"):
        raise _invalid(f"local-aws does not implement the artifacts type {artifacts['type']}.")
    if source.get("type") == "NO_SOURCE" and "\n" not in source.get("buildspec", ""):
        raise _invalid("A project without a source requires a buildspec.")
    for variable in request.get("environment", {}).get("environmentVariables", []):
        if variable.get("type", "PLAINTEXT") != "PLAINTEXT":
            raise _invalid(f"local-aws does not implement variables of type {variable['type']}.")
