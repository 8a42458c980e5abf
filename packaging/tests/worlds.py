"""A smoke check's world in which AWS answers as a test says, and a program that builds its definition."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from conftest import REPOSITORY
from smoke.aws import Answer
from smoke.ledger import Ledger
from smoke.rehearsal import Rehearsal
from smoke.world import World

DEFINITION = REPOSITORY / "packaging/tests/fixtures/smoke-definition.json"


class Told(Rehearsal):
    """A rehearsal whose answers to some operations are a test's, the last one for ever."""

    def __init__(self, **answers: Any) -> None:
        self.lines: list[str] = []
        super().__init__("eu-west-1", self.lines.append)
        self._told_answers = {
            name: list(answer) if isinstance(answer, list) else [answer] for name, answer in answers.items()
        }

    def answer(self, operation: str, given: dict[str, Any]) -> Answer:
        """The test's answer, or the rehearsal's."""
        answers = self._told_answers.get(operation)
        if answers is None:
            return super().answer(operation, given)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, BaseException):
            raise answer
        found: Answer = answer(given) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
        return found

    def operations(self, *prefixes: str) -> list[str]:
        """The operations that were called, of these beginnings."""
        called = [line.split()[0].partition(":")[2] for line in self.lines]
        return [operation for operation in called if operation.startswith(prefixes)]


def service_error(code: str, message: str) -> ClientError:
    """An error of a service."""
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(response, "AnOperation")


def program(folder: Path) -> Path:
    """Stands in for `ingestion-pipeline`, which these tests do not build."""
    path = folder / "ingestion-pipeline"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "print(open(\'{DEFINITION}\').read())"\n')
    path.chmod(0o755)
    return path


def world(aws: Told, check: str, folder: Path, **parameters: str) -> World:
    """A check's world, with five minutes."""
    return World(
        aws=aws,
        ledger=Ledger(aws),
        run_id="abc123",
        check=check,
        deadline=aws.now() + 300,
        poll_seconds=1,
        stack="sm-project-sc-portfolio",
        parameters=parameters,
        program=program(folder),
    )
