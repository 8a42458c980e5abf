"""The seam to ministack, and to the HTTP server under it: their internals are touched here only.

(Mends of ministack's behaviour are in ``ministack_fixes``.) The hooks are no API, so the version is pinned
exactly and checked at the start. ministack reads its settings from the environment when it is imported, so
nothing imports it before ``environment`` is in place.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import importlib
import json
import logging
import secrets
import socket
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import hypercorn.asyncio
import hypercorn.asyncio.run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config

from local_aws.asgi import AsgiApp, Message, Receive, Send
from local_aws.clients import Credentials
from local_aws.codecommit.http import GitUser
from local_aws.delivery import api_of
from local_aws.errors import AwsError, validation_error
from local_aws.json_service import JsonService
from local_aws.ministack_cloudformation import install_cloudformation
from local_aws.ministack_fixes import install_fixes, invoke_pipelines_from_rules
from local_aws.sagemaker.arns import Scope
from local_aws.sagemaker.model import Identity
from local_aws.sagemaker.operations import Check
from local_aws.service import TARGET_PREFIX, Answer, HttpRequest, SageMakerService

MINISTACK_VERSION: Final = "1.5.33"
LOOPBACK: Final = "127.0.0.1"

OWN_ACCOUNT: Final = "000000000000"
ROOT_KEY: Final = "test"
ROOT_SECRET: Final = "test"
SESSION_NAME: Final = "SageMaker"
"""Of the role sessions of jobs, steps and stores."""
_SAGEMAKER_PRINCIPAL: Final = "sagemaker.amazonaws.com"

_raw_path: contextvars.ContextVar[str] = contextvars.ContextVar("raw_path", default="/")
"""The path of the request being handled as it was sent, which is what its signature is made of."""
_client: contextvars.ContextVar[tuple[str, int] | None] = contextvars.ContextVar("client", default=None)
"""The client address of the request being handled; it names one open connection."""
_request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
"""The id of the SageMaker request being handled."""


@functools.cache
def _ministack(module: str) -> Any:
    """A module of ministack's, imported when it is first needed. Untyped, as all of them are."""
    return importlib.import_module(f"ministack.{module}")


class WrongMinistackError(RuntimeError):
    """The installed ministack is not the one whose internals are known here."""


def check_version() -> None:
    """Refuse any version but the pinned one."""
    try:
        found = version("ministack")
    except PackageNotFoundError:
        found = "none"
    if found != MINISTACK_VERSION:
        raise WrongMinistackError(
            f"local-aws needs ministack {MINISTACK_VERSION} exactly, found {found}. "
            "hint: pip install -r requirements.txt"
        )


# Settings of the server that a function has no use for. TMPDIR is one that functions should use.
SERVER_VARIABLES: Final = frozenset(
    {
        "AUTH",
        "BIND_HOST",
        "DOCKER_HOST",
        "GATEWAY_PORT",
        "IOT_MTLS_ENABLED",
        "LAMBDA_EXECUTOR",
        "LOG_LEVEL",
        "MINISTACK_HOST",
        "MINISTACK_REGION",
        "PERSIST_STATE",
        "PYTHONDONTWRITEBYTECODE",
        "S3_DATA_DIR",
        "S3_PERSIST",
        "SFTP_ENABLED",
        "STATE_DIR",
    }
)


def environment(port: int, auth: bool, work_dir: Path, data_dir: Path | None) -> dict[str, str]:
    """The settings ministack is run with. Functions inherit them, too."""
    state = data_dir or work_dir / "data"
    kept = "1" if data_dir else "0"
    return {
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "AUTH": str(auth).lower(),
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "INFO",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": "us-east-1",
        "PERSIST_STATE": kept,
        "STATE_DIR": str(state / "state"),
        "S3_PERSIST": kept,
        "S3_DATA_DIR": str(state / "s3"),
        # Listeners beside the one on loopback: not started.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # At its start ministack removes the containers of other ministacks. Docker has no part in this.
        "DOCKER_HOST": f"unix://{work_dir}/no-docker.sock",
        "TMPDIR": str(work_dir / "tmp"),
    }


