"""The SageMaker endpoints: a request in, an answer out, with faults, IAM and validation in between."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from local_aws import rest
from local_aws.calls import CallLog
from local_aws.clients import Keys
from local_aws.deserialize import deserialize, parse_body
from local_aws.errors import REST_FORBIDDEN, AwsError, not_implemented
from local_aws.faults import Faults, FaultSpec
from local_aws.sagemaker.arns import Scope, pipeline_of_execution
from local_aws.sagemaker.context import Context
from local_aws.sagemaker.executions import settle
from local_aws.sagemaker.model import Identity
from local_aws.sagemaker.operations import BATCHES, OPERATIONS, Check, checks
from local_aws.serialize import serialize
from local_aws.service_model import (
    FEATURE_STORE_RUNTIME,
    SAGEMAKER,
    input_shape,
    modelled_errors,
    output_shape,
    service_of,
)
from local_aws.validation import validate

if TYPE_CHECKING:
    from local_aws.backend import Backend

TARGET_PREFIX: Final = "SageMaker."
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came."""

    method: str
    path: str
    """As it was sent, with its escapes."""
    headers: dict[str, str]
    query: dict[str, list[str]]
    body: bytes

    @property
    def service(self) -> str:
        """SageMaker's requests have a target; what has none is for the Feature Store runtime."""
        return SAGEMAKER if "x-amz-target" in self.headers else FEATURE_STORE_RUNTIME

    def operation(self) -> str:
        """The operation's name, or what there is in its place."""
        if self.service == SAGEMAKER:
            return self.headers["x-amz-target"].removeprefix(TARGET_PREFIX)
        return rest.operation_of(self.method, self.path)

    def members(self, operation: str) -> dict[str, Any]:
        """The members of the request, as JSON values."""
        if self.service == SAGEMAKER:
            return parse_body(self.body)
        return rest.members(operation, self.path, self.query, self.body)


class Host(Keys, Protocol):
    """What the endpoint needs of the server it is plugged into."""

    def scope(self) -> Scope:
        """Account and region of the request being handled."""

    def identity(self, request: HttpRequest) -> Identity:
        """Its caller."""

    def authorize(self, check: Check, request: HttpRequest) -> None:
        """Raise AccessDeniedException unless IAM allows it. Allows everything while authentication is off."""

    def authenticate_root(self, request: HttpRequest) -> None:
        """Raise InvalidSignatureException for a forged request in the name of the account itself."""

    def check_assumable(self, role_arn: str) -> None:
        """Raise a ValidationException for a role that SageMaker may not assume."""

    def read_object(self, bucket: str, key: str, version: str | None) -> bytes | None:
        """An object in the local S3, or None."""

    def cut_connection(self) -> None:
        """Close the TCP connection of the request being handled, at once and without an answer."""


@dataclass
class _Progress:
    """What is known of a call so far; the call log gets it however the call ends."""

    operation: str
    request: Any = None
    principal: str = ""
    fault: FaultSpec | None = None
    context: Context | None = None


