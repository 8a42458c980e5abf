"""An AWS service of the JSON protocol beside SageMaker: requests held against AWS's model, faults, IAM, log.

In the call log and in faults the operations have IAM's names, ``codepipeline:StartPipelineExecution``;
SageMaker's have no prefix there, and several names are in both.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from local_aws.caller import Caller
from local_aws.calls import CallLog
from local_aws.deserialize import deserialize, parse_body
from local_aws.errors import AwsError, not_implemented
from local_aws.faults import Faults, FaultSpec
from local_aws.sagemaker.arns import Scope
from local_aws.sagemaker.model import Identity
from local_aws.sagemaker.operations import Check
from local_aws.serialize import serialize
from local_aws.service import Answer, HttpRequest
from local_aws.service_model import modelled_errors, service_model
from local_aws.validation import validate

Request = dict[str, Any]
Response = dict[str, Any]
Checks = Callable[[Scope, Request], Iterable[Check]]
"""What the caller of an operation must be allowed to do."""


class ServiceHost(Protocol):
    """What such a service needs of the server that it is plugged into."""

    def scope(self) -> Scope:
        """Account and region of the request being handled."""

    def identity(self, request: HttpRequest) -> Identity:
        """Its caller."""

    def authorize(self, check: Check, request: HttpRequest) -> None:
        """Raise AccessDeniedException unless IAM allows it. Allows everything while authentication is off."""

    def authenticate_root(self, request: HttpRequest) -> None:
        """Raise InvalidSignatureException for a forged request in the name of the account itself."""

    def cut_connection(self) -> None:
        """Close the TCP connection of the request being handled, at once and without an answer."""


@dataclass(frozen=True)
class Operation:
    """How to carry out an operation, and what its caller must be allowed to do."""

    run: Callable[[Caller, Request], Response]
    checks: Checks


def decided_by(
    checks_of: Callable[[str], Checks], runs: Mapping[str, Callable[[Caller, Request], Response]]
) -> dict[str, Operation]:
    """Operations by name, each with what there is to check for one of this name."""
    return {name: Operation(run, checks_of(name)) for name, run in runs.items()}


@dataclass(frozen=True)
class Protocol11:
    """How a service is spoken to."""

    service: str
    """Its name in botocore."""
    target_prefix: str
    iam_prefix: str
    message_member: str = "message"
    """How its errors spell their text."""


@dataclass
class _Progress:
    operation: str
    request: Any = None
    principal: str = ""
    fault: FaultSpec | None = None


class JsonService:
    """The handler of one service's requests."""

    def __init__(
        self,
        protocol: Protocol11,
        operations: Mapping[str, Operation],
        host: ServiceHost,
        lock: threading.RLock,
        calls: CallLog,
        faults: Faults,
    ) -> None:
        self.protocol: Final = protocol
        self._operations = operations
        self._host = host
        self._lock = lock
        self._calls = calls
        self._faults = faults
        faults.extend((self._name(operation) for operation in operations), modelled_errors(protocol.service))

    def call(self, operation: str, request: Request) -> Response:
        """Carry out an operation for the server itself: validated, but neither authorised nor logged."""
        shape = self._input_shape(operation)
        members = deserialize(shape, request)
        validate(shape, members)
        with self._lock:
            return self._operations[operation].run(Caller(self._host.scope(), None), members)

    async def handle(self, http: HttpRequest, request_id: str) -> Answer:
        """Answer one request. Never raises for anything that a client can send."""
        arrived = time.time()
        progress = _Progress(http.headers.get("x-amz-target", "").removeprefix(self.protocol.target_prefix))
        status, error, answer = 200, None, {}
        try:
            with self._lock:
                answer = self._carry_out(progress, http)
        except AwsError as refused:
            status, error = refused.status, refused.code
            answer = {"__type": refused.code, self._message_member(refused): refused.message}
        fault = progress.fault
        cut = fault is not None and fault.kind in ("cut-before", "cut-after")
        self._calls.add(
            time=arrived,
            operation=self._name(progress.operation),
            request=progress.request,
            request_id=request_id,
            principal=progress.principal,
            status=None if cut else status,
            error=error,
            response=answer,
            fault=fault.kind if fault else None,
            started_execution=None,
            notes=[],
        )
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.delay_seconds)
        if cut:
            self._host.cut_connection()
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        return status, headers | ({"x-amzn-errortype": error} if error else {}), json.dumps(answer).encode()

    def _carry_out(self, progress: _Progress, http: HttpRequest) -> Response:
        self._host.authenticate_root(http)
        identity = self._host.identity(http)
        progress.principal = identity.arn
        progress.request = _loggable(http.body)
        operation = progress.operation
        if operation not in self._operations:
            exists = operation in service_model(self.protocol.service).operation_names
            named = f"{self.protocol.iam_prefix}:{operation}" if exists else f"'{operation}', nor does AWS"
            raise not_implemented(named)
        progress.fault = fault = self._faults.take(self._name(operation))
        if fault is not None:
            if fault.kind == "cut-before":
                return {}
            if (error := fault.error()) is not None:
                raise error
        shape = self._input_shape(operation)
        request = deserialize(shape, parse_body(http.body))
        caller = Caller(self._host.scope(), identity)
        for check in self._operations[operation].checks(caller.scope, request):
            self._host.authorize(check, http)
        validate(shape, request)
        answer = self._operations[operation].run(caller, request)
        output = service_model(self.protocol.service).operation_model(operation).output_shape
        return {} if output is None else dict(serialize(output, answer))

    def _input_shape(self, operation: str) -> Any:
        return service_model(self.protocol.service).operation_model(operation).input_shape

    def _message_member(self, error: AwsError) -> str:
        modelled = error.code in modelled_errors(self.protocol.service)
        return self.protocol.message_member if modelled else error.message_member

    def _name(self, operation: str) -> str:
        return f"{self.protocol.iam_prefix}:{operation}"


def refuse(request: Request, *members: str) -> None:
    """Refuse members that AWS has and local-aws does not, by name."""
    for member in members:
        if member in request:
            raise AwsError("ValidationException", f"local-aws does not implement the member {member}.")


def _loggable(body: bytes) -> Any:
    try:
        return parse_body(body)
    except AwsError:
        return body.decode("utf-8", errors="replace")