class MinistackHost:
    """What the SageMaker service needs of ministack, for the request being handled."""

    def scope(self) -> Scope:
        """Account and region, as ministack read them from the request's signature."""
        responses = _ministack("core.responses")
        return Scope(account=responses.get_account_id(), region=responses.get_region())

    def identity(self, request: HttpRequest) -> Identity:
        """The caller. An unknown or missing access key is the account itself while authentication is off."""
        evaluator = _ministack("core.iam_evaluator")
        known = evaluator.resolve_caller_identity(_access_key(request))
        account = self.scope().account
        if known is None:
            return Identity(arn=f"arn:aws:iam::{account}:root", principal_id=account)
        return Identity(arn=known["userArn"], principal_id=known["userId"] or account)

    def authorize(self, check: Check, request: HttpRequest) -> None:
        """Raise AccessDeniedException unless IAM allows it."""
        if not _ministack("app").AUTH:
            return
        evaluator = _ministack("core.iam_evaluator")
        denied = evaluator.enforce(
            _access_key(request),
            check.action,
            check.action.partition(":")[0],
            self.scope().region,
            resource_arn=check.resource,
            service_context=check.condition_keys,
        )
        if denied is None:
            return
        if isinstance(denied, evaluator.AuthError):
            raise _authentication_error(denied.code, denied.message)
        message: str = _ministack("core.iam_actions").identity_denial_message(
            check.action, denied.principal_arn, check.resource, denied.decision == "Deny"
        )
        raise AwsError("AccessDeniedException", message)

    def authenticate_root(self, request: HttpRequest) -> None:
        """Check a signature made with the account's own key: ministack checks only users' and roles'."""
        if not _ministack("app").AUTH:
            return
        if "authorization" not in request.headers:
            raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")
        evaluator, sigv4 = _ministack("core.iam_evaluator"), _ministack("core.sigv4")
        if not evaluator.is_root_access_key(_access_key(request)):
            return
        signature = sigv4.parse_header_signature(request.headers)
        failure = (
            signature
            if isinstance(signature, tuple)
            else sigv4.request_time_failure(signature)
            or sigv4.header_signature_failure(
                signature,
                ROOT_SECRET,
                request.method,
                request.path,
                request.query,
                request.headers,
                request.body,
            )
        )
        if failure is not None:
            raise _authentication_error(*failure)

    def account_key(self, account: str) -> Credentials:
        """The account's own key. To ministack a key that is a number is that account's."""
        return Credentials(ROOT_KEY if account == OWN_ACCOUNT else account, ROOT_SECRET, None)

    def role_key(self, role_arn: str, account: str) -> Credentials:
        """A key for a session of a role; the account's own while authentication is off."""
        if not _ministack("app").AUTH:
            return self.account_key(account)
        role = role_arn.rpartition("/")[2]
        owner = role_arn.split(":")[4] if role_arn.count(":") >= 5 else account
        key = Credentials(f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(32))
        session = {
            "Arn": f"arn:aws:sts::{owner}:assumed-role/{role}/{SESSION_NAME}",
            "UserId": f"{role}:{SESSION_NAME}",
            "SecretAccessKey": key.secret_key,
            "SessionToken": key.session_token,
        }
        _ministack("services.sts").register_session(key.access_key, session)
        return key

    def authentication_is_on(self) -> bool:
        """Whether keys and rights are asked for."""
        return bool(_ministack("app").AUTH)

    def access_key(self, headers: dict[str, str], query: dict[str, list[str]]) -> str:
        """The access key that signed a request."""
        return str(_ministack("core.router").extract_access_key_id(headers, query))

    def role_access_key(self, role_arn: str) -> str:
        """A key for a session of a role, for what is done in its name in here."""
        return self.role_key(role_arn, self.scope().account).access_key

    def key_denial(self, access_key: str, check: Check) -> str | None:
        """Why the owner of a key may not do something; None: it may, as all may without authentication."""
        if not self.authentication_is_on():
            return None
        evaluator = _ministack("core.iam_evaluator")
        principal = evaluator.resolve_principal(access_key, self.scope().account)
        if isinstance(principal, evaluator.AuthError):
            return str(principal.message)
        if principal.policies is None:
            return None
        context = {name.lower(): value for name, value in check.condition_keys.items()}
        context.setdefault("aws:tagkeys", None)
        if check.action.startswith("s3:GetObject"):
            bucket, _, key = check.resource.removeprefix("arn:aws:s3:::").partition("/")
            tags = _ministack("services.s3").object_tags_for_condition(bucket, key, {})
            context |= {f"s3:existingobjecttag/{name}".lower(): value for name, value in tags.items()}
        request = evaluator.EvalContext(
            principal_arn=principal.arn,
            principal_type=principal.type,
            principal_account=principal.account,
            action=check.action,
            resource_arn=check.resource,
            region=self.scope().region,
            service_context=context,
            principal_keys=principal.keys,
        )
        decision = evaluator.evaluate(request, principal.policies, *principal.limits).decision
        if decision == "Allow":
            return None
        denial: str = _ministack("core.iam_actions").identity_denial_message(
            check.action, principal.arn, check.resource, decision == "Deny"
        )
        return denial

    def trusts(self, role_arn: str, service: str) -> bool:
        """Whether a role is there and may be assumed by a service. Any is, while authentication is off."""
        if not self.authentication_is_on():
            return True
        role = _ministack("services.iam")._roles.get(role_arn.rpartition("/")[2])
        if role is None or role["Arn"] != role_arn:
            return False
        evaluator = _ministack("core.iam_evaluator")
        account = self.scope().account
        request = evaluator.EvalContext(
            principal_arn=service,
            principal_type="Service",
            principal_account=account,
            action="sts:AssumeRole",
            resource_arn="*",
            region=self.scope().region,
            service_context={"aws:sourceaccount": account},
        )
        trust = json.loads(role["AssumeRolePolicyDocument"])
        statements = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
        # A trust policy names no resource: it is of the role.
        policy = {**trust, "Statement": [{**statement, "Resource": "*"} for statement in statements]}
        decision = evaluator.evaluate_resource_policy(json.dumps(policy), request, service=service)
        return bool(decision.decision == "Allow")

    def role_denial(self, role_arn: str, service: str, check: Check) -> str | None:
        """Why a role, assumed by a service, may not do something; None: it may."""
        if not self.trusts(role_arn, service):
            return f"{service} is not authorized to assume the role {role_arn}"
        return self.key_denial(self.role_access_key(role_arn), check)

    def git_user(self, access_key: str | None, token: str | None) -> tuple[GitUser, str] | None:
        """The user of git that a key belongs to, with the key's secret. Without a key: the account."""
        account, region = OWN_ACCOUNT, _ministack("core.responses").get_region()
        scope = Scope(account=account, region=region)
        evaluator = _ministack("core.iam_evaluator")
        if access_key is None or evaluator.is_root_access_key(access_key):
            return GitUser(scope, f"arn:aws:iam::{account}:root", lambda _: True), ROOT_SECRET
        known = evaluator.resolve_credential(access_key, account)
        if isinstance(known, evaluator.CredentialResolutionError):
            return None
        session = _ministack("services.sts")._sessions.get(access_key) or {}
        if session and session.get("SessionToken") != token:
            return None
        user = GitUser(scope, known.principal_arn, lambda check: self.key_denial(access_key, check) is None)
        return user, str(known.secret_access_key)

    def parse_template(self, text: str) -> dict[str, Any]:
        """The sections of a CloudFormation template. Raises ValueError."""
        try:
            return dict(_ministack("services.cloudformation.engine")._parse_template(text))
        except Exception as error:
            raise ValueError(str(error)) from error

    def emit(self, account: str, region: str, event: dict[str, Any]) -> None:
        """Put an event of AWS's own on the default bus."""
        responses = _ministack("core.responses")
        context = contextvars.copy_context()

        def dispatch() -> None:
            responses.set_request_account_id(account)
            responses.set_request_region(region)
            made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            whole = {"EventId": str(uuid.uuid4()), "EventBusName": "default", "Time": made}
            _ministack("services.eventbridge")._dispatch_event(
                {**whole, "Account": account, "Region": region, **event}
            )

        context.run(dispatch)

    def check_assumable(self, role_arn: str) -> None:
        """Raise a ValidationException for a role that is not there or does not trust SageMaker."""
        if not self.trusts(role_arn, _SAGEMAKER_PRINCIPAL):
            raise validation_error(
                f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
                "'sagemaker.amazonaws.com' to assume the role."
            )

    def read_object(self, bucket: str, key: str, version_id: str | None) -> bytes | None:
        """An object in ministack's S3."""
        s3 = _ministack("services.s3")
        content = s3._get_object_data(bucket, key, version_id=version_id)
        return None if content is None else bytes(content)

    def cut_connection(self) -> None:
        """Close the connection of the request being handled with a reset, so that no answer can follow."""
        client = _client.get()
        writer = _open_connections.get(client) if client else None
        if writer is not None:
            writer.transport.abort()


