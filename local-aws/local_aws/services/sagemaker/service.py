"""The SageMaker endpoints: SageMaker itself and the Feature Store runtime."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from local_aws.calls import CallLog
from local_aws.clients import Keys
from local_aws.faults import Faults, FaultSpec
from local_aws.protocol import rest
from local_aws.protocol.arns import Scope, pipeline_of_execution
from local_aws.protocol.caller import Identity
from local_aws.protocol.deserialize import deserialize, parse_body
from local_aws.protocol.dispatcher import Dispatcher, Progress, ServiceHost
from local_aws.protocol.errors import REST_FORBIDDEN, AwsError, not_implemented
from local_aws.protocol.http_request import HttpRequest
from local_aws.protocol.service_model import (
    FEATURE_STORE_RUNTIME,
    SAGEMAKER,
    input_shape,
    modelled_errors,
    operation_model,
    service_of,
)
from local_aws.protocol.validation import validate
from local_aws.services.sagemaker.context import Context, Request, Response
from local_aws.services.sagemaker.executions import settle
from local_aws.services.sagemaker.operations import BATCHES, OPERATIONS, checks

if TYPE_CHECKING:
    from local_aws.backend import Backend

TARGET_PREFIX: Final = "SageMaker."


class Host(Keys, ServiceHost, Protocol):
    """What the endpoints need from the server."""

    def check_assumable(self, role_arn: str) -> None:
        """Raise a ValidationException for a role that SageMaker may not assume."""

    def read_object(self, bucket: str, key: str, version: str | None) -> bytes | None:
        """An object in the local S3, or None."""


class SageMakerService(Dispatcher):
    """The handler of the SageMaker APIs' requests. Its faults and its call log are those of all services."""

    def __init__(self, host: Host, backend: Backend) -> None:
        codes = modelled_errors(SAGEMAKER).keys() | modelled_errors(FEATURE_STORE_RUNTIME).keys()
        super().__init__(host, backend.lock, CallLog(), Faults(OPERATIONS, BATCHES, codes))
        self.backend = backend
        self._sagemaker_host = host

    def reset(self) -> None:
        """Forget everything, and restore the limits and modes of the start."""
        with self._lock:
            self.backend.clear()
            self.faults.clear()
            self.calls.clear()

    def call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """Carry out an operation for the server itself: validated, but neither authorized nor logged."""
        request = deserialize(input_shape(operation), members)
        validate(input_shape(operation), request)
        scope = self._host.scope()
        root = Identity(arn=f"arn:aws:iam::{scope.account}:root", principal_id=scope.account)
        with self._lock:
            return OPERATIONS[operation].run(self._context(scope, root, None), request)

    def _operation_of(self, http: HttpRequest) -> str:
        if _service(http) == SAGEMAKER:
            return http.headers["x-amz-target"].removeprefix(TARGET_PREFIX)
        return rest.operation_of(http.method, http.path)

    def _members(self, http: HttpRequest, operation: str) -> Any:
        if _service(http) == SAGEMAKER or operation not in OPERATIONS:
            return parse_body(http.body)
        return rest.members(operation, http.path, http.query, http.body)

    def _refuse_unknown(self, operation: str, http: HttpRequest) -> None:
        exists = service_of(operation) == _service(http)
        if operation not in OPERATIONS or not exists:
            raise not_implemented(f"SageMaker {operation}" if exists else f"'{operation}', nor does AWS")

    def _model(self, operation: str) -> Any:
        return operation_model(operation)

    def _run(self, progress: Progress, http: HttpRequest, identity: Identity, request: Request) -> Response:
        operation = progress.operation
        scope = self._host.scope()
        context = self._context(scope, identity, progress.fault)
        settle(self.backend.store, context.now)
        for check in checks(operation, request, scope, self._tags(operation, context)):
            self._host.authorize(check, http)
        validate(input_shape(operation), request)
        try:
            return OPERATIONS[operation].run(context, request)
        finally:
            progress.started_execution, progress.notes = context.started_execution, context.notes

    def _context(self, scope: Scope, identity: Identity, fault: FaultSpec | None) -> Context:
        backend = self.backend
        return Context(
            store=backend.store,
            jobs=backend.jobs,
            feature_groups=backend.feature_groups,
            engine=backend.engine,
            runner=backend.runner,
            feature_store=backend.feature_store,
            projects=backend.projects,
            domains=backend.domains,
            project_stacks=backend.project_stacks,
            scope=scope,
            identity=identity,
            read_object=self._sagemaker_host.read_object,
            check_assumable=self._sagemaker_host.check_assumable,
            fault=fault if fault is not None and fault.kind == "partial" else None,
        )

    def _tags(self, operation: str, context: Context) -> Callable[[str], dict[str, str]]:
        """Returns a function from ARN to tags, for policies with conditions on a resource's tags."""

        def tags_of(arn: str) -> dict[str, str]:
            resource = context.resource(pipeline_of_execution(arn) or arn)
            return {} if resource is None or operation.startswith("Create") else resource.tags

        return tags_of

    def _error_answer(self, http: HttpRequest, error: AwsError) -> tuple[int, dict[str, Any]]:
        status = error.status
        if _service(http) == FEATURE_STORE_RUNTIME:
            modelled = modelled_errors(FEATURE_STORE_RUNTIME).get(error.code)
            status = modelled or (403 if error.code in REST_FORBIDDEN else error.status)
        return status, error.body()

    def _content_type(self, http: HttpRequest) -> str:
        return super()._content_type(http) if _service(http) == SAGEMAKER else "application/json"


def _service(http: HttpRequest) -> str:
    """Returns SageMaker for a request with a target. Requests to the Feature Store runtime have none."""
    return SAGEMAKER if "x-amz-target" in http.headers else FEATURE_STORE_RUNTIME
