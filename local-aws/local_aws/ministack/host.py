"""Plugs the services into ministack, and gives them what they need from it.

``iam`` covers ministack's IAM, ``cloudformation`` its CloudFormation, and ``fixes`` corrects its behaviour.
"""

from __future__ import annotations

import asyncio
import contextvars
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from local_aws import http_server
from local_aws.delivery import api_of
from local_aws.ministack.cloudformation import install_cloudformation
from local_aws.ministack.fixes import install_fixes, invoke_pipelines_from_rules
from local_aws.ministack.iam import MinistackIam
from local_aws.ministack.settings import SERVER_VARIABLES, ministack
from local_aws.protocol import request_context
from local_aws.protocol.asgi import AsgiApp
from local_aws.protocol.http_request import Answer, HttpRequest
from local_aws.protocol.json_service import JsonService
from local_aws.services.sagemaker.service import TARGET_PREFIX, SageMakerService


class MinistackHost(MinistackIam):
    """What the services need from ministack, for the request being handled."""

    def parse_template(self, text: str) -> dict[str, Any]:
        """Parse a CloudFormation template into its sections. Raises ValueError."""
        try:
            return dict(ministack("services.cloudformation.engine")._parse_template(text))
        except Exception as error:
            raise ValueError(str(error)) from error

    def emit(self, account: str, region: str, event: dict[str, Any]) -> None:
        """Put an event of an AWS service on the default bus."""
        responses = ministack("core.responses")
        context = contextvars.copy_context()

        def dispatch() -> None:
            responses.set_request_account_id(account)
            responses.set_request_region(region)
            made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            whole = {"EventId": str(uuid.uuid4()), "EventBusName": "default", "Time": made}
            ministack("services.eventbridge")._dispatch_event(
                {**whole, "Account": account, "Region": region, **event}
            )

        context.run(dispatch)

    def read_object(self, bucket: str, key: str, version_id: str | None) -> bytes | None:
        """Returns an object in ministack's S3, or None."""
        s3 = ministack("services.s3")
        content = s3._get_object_data(bucket, key, version_id=version_id)
        return None if content is None else bytes(content)

    def cut_connection(self) -> None:
        """Close the connection of the request being handled, without an answer."""
        http_server.cut_connection(request_context.client.get())


def install(service: SageMakerService, on_reset: Callable[[], None]) -> AsgiApp:
    """Plug the services into ministack, and return ministack's ASGI application."""
    app = ministack("app")
    router = ministack("core.router")

    _install_delivery(app, router, service)
    app.SERVICE_HANDLERS["sagemaker"] = _handler(service)
    router.SERVICE_PATTERNS["sagemaker"] = {
        "target_prefixes": [TARGET_PREFIX],
        "host_patterns": [r"(api|featurestore-runtime)\.sagemaker\."],
    }
    _flush_before_athena_queries(app, service.backend.feature_store.flush)
    ministack_reset = app._reset_all_state

    def reset() -> None:
        on_reset()
        ministack_reset()

    app._reset_all_state = reset
    install_fixes(SERVER_VARIABLES)
    return request_context.with_request_context(app.app)


def _install_delivery(app: Any, router: Any, service: SageMakerService) -> None:
    """Plug in Service Catalog, CodeCommit, CodeBuild and CodePipeline, and their CloudFormation types."""
    delivery = service.backend.delivery
    services = delivery.services(service.calls, service.faults)
    for name, plugged in services.items():
        app.SERVICE_HANDLERS[name] = _handler(plugged)
        router.SERVICE_PATTERNS[name] = {
            "target_prefixes": [plugged.protocol.target_prefix],
            "host_patterns": [rf"{name}\."],
            "credential_scope": plugged.protocol.iam_prefix,
        }
    # ministack has a CodeBuild, too. Ours authorizes its requests itself.
    ministack("core.iam_actions").SERVICE_TO_IAM_NAMESPACE.pop("codebuild", None)
    invoke_pipelines_from_rules(delivery.invoke_target)
    api = api_of(services, service.call)
    install_cloudformation(
        app, MinistackHost(), delivery.resource_types(), api, delivery.launches.template_of
    )


def _handler(plugged: SageMakerService | JsonService) -> Callable[..., Awaitable[Answer]]:
    async def handler(
        method: str, _path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        request_id = str(uuid.uuid4())
        request_context.request_id.set(request_id)
        return await plugged.handle(
            HttpRequest(method, request_context.raw_path.get(), headers, query, body), request_id
        )

    return handler


def _flush_before_athena_queries(app: Any, flush: Callable[[], None]) -> None:
    """Flush the offline stores before a query, so that it sees all accepted rows."""
    athena = app.SERVICE_HANDLERS["athena"]

    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        if headers.get("x-amz-target", "").endswith(".StartQueryExecution"):
            await asyncio.to_thread(flush)
        answer: Answer = await athena(method, path, headers, body, query)
        return answer

    app.SERVICE_HANDLERS["athena"] = handler


async def reset_everything() -> None:
    """Do what ``POST /_ministack/reset`` does: clear all services, and stop all functions."""
    app = ministack("app")
    async with app._get_reset_lock():
        await asyncio.to_thread(app._reset_all_state)


def stop_functions() -> None:
    """End the processes of all Lambda functions."""
    ministack("core.lambda_runtime").reset()