_ID_HEADERS: Final = (b"x-amzn-requestid", b"x-amz-request-id")
_open_connections: dict[tuple[str, int], asyncio.StreamWriter] = {}


def install(service: SageMakerService, on_reset: Callable[[], None]) -> AsgiApp:
    """Plug the SageMaker service into ministack and return ministack's ASGI application."""
    app = _ministack("app")
    router = _ministack("core.router")

    _install_delivery(app, router, service)

    async def handler(
        method: str, _path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        request_id = str(uuid.uuid4())
        _request_id.set(request_id)
        return await service.handle(HttpRequest(method, _raw_path.get(), headers, query, body), request_id)

    app.SERVICE_HANDLERS["sagemaker"] = handler
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
    return _with_request_context(app.app)


def _install_delivery(app: Any, router: Any, service: SageMakerService) -> None:
    """Plug in the services that bring code to pipelines, and what CloudFormation makes of them."""
    delivery = service.backend.delivery
    services = delivery.services(service.calls, service.faults)
    for name, plugged in services.items():
        app.SERVICE_HANDLERS[name] = _json_handler(plugged)
        router.SERVICE_PATTERNS[name] = {
            "target_prefixes": [plugged.protocol.target_prefix],
            "host_patterns": [rf"{name}\."],
            "credential_scope": plugged.protocol.iam_prefix,
        }
    # CodeBuild is ministack's, too; here its requests are decided where they are carried out.
    _ministack("core.iam_actions").SERVICE_TO_IAM_NAMESPACE.pop("codebuild", None)
    invoke_pipelines_from_rules(delivery.invoke_target)
    api = api_of(services, service.call)
    install_cloudformation(
        app, MinistackHost(), delivery.resource_types(), api, delivery.provisioning.template_of
    )


def _json_handler(plugged: JsonService) -> Callable[..., Awaitable[Answer]]:
    async def handler(
        method: str, _path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        request_id = str(uuid.uuid4())
        _request_id.set(request_id)
        return await plugged.handle(HttpRequest(method, _raw_path.get(), headers, query, body), request_id)

    return handler


def _flush_before_athena_queries(app: Any, flush: Callable[[], None]) -> None:
    """Let a query see all rows that the offline stores have accepted."""
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
    """What ``POST /_ministack/reset`` does: forget all state of all services, stop all functions."""
    app = _ministack("app")
    async with app._get_reset_lock():
        await asyncio.to_thread(app._reset_all_state)


def stop_functions() -> None:
    """End the processes of all Lambda functions."""
    _ministack("core.lambda_runtime").reset()


class _CuttableConnection(TCPServer):
    """A connection that a fault can find and cut."""

    async def run(self) -> None:
        client = self.writer.get_extra_info("peername")
        _open_connections[client] = self.writer
        try:
            await super().run()
        finally:
            _open_connections.pop(client, None)


async def serve(app: AsgiApp, listener: socket.socket, stop: Callable[[], Awaitable[None]]) -> None:
    """Serve on a socket that listens already, until ``stop`` returns."""
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    logging.getLogger("hypercorn.error").setLevel(logging.WARNING)
    hypercorn.asyncio.run.TCPServer = _CuttableConnection  # type: ignore[attr-defined]
    await hypercorn.asyncio.serve(app, config, shutdown_trigger=stop)  # type: ignore[arg-type]


def _with_request_context(app: AsgiApp) -> AsgiApp:
    """Remember the connection of each request, and answer the id that the call log has."""

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        _client.set(tuple(client) if client else None)
        _raw_path.set(scope.get("raw_path", b"/").decode("latin-1").partition("?")[0])

        async def send_with_own_id(message: Message) -> None:
            own = _request_id.get()
            if own is not None and message["type"] == "http.response.start":
                message["headers"] = [
                    (name, own.encode() if name.lower() in _ID_HEADERS else value)
                    for name, value in message["headers"]
                ]
            await send(message)

        await app(scope, receive, send_with_own_id)

    return wrapped


def _authentication_error(code: str, message: str) -> AwsError:
    """A failed authentication with the code that the JSON protocol has for it."""
    codes = _ministack("core.iam_actions")._AUTH_FAILURES
    return AwsError(str(codes[code][2]) if code in codes else code, message)


def _access_key(request: HttpRequest) -> str:
    return str(_ministack("core.router").extract_access_key_id(request.headers, request.query))
