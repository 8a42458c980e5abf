"""Runs the git program on bare repositories of this server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

_SECONDS: Final = 300
_AUTHOR: Final = {
    "GIT_AUTHOR_NAME": "AWS CodeCommit",
    "GIT_AUTHOR_EMAIL": "codecommit@local-aws.invalid",
    "GIT_COMMITTER_NAME": "AWS CodeCommit",
    "GIT_COMMITTER_EMAIL": "codecommit@local-aws.invalid",
}


class GitError(Exception):
    """git failed. The text is its error output."""


def environment() -> dict[str, str]:
    """Returns git's environment, without any user's configuration."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LOCAL_AWS_RUN", "TMPDIR") if name in os.environ
    }
    return {**kept, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}


def git(
    repository: Path, *arguments: str, work_tree: Path | None = None, standard_input: bytes = b""
) -> bytes:
    """Run git on a repository and return its output. Raises GitError."""
    extra = ["--work-tree", str(work_tree)] if work_tree else []
    try:
        done = subprocess.run(
            ["git", "--git-dir", str(repository), *extra, *arguments],
            env={**environment(), **_AUTHOR},
            cwd=work_tree or repository,
            input=standard_input,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"cannot run git: {error}. hint: install git") from error
    if done.returncode != 0:
        raise GitError(done.stderr.decode("utf-8", errors="replace").strip())
    return done.stdout


def create(repository: Path, branch: str) -> None:
    """Create an empty bare repository with this default branch, which accepts pushes over HTTP."""
    repository.mkdir(parents=True)
    git(repository, "init", "--quiet", "--bare", f"--initial-branch={branch}", ".")
    git(repository, "config", "http.receivepack", "true")


def commit_folder(repository: Path, folder: Path, branch: str, message: str) -> str:
    """Commit all files of a folder as the first commit of a branch. Returns its id."""
    git(repository, "add", "--all", "--force", ".", work_tree=folder)
    tree = git(repository, "write-tree").decode().strip()
    commit = git(repository, "commit-tree", tree, "-m", message).decode().strip()
    git(repository, "update-ref", f"refs/heads/{branch}", commit)
    (repository / "index").unlink(missing_ok=True)
    return commit


def commit_file(
    repository: Path, parent: str, branch: str, path: str, content: bytes, message: str
) -> tuple[str, str, str]:
    """Commit one file on a branch. Returns the ids of commit, blob and tree."""

    def run(*arguments: str, standard_input: bytes = b"") -> str:
        return git(repository, *arguments, standard_input=standard_input).decode().strip()

    blob = run("hash-object", "-w", "--stdin", standard_input=content)
    run("read-tree", parent)
    run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    tree = run("write-tree")
    commit = run("commit-tree", tree, "-p", parent, "-m", message)
    run("update-ref", f"refs/heads/{branch}", commit, parent)
    (repository / "index").unlink(missing_ok=True)
    return commit, blob, tree


def branches(repository: Path) -> dict[str, str]:
    """Returns the id of the latest commit of each branch."""
    listed = git(repository, "for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads")
    lines = (line.split(" ", 1) for line in listed.decode("utf-8", errors="replace").splitlines())
    return {name: commit for commit, name in lines}
