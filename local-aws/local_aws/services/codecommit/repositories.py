"""Creates and reads repositories, with or without seed code."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from local_aws.protocol.arns import Scope
from local_aws.protocol.by_name import ByName
from local_aws.protocol.caller import Caller, Check
from local_aws.protocol.dispatcher import Request, Response
from local_aws.protocol.errors import AwsError
from local_aws.protocol.json_service import JsonProtocol, Operation, decided_by, refuse
from local_aws.services.codecommit import git

PROTOCOL: Final = JsonProtocol("codecommit", "CodeCommit_20150413.", "codecommit")
PATH: Final = "/v1/repos/"
"""The prefix of the path of a clone URL, as on AWS."""
MAX_SEED_BYTES: Final = 64 * 1024 * 1024
_NAME: Final = re.compile(r"[\w.-]{1,100}")
_COMMIT_ID: Final = re.compile(r"[0-9a-f]{40}")
_FORMAT: Final = "%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B"
ReferenceChanged = Callable[["Repository", str, str | None, str | None, str], None]
"""Takes repository, branch, its commit before and after (or None), and the caller."""


@dataclass
class Repository:
    """A bare git repository."""

    id: str
    name: str
    account: str
    region: str
    folder: Path
    description: str
    default_branch: str | None
    created_at: float
    modified_at: float
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:codecommit:{self.region}:{self.account}:{self.name}"


class Repositories(ByName[Repository]):
    """The repositories of all accounts and regions, and the operations on them."""

    def __init__(self, folder: Path, endpoint: str, changed: ReferenceChanged) -> None:
        super().__init__(_arn, _missing)
        self._folder = folder
        self._endpoint = endpoint
        self._changed = changed

    def clear(self) -> None:
        """Remove all repositories."""
        self.by_arn.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def create(self, caller: Caller, request: Request) -> Response:
        """CreateRepository. The repository is empty."""
        refuse(request, "kmsKeyId")
        name: str = request["repositoryName"]
        if _NAME.fullmatch(name) is None or name.endswith(".git"):
            raise AwsError(
                "InvalidRepositoryNameException",
                "The repository name must be 1 to 100 letters, digits, periods, underscores and dashes, "
                "and cannot end in .git.",
            )
        arn = _arn(caller.scope, name)
        if arn in self.by_arn:
            raise AwsError("RepositoryNameExistsException", f"Repository named {name} already exists")
        repository_id = str(uuid.uuid4())
        folder = self._folder / repository_id
        git.create(folder, "main")
        self.by_arn[arn] = repository = Repository(
            id=repository_id,
            name=name,
            account=caller.scope.account,
            region=caller.scope.region,
            folder=folder,
            description=request.get("repositoryDescription", ""),
            default_branch=None,
            created_at=caller.now,
            modified_at=caller.now,
            tags=dict(request.get("tags", {})),
        )
        return {"repositoryMetadata": self._metadata(repository)}

    def seed(self, repository: Repository, archive: bytes, branch: str) -> None:
        """Commit the files of a zip as the first commit of the default branch. Raises ValueError."""
        with tempfile.TemporaryDirectory() as folder:
            _unpack(archive, Path(folder))
            git.git(repository.folder, "check-ref-format", "--branch", branch)
            commit = git.commit_folder(repository.folder, Path(folder), branch, "Initial commit")
        git.git(repository.folder, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
        repository.default_branch = branch
        self._changed(repository, branch, None, commit, "CloudFormation")

    def pushed(self, repository: Repository, before: dict[str, str], who: str, now: float) -> None:
        """Emit events for the branches that a push has changed."""
        after = git.branches(repository.folder)
        if after != before:
            repository.modified_at = now
        if repository.default_branch is None and after:
            repository.default_branch = "main" if "main" in after else min(after)
            git.git(repository.folder, "symbolic-ref", "HEAD", f"refs/heads/{repository.default_branch}")
        for branch in sorted(before.keys() | after.keys()):
            if before.get(branch) != after.get(branch):
                self._changed(repository, branch, before.get(branch), after.get(branch), who)

    def get(self, caller: Caller, request: Request) -> Response:
        """GetRepository."""
        return {"repositoryMetadata": self._metadata(self.find(caller.scope, request["repositoryName"]))}

    def list_repositories(self, caller: Caller, request: Request) -> Response:
        """ListRepositories by name, all on one page."""
        refuse(request, "nextToken")
        here = self.here(caller.scope)
        ordered = here[::-1] if request.get("order") == "descending" else here
        return {"repositories": [{"repositoryName": item.name, "repositoryId": item.id} for item in ordered]}

    def delete(self, caller: Caller, request: Request) -> Response:
        """DeleteRepository. Ignores an unknown repository, as on AWS."""
        found = self.by_arn.pop(_arn(caller.scope, request["repositoryName"]), None)
        if found is None:
            return {}
        shutil.rmtree(found.folder, ignore_errors=True)
        return {"repositoryId": found.id}

    def update_description(self, caller: Caller, request: Request) -> Response:
        """UpdateRepositoryDescription."""
        repository = self.find(caller.scope, request["repositoryName"])
        repository.description = request.get("repositoryDescription", "")
        repository.modified_at = caller.now
        return {}

    def get_branch(self, caller: Caller, request: Request) -> Response:
        """GetBranch, by default the default branch."""
        repository = self.find(caller.scope, request.get("repositoryName", ""))
        branch = request.get("branchName", repository.default_branch or "")
        commit = git.branches(repository.folder).get(branch)
        if commit is None:
            raise AwsError("BranchDoesNotExistException", f"Branch {branch} does not exist")
        return {"branch": {"branchName": branch, "commitId": commit}}

    def list_branches(self, caller: Caller, request: Request) -> Response:
        """ListBranches, all on one page."""
        refuse(request, "nextToken")
        return {"branches": sorted(git.branches(self.find(caller.scope, request["repositoryName"]).folder))}

    def get_commit(self, caller: Caller, request: Request) -> Response:
        """GetCommit, by its full id."""
        repository = self.find(caller.scope, request["repositoryName"])
        commit_id: str = request["commitId"]
        if _COMMIT_ID.fullmatch(commit_id) is None:
            raise AwsError("InvalidCommitIdException", f"{commit_id} is not a full commit id")
        try:
            shown = git.git(
                repository.folder, "show", "--no-patch", "--date=raw", f"--format={_FORMAT}", commit_id
            )
        except git.GitError as error:
            raise AwsError("CommitIdDoesNotExistException", f"Commit {commit_id} does not exist") from error
        fields = shown.decode("utf-8", errors="replace").split("\0")
        people = [{"name": fields[at], "email": fields[at + 1], "date": fields[at + 2]} for at in (3, 6)]
        return {
            "commit": {
                "commitId": fields[0],
                "treeId": fields[1],
                "parents": fields[2].split(),
                "author": people[0],
                "committer": people[1],
                "message": fields[9].rstrip("\n"),
                "additionalData": "",
            }
        }

    def archive(self, repository: Repository, commit: str) -> bytes:
        """Returns all files of a commit, as a zip."""
        return git.git(repository.folder, "archive", "--format=zip", commit)

    def _metadata(self, repository: Repository) -> dict[str, Any]:
        return {
            "accountId": repository.account,
            "repositoryId": repository.id,
            "repositoryName": repository.name,
            "repositoryDescription": repository.description or None,
            "defaultBranch": repository.default_branch,
            "lastModifiedDate": repository.modified_at,
            "creationDate": repository.created_at,
            "cloneUrlHttp": self.clone_url(repository),
            "Arn": repository.arn,
        }

    def clone_url(self, repository: Repository) -> str:
        """The URL for ``git clone``, on this server."""
        return f"{self._endpoint}{PATH}{repository.name}"


def operations(repositories: Repositories) -> dict[str, Operation]:
    """Returns all operations by name. They are authorized on the repository."""
    runs = {
        "CreateRepository": repositories.create,
        "DeleteRepository": repositories.delete,
        "GetBranch": repositories.get_branch,
        "GetCommit": repositories.get_commit,
        "GetRepository": repositories.get,
        "ListBranches": repositories.list_branches,
        "ListRepositories": repositories.list_repositories,
        "UpdateRepositoryDescription": repositories.update_description,
    }
    return decided_by(_checks, runs)


def _checks(operation: str) -> Callable[[Scope, Request], Iterator[Check]]:
    def checks(scope: Scope, request: Request) -> Iterator[Check]:
        named = request.get("repositoryName")
        resource = _arn(scope, str(named)) if named else "*"
        yield Check(f"codecommit:{operation}", resource, {})
        if request.get("tags"):
            keys = {f"aws:RequestTag/{key}": value for key, value in request["tags"].items()}
            yield Check("codecommit:TagResource", resource, {**keys, "aws:TagKeys": list(request["tags"])})

    return checks


def _arn(scope: Scope, name: str) -> str:
    return f"arn:aws:codecommit:{scope.region}:{scope.account}:{name}"


def _missing(_scope: Scope, name: str) -> AwsError:
    return AwsError("RepositoryDoesNotExistException", f"{name} does not exist")


def _unpack(archive: bytes, folder: Path) -> None:
    """Unpack a zip, with file modes. Raises ValueError for an invalid zip or a path outside the folder."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as content:
            if sum(entry.file_size for entry in content.infolist()) > MAX_SEED_BYTES:
                raise ValueError(f"the archive unpacks to more than {MAX_SEED_BYTES} bytes")
            for entry in content.infolist():
                target = (folder / entry.filename).resolve()
                if not target.is_relative_to(folder.resolve()):
                    raise ValueError(f"the archive contains the unsafe path {entry.filename}")
                content.extract(entry, folder)
                mode = entry.external_attr >> 16 & 0o777
                if mode and target.is_file():
                    target.chmod(mode | 0o600)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError(f"it is not a zip archive: {error}") from error
