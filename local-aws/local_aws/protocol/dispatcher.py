"""Turns a request into an answer: authentication, faults, IAM, validation and the call log."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Protocol

from local_aws.calls import CallLog
from local_aws.faults import Faults, FaultSpec
from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Check, Identity
from local_aws.protocol.deserialize import deserialize, parse_body
from local_aws.protocol.errors import AwsError
from local_aws.protocol.http_request import Answer, HttpRequest
from local_aws.protocol.serialize import serialize

Request = dict[str, Any]
Response = dict[str, Any]


class ServiceHost(Protocol):
    """What a service needs from the server."""

    def scope(self) -> Scope:
        """Account and region of the request being handled."""

    def identity(self, request: HttpRequest) -> Identity:
        """The request's caller."""

    def authorize(self, check: Check, request: HttpRequest) -> None:
        """Raise AccessDeniedException unless IAM allows it. Allows everything while authentication is off."""

    def authenticate_root(self, request: HttpRequest) -> None:
        """Raise InvalidSignatureException for a forged request in the name of the account itself."""

    def cut_connection(self) -> None:
        """Close the TCP connection of the request being handled, at once and without an answer."""


@dataclass
class Progress:
    """What is known of a call so far. The call log records it, however the call ends."""

    operation: str
    request: Any = None
    principal: str = ""
    fault: FaultSpec | None = None
    started_execution: str | None = None
    notes: list[str] = field(default_factory=list)


class Dispatcher(ABC):
    """The handler of a service's requests. Subclasses define its protocol and its operations."""

    def __init__(self, host: ServiceHost, lock: threading.RLock, calls: CallLog, faults: Faults) -> None:
        self._host = host
        self._lock = lock
        self.calls = calls
        self.faults = faults

    async def handle(self, http: HttpRequest, request_id: str) -> Answer:
        """Answer one request. Never raises for anything that a client can send."""
        arrived = time.time()
        progress = Progress(self._operation_of(http))
        status, error, answer = 200, None, {}
        try:
            with self._lock:
                answer = self._carry_out(progress, http)
        except AwsError as refused:
            error = refused.code
            status, answer = self._error_answer(http, refused)
        fault = progress.fault
        cut = fault is not None and fault.kind in ("cut-before", "cut-after")
        self.calls.add(
            time=arrived,
            operation=self._logged_name(progress.operation),
            request=progress.request,
            request_id=request_id,
            principal=progress.principal,
            status=None if cut else status,
            error=error,
            response=answer,
            fault=fault.kind if fault else None,
            started_execution=progress.started_execution,
            notes=progress.notes,
        )
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.delay_seconds)
        if cut:
            self._host.cut_connection()
        headers = {"Content-Type": self._content_type(http)}
        return status, headers | ({"x-amzn-errortype": error} if error else {}), json.dumps(answer).encode()

    def _carry_out(self, progress: Progress, http: HttpRequest) -> Response:
        """Returns the body of the answer.

        Nothing in here awaits, so concurrent requests are carried out one after the other: two with the same
        token cannot both find that it is new.
        """
        operation = progress.operation
        self._host.authenticate_root(http)
        identity = self._host.identity(http)
        progress.principal = identity.arn
        given, unreadable = self._readable_members(http, operation)
        progress.request = given
        self._refuse_unknown(operation, http)
        progress.fault = fault = self.faults.take(self._logged_name(operation))
        if fault is not None:
            if fault.kind == "cut-before":
                return {}
            if (error := fault.error()) is not None:
                raise error
        if unreadable is not None:
            raise unreadable
        model = self._model(operation)
        request = deserialize(model.input_shape, given)
        answer = self._run(progress, http, identity, request)
        return {} if model.output_shape is None else dict(serialize(model.output_shape, answer))

    def _readable_members(self, http: HttpRequest, operation: str) -> tuple[Any, AwsError | None]:
        """Returns the members of a request, or its body as text and the reason that it has no members."""
        try:
            return self._members(http, operation), None
        except AwsError as error:
            return http.body.decode("utf-8", errors="replace"), error

    def _members(self, http: HttpRequest, _operation: str) -> Any:
        """Returns the members of the request, as JSON values."""
        return parse_body(http.body)

    def _logged_name(self, operation: str) -> str:
        """Returns the operation's name in the call log and in faults."""
        return operation

    def _content_type(self, _http: HttpRequest) -> str:
        return "application/x-amz-json-1.1"

    @abstractmethod
    def _operation_of(self, http: HttpRequest) -> str:
        """Returns the name of the operation that a request is for."""

    @abstractmethod
    def _refuse_unknown(self, operation: str, http: HttpRequest) -> None:
        """Raise UnknownOperationException for an operation that is not implemented."""

    @abstractmethod
    def _model(self, operation: str) -> Any:
        """Returns botocore's model of an operation."""

    @abstractmethod
    def _run(self, progress: Progress, http: HttpRequest, identity: Identity, request: Request) -> Response:
        """Authorize, validate and carry out an operation."""

    @abstractmethod
    def _error_answer(self, http: HttpRequest, error: AwsError) -> tuple[int, dict[str, Any]]:
        """Returns the status and the body of an error."""
