"""Runs the AWS CLI. Prints each command before it runs, so that users can read and repeat it."""

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
    """A failed AWS CLI command, with the CLI's error message."""

    def __init__(self, command: list[str], text: str) -> None:
        super().__init__(
            text, f"`{' '.join(command[:3])}` failed; `aws sts get-caller-identity` shows the caller"
        )
        self._command = command

    def has(self, *codes: str) -> bool:
        """Whether the service returned one of these error codes."""
        return any(f"({code})" in str(self) for code in codes)

    def with_hint(self, hint: str) -> PackagingError:
        """The error with a hint."""
        return PackagingError(f"`{' '.join(self._command[:3])}` failed: {self}", hint)


def aws(*arguments: str, takes_long: bool = False) -> Any:
    """Runs `aws <arguments>`. Returns its JSON output, or None without output.

    With `takes_long`, the command's output goes to standard error as progress, and None is returned.
    """
    program = shutil.which("aws")
    if program is None:
        raise PackagingError(
            "The AWS CLI is not on the PATH.", "run this through make, which installs the AWS CLI"
        )
    command = ["aws", *arguments]
    print(f"$ {shlex.join(command)}", file=sys.stderr)
    environment = {**os.environ, "AWS_PAGER": "", "AWS_DEFAULT_OUTPUT": "json"}
    if "AWS_REGION" in os.environ:  # version 1 of the AWS CLI ignores AWS_REGION
        environment["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"]
    shown = sys.stderr if takes_long else subprocess.PIPE
    done = subprocess.run(
        [program, *arguments], env=environment, stdout=shown, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise AwsCliError(command, done.stderr.strip())
    return json.loads(done.stdout) if done.stdout else None


def account() -> str:
    """The caller's account ID."""
    return str(aws("sts", "get-caller-identity")["Account"])
