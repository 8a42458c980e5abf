"""Runs the AWS CLI, and shows each command before it runs: what is done can be read, and done by hand."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from typing import Any

from staging.errors import PackagingError


class AwsCliError(PackagingError):
    """What the AWS CLI wrote as a command failed."""

    def __init__(self, command: list[str], text: str) -> None:
        super().__init__(
            text, f"`{' '.join(command[:3])}` failed; `aws sts get-caller-identity` says who asks"
        )
        self._command = command

    def has(self, *codes: str) -> bool:
        """Whether it is one of these errors of the service."""
        return any(f"({code})" in str(self) for code in codes)

    def told(self, hint: str) -> PackagingError:
        """As an error with a hint."""
        return PackagingError(f"`{' '.join(self._command[:3])}` failed: {self}", hint)


def aws(*arguments: str, takes_long: bool = False) -> Any:
    """The answer of `aws <arguments>`: its JSON, or None where it has none.

    What a command that takes long tells of its progress is shown as it comes, and is no answer.
    """
    program = shutil.which("aws")
    if program is None:
        raise PackagingError(
            "There is no AWS CLI on the path.", "make deploy and its like bring one: use those"
        )
    command = ["aws", *arguments]
    print(f"$ {shlex.join(command)}", file=sys.stderr)
    environment = {**os.environ, "AWS_PAGER": "", "AWS_DEFAULT_OUTPUT": "json"}
    if "AWS_REGION" in os.environ:  # which version 1 of the AWS CLI does not look at
        environment["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"]
    shown = sys.stderr if takes_long else subprocess.PIPE
    done = subprocess.run(
        [program, *arguments], env=environment, stdout=shown, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise AwsCliError(command, done.stderr.strip())
    return json.loads(done.stdout) if done.stdout else None


def account() -> str:
    """The caller's."""
    return str(aws("sts", "get-caller-identity")["Account"])
