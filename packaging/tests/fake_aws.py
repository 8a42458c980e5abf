"""A smoke check's context with a fake AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from smoke.aws import Answer
from smoke.cleanup import Cleanup
from smoke.context import Context
from smoke.dry_run import DryRun


class FakeAws(DryRun):
    """A dry run with a test's answers to some operations. The last answer of a list repeats."""

    def __init__(self, **answers: Any) -> None:
        self.lines: list[str] = []
        super().__init__("eu-west-1", self.lines.append)
        self._answers = {
            name: list(answer) if isinstance(answer, list) else [answer] for name, answer in answers.items()
        }

    def answer(self, operation: str, given: dict[str, Any]) -> Answer:
        """The test's answer, or the dry run's."""
        answers = self._answers.get(operation)
        if answers is None:
            return super().answer(operation, given)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, BaseException):
            raise answer
        found: Answer = answer(given) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
        return found

    def operations(self, *prefixes: str) -> list[str]:
        """The operations called whose names start with one of the prefixes."""
        called = [line.split()[0].partition(":")[2] for line in self.lines]
        return [operation for operation in called if operation.startswith(prefixes)]


def service_error(code: str, message: str) -> ClientError:
    """An error from a service."""
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(response, "AnOperation")


def context(aws: FakeAws, check: str, **parameters: str) -> Context:
    """A check's context with a deadline in five minutes."""
    return Context(
        aws=aws,
        cleanup=Cleanup(aws),
        run_id="abc123",
        check=check,
        deadline=aws.now() + 300,
        poll_seconds=1,
        stack="sm-project-sc-portfolio",
        parameters=parameters,
    )
