"""Runs the commands that wrap the AWS CLI, with a fake `aws` on the PATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import REPOSITORY

Answers = dict[str, Any]


class Shell:
    """A shell whose `aws` returns prepared answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.answers: Answers = {}
        program = folder / "bin/aws"
        program.parent.mkdir(parents=True)
        double = REPOSITORY / "packaging/tests/fixtures/aws_double.py"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{double}" "$@"\n')
        program.chmod(0o755)

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a script in packaging/."""
        (self._folder / "answers.json").write_text(json.dumps(self.answers))
        (self._folder / "calls").write_text("")
        shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        shell |= {"PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}", "AWS_DOUBLE": str(self._folder)}
        command = [sys.executable, str(REPOSITORY / "packaging" / script), *arguments]
        return subprocess.run(command, env=shell, capture_output=True, text=True, check=False, timeout=600)

    def calls(self, *operations: str) -> list[list[str]]:
        """The arguments of all calls of these commands, in order. Without commands: of all calls."""
        calls = [json.loads(line) for line in (self._folder / "calls").read_text().splitlines()]
        return [call for call in calls if not operations or call[1] in operations]


def service_error(operation: str, code: str, message: str = "a message") -> Answers:
    """A service error, in the AWS CLI's format."""
    return {"error": f"An error occurred ({code}) when calling the {operation} operation: {message}"}
