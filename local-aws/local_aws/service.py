"""The SageMaker endpoint: one HTTP request in, one answer out, with faults, IAM and validation in between."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass
from typing import Any, Final, Protocol

from local_aws.calls import CallLog
from local_aws.deserialize import deserialize, parse_body
from local_aws.errors import AwsError, not_implemented
from local_aws.faults import Faults, FaultSpec
from local_aws.sagemaker.arns import Scope, pipeline_of_execution
from local_aws.sagemaker.context import Context
from local_aws.sagemaker.executions import settle
from local_aws.sagemaker.model import Identity, Store
from local_aws.sagemaker.operations import OPERATIONS, Check, checks, resource_of
from local_aws.serialize import serialize
from local_aws.service_model import input_shape, modelled_error_codes, operation_exists, output_shape
from local_aws.validation import validate

TARGET_PREFIX: Final = "SageMaker."
Answer = tuple[int, dict[str, str], bytes]


class Host(Protocol):
    """What the endpoint needs of the server it is plugged into."""

    def scope(self) -> Scope:
        """Account and region of the request being handled."""

    def identity(self, headers: dict[str, str], query: dict[str, list[str]]) -> Identity:
        """Its caller."""

    def authorize(self, check: Check, headers: dict[str, str], query: dict[str, list[str]]) -> None:
        """Raise AccessDeniedException unless IAM allows it. Allows everything while authentication is off."""

    def authenticate_root(self, headers: dict[str, str], query: dict[str, list[str]], body: bytes) -> None:
        """Raise InvalidSignatureException for a forged request in the name of the account itself."""

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
    """State, faults and call log of the SageMaker API, and the handler of its requests."""

    def __init__(self, host: Host, max_concurrent_executions: int) -> None:
        self.store = Store(max_concurrent_executions)
        self.faults = Faults(OPERATIONS, modelled_error_codes())
        self.calls = CallLog()
        self._host = host
        # A reset comes from another thread than the requests do.
        self._lock = threading.Lock()
        self._default_limit = max_concurrent_executions

    def reset(self) -> None:
        """Forget pipelines, executions, faults and calls, and put the limit back to that of the start."""
        with self._lock:
            self.store.clear()
            self.store.max_concurrent_executions = self._default_limit
            self.faults.clear()
            self.calls.clear()

    async def handle(
        self, headers: dict[str, str], query: dict[str, list[str]], body: bytes, request_id: str
    ) -> Answer:
        """Answer one request. Never raises for anything that a client can send."""
        arrived = time.time()
        progress = _Progress(operation=headers.get("x-amz-target", "").removeprefix(TARGET_PREFIX))
        status, error, answer = 200, None, {}
        try:
            with self._lock:
                answer = self._carry_out(progress, headers, query, body)
        except AwsError as refused:
            status, error, answer = refused.status, refused.code, refused.body()
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
        return _answer(status, error, answer)

    def _carry_out(
        self, progress: _Progress, headers: dict[str, str], query: dict[str, list[str]], body: bytes
    ) -> dict[str, Any]:
        """The body of the answer.

        Nothing in here awaits, so concurrent requests are carried out one after the other: two with the same
        token cannot both find that it is new.
        """
        operation = progress.operation
        self._host.authenticate_root(headers, query, body)
        identity = self._host.identity(headers, query)
        progress.principal = identity.arn
        progress.request = _loggable(body)
        if operation not in OPERATIONS:
            what = f"SageMaker {operation}" if operation_exists(operation) else f"'{operation}', nor does AWS"
            raise not_implemented(what)
        progress.fault = fault = self.faults.take(operation)
        if fault is not None:
            if fault.kind == "cut-before":
                return {}
            if (error := fault.error()) is not None:
                raise error
        request = deserialize(input_shape(operation), parse_body(body))
        scope = self._host.scope()
        context = Context(self.store, scope, identity, self._host.read_object)
        settle(self.store, context.now)
        for check in checks(operation, request, scope, self._tags(operation, request, scope)):
            self._host.authorize(check, headers, query)
        validate(input_shape(operation), request)
        progress.context = context
        answer = OPERATIONS[operation].run(context, request)
        shape = output_shape(operation)
        return {} if shape is None else dict(serialize(shape, answer))

    def _tags(self, operation: str, request: dict[str, Any], scope: Scope) -> dict[str, str]:
        """The tags of the pipeline that a request acts on, for policies with conditions on them."""
        arn = resource_of(operation, request, scope)
        pipeline = self.store.pipelines.get(pipeline_of_execution(arn) or arn)
        return {} if pipeline is None or operation == "CreatePipeline" else pipeline.tags


def _answer(status: int, error: str | None, body: dict[str, Any]) -> Answer:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    if error is not None:
        headers["x-amzn-errortype"] = error
    return status, headers, json.dumps(body).encode()


def _loggable(body: bytes) -> Any:
    try:
        return parse_body(body)
    except AwsError:
        return body.decode("utf-8", errors="replace")