class SageMakerService:
    """Faults and call log of the SageMaker APIs, and the handler of their requests."""

    def __init__(self, host: Host, backend: Backend) -> None:
        self.backend = backend
        codes = modelled_errors(SAGEMAKER).keys() | modelled_errors(FEATURE_STORE_RUNTIME).keys()
        self.faults = Faults(OPERATIONS, BATCHES, codes)
        self.calls = CallLog()
        self._host = host

    def reset(self) -> None:
        """Forget everything, and put limits and modes back to those of the start."""
        with self.backend.lock:
            self.backend.clear()
            self.faults.clear()
            self.calls.clear()

    async def handle(self, request: HttpRequest, request_id: str) -> Answer:
        """Answer one request. Never raises for anything that a client can send."""
        arrived = time.time()
        progress = _Progress(operation=request.operation())
        status, error, answer = 200, None, {}
        try:
            with self.backend.lock:
                answer = self._carry_out(progress, request)
        except AwsError as refused:
            status, error, answer = _status(request.service, refused), refused.code, refused.body()
        fault = progress.fault
        cut = fault is not None and fault.kind in ("cut-before", "cut-after")
        context = progress.context
        self.calls.add(
            time=arrived,
            operation=progress.operation,
            request=progress.request,
            request_id=request_id,
            principal=progress.principal,
            status=None if cut else status,
            error=error,
            response=answer,
            fault=fault.kind if fault else None,
            started_execution=context.started_execution if context else None,
            notes=context.notes if context else [],
        )
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.delay_seconds)
        if cut:
            self._host.cut_connection()
        return _answer(request.service, status, error, answer)

    def call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """Carry out an operation for the server itself: validated, but neither authorised nor logged."""
        request = deserialize(input_shape(operation), members)
        validate(input_shape(operation), request)
        scope = self._host.scope()
        root = Identity(arn=f"arn:aws:iam::{scope.account}:root", principal_id=scope.account)
        with self.backend.lock:
            return OPERATIONS[operation].run(self._context(scope, root, None), request)

    def _carry_out(self, progress: _Progress, http: HttpRequest) -> dict[str, Any]:
        """The body of the answer.

        Nothing in here awaits, so concurrent requests are carried out one after the other: two with the same
        token cannot both find that it is new.
        """
        operation = progress.operation
        self._host.authenticate_root(http)
        identity = self._host.identity(http)
        progress.principal = identity.arn
        given, unreadable = _members(http, operation)
        progress.request = given
        if operation not in OPERATIONS or service_of(operation) != http.service:
            known = service_of(operation) == http.service
            raise not_implemented(f"SageMaker {operation}" if known else f"'{operation}', nor does AWS")
        progress.fault = fault = self.faults.take(operation)
        if fault is not None:
            if fault.kind == "cut-before":
                return {}
            if fault.kind != "partial" and (error := fault.error()) is not None:
                raise error
        if unreadable is not None:
            raise unreadable
        request = deserialize(input_shape(operation), given)
        scope = self._host.scope()
        context = self._context(scope, identity, fault)
        settle(self.backend.store, context.now)
        for check in checks(operation, request, scope, self._tags(operation, context)):
            self._host.authorize(check, http)
        validate(input_shape(operation), request)
        progress.context = context
        answer = OPERATIONS[operation].run(context, request)
        shape = output_shape(operation)
        return {} if shape is None else dict(serialize(shape, answer))

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
            read_object=self._host.read_object,
            check_assumable=self._host.check_assumable,
            fault=fault if fault is not None and fault.kind == "partial" else None,
        )

    def _tags(self, operation: str, context: Context) -> Callable[[str], dict[str, str]]:
        """The tags of the resources that a request acts on, for policies with conditions on them."""

        def tags_of(arn: str) -> dict[str, str]:
            resource = context.resource(pipeline_of_execution(arn) or arn)
            return {} if resource is None or operation.startswith("Create") else resource.tags

        return tags_of


def _status(service: str, error: AwsError) -> int:
    if service == FEATURE_STORE_RUNTIME:
        modelled = modelled_errors(service).get(error.code)
        return modelled or (403 if error.code in REST_FORBIDDEN else error.status)
    return error.status


def _answer(service: str, status: int, error: str | None, body: dict[str, Any]) -> Answer:
    json_type = "application/x-amz-json-1.1" if service == SAGEMAKER else "application/json"
    headers = {"Content-Type": json_type}
    if error is not None:
        headers["x-amzn-errortype"] = error
    return status, headers, json.dumps(body).encode()


def _members(http: HttpRequest, operation: str) -> tuple[Any, AwsError | None]:
    """The members of a request; or its body as text, and why it has no members."""
    try:
        return http.members(operation) if operation in OPERATIONS else parse_body(http.body), None
    except AwsError as error:
        return http.body.decode("utf-8", errors="replace"), error
