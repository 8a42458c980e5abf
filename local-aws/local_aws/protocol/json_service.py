"""An AWS service of the JSON protocol other than SageMaker.

The call log and faults use IAM's names of its operations, such as ``codepipeline:StartPipelineExecution``.
SageMaker's operations have no prefix there, and some names exist in both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_aws.calls import CallLog
from local_aws.faults import Faults
from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Caller, Check, Identity
from local_aws.protocol.deserialize import deserialize
from local_aws.protocol.dispatcher import Dispatcher, Progress, Request, Response, ServiceHost
from local_aws.protocol.errors import AwsError, not_implemented
from local_aws.protocol.http_request import HttpRequest
from local_aws.protocol.service_model import modelled_errors, service_model
from local_aws.protocol.validation import validate

Checks = Callable[[Scope, Request], Iterable[Check]]
"""Returns what the caller of an operation must be allowed to do."""


@dataclass(frozen=True)
class Operation:
    """The implementation of an operation, and what its caller must be allowed to do."""

    run: Callable[[Caller, Request], Response]
    checks: Checks


def decided_by(
    checks_of: Callable[[str], Checks], runs: Mapping[str, Callable[[Caller, Request], Response]]
) -> dict[str, Operation]:
    """Returns operations by name, each with the checks that ``checks_of`` returns for its name."""
    return {name: Operation(run, checks_of(name)) for name, run in runs.items()}


@dataclass(frozen=True)
class JsonProtocol:
    """The names that a service has in its protocol and in IAM."""

    service: str
    """Its name in botocore."""
    target_prefix: str
    iam_prefix: str
    message_member: str = "message"
    """The member of its errors that holds the text."""


class JsonService(Dispatcher):
    """The handler of one service's requests."""

    def __init__(
        self,
        protocol: JsonProtocol,
        operations: Mapping[str, Operation],
        host: ServiceHost,
        lock: threading.RLock,
        calls: CallLog,
        faults: Faults,
    ) -> None:
        super().__init__(host, lock, calls, faults)
        self.protocol: Final = protocol
        self._operations = operations
        names = (self._logged_name(operation) for operation in operations)
        faults.extend(names, modelled_errors(protocol.service))

    def call(self, operation: str, request: Request) -> Response:
        """Carry out an operation for the server itself: validated, but neither authorized nor logged."""
        shape = self._model(operation).input_shape
        members = deserialize(shape, request)
        validate(shape, members)
        with self._lock:
            return self._operations[operation].run(Caller(self._host.scope(), None), members)

    def _operation_of(self, http: HttpRequest) -> str:
        return http.headers.get("x-amz-target", "").removeprefix(self.protocol.target_prefix)

    def _logged_name(self, operation: str) -> str:
        return f"{self.protocol.iam_prefix}:{operation}"

    def _refuse_unknown(self, operation: str, _http: HttpRequest) -> None:
        if operation not in self._operations:
            exists = operation in service_model(self.protocol.service).operation_names
            raise not_implemented(self._logged_name(operation) if exists else f"'{operation}', nor does AWS")

    def _model(self, operation: str) -> Any:
        return service_model(self.protocol.service).operation_model(operation)

    def _run(self, progress: Progress, http: HttpRequest, identity: Identity, request: Request) -> Response:
        operation = progress.operation
        caller = Caller(self._host.scope(), identity)
        for check in self._operations[operation].checks(caller.scope, request):
            self._host.authorize(check, http)
        validate(self._model(operation).input_shape, request)
        return self._operations[operation].run(caller, request)

    def _error_answer(self, _http: HttpRequest, error: AwsError) -> tuple[int, dict[str, Any]]:
        modelled = error.code in modelled_errors(self.protocol.service)
        member = self.protocol.message_member if modelled else error.message_member
        return error.status, {"__type": error.code, member: error.message}


def refuse(request: Request, *members: str) -> None:
    """Refuse members that AWS has and local-aws does not, by name."""
    for member in members:
        if member in request:
            raise AwsError("ValidationException", f"local-aws does not implement the member {member}.")
