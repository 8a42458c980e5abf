"""An S3 client that records its calls, and fails or runs a callback where a test says so."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

from botocore.awsrequest import AWSResponse

WRITING = ("Put", "Create", "Delete", "Copy", "Upload")


class Recorder:
    """Wraps a boto3 S3 client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: list[tuple[str, str]] = []
        self._answers: dict[str, list[AWSResponse]] = {}
        self._before: dict[tuple[str, str], Callable[[], object]] = {}
        client.meta.events.register("before-parameter-build.s3", self._called)
        client.meta.events.register("before-send.s3", self._sent)

    def fail(self, operation: str, status: int, code: str = "", **headers: str) -> None:
        """Makes the next call of the operation fail."""
        body = f"<Error><Code>{code}</Code><Message>a message</Message></Error>" if code else ""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = AWSResponse("http://s3", status, named, _Raw(body.encode()))
        self._answers.setdefault(operation, []).append(answer)

    def before(self, operation: str, key: str, do: Callable[[], object]) -> None:
        """Runs `do` once, before the next call of the operation on the key."""
        self._before[operation, key] = do

    def writes(self) -> list[tuple[str, str]]:
        """The operation and key of each write, in order."""
        return [call for call in self.calls if call[0].startswith(WRITING)]

    def _called(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        call = (model.name, params.get("Key", ""))
        do = self._before.pop(call, None)
        if do is not None:
            do()
        self.calls.append(call)

    def _sent(self, event_name: str, **_: Any) -> AWSResponse | None:
        waiting = self._answers.get(event_name.rpartition(".")[2])
        return waiting.pop(0) if waiting else None


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
