"""Extends ministack's CloudFormation: more resource types, templates in S3, authorization of each change.

ministack changes resources without asking IAM. Here each change is authorized first, for the role that the
operation names, otherwise for the caller. See ``services.cloudformation.permissions``.
"""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import parse_qs

from local_aws.ministack.settings import ministack
from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Check
from local_aws.protocol.errors import AwsError
from local_aws.protocol.http_request import Answer
from local_aws.services.cloudformation.permissions import Change, checks
from local_aws.services.cloudformation.resource_type import Api, ResourceType

SERVICE = "cloudformation.amazonaws.com"
_actor: contextvars.ContextVar[str | None] = contextvars.ContextVar("actor", default=None)
"""The access key whose permissions a stack's operation has. None means all permissions."""


class StackHost(Protocol):
    """What stacks need from the server."""

    def scope(self) -> Scope:
        """Account and region of the stack."""

    def authentication_is_on(self) -> bool:
        """Whether authentication is on."""

    def access_key(self, headers: dict[str, str], query: dict[str, list[str]]) -> str:
        """The access key that signed a request."""

    def key_denial(self, access_key: str, check: Check) -> str | None:
        """Returns the reason of a denial, or None if the key's owner is allowed."""

    def trusts(self, role_arn: str, service: str) -> bool:
        """Whether a service may assume a role."""

    def role_access_key(self, role_arn: str) -> str:
        """A key for a session of a role."""


def install_cloudformation(
    app: Any,
    host: StackHost,
    types: tuple[ResourceType, ...],
    api: Api,
    own_template: Callable[[str], str | None],
) -> None:
    """Extend ministack's CloudFormation. ``own_template`` finds templates that are not in S3."""
    _register(types, api)
    _decide_each_change(host)
    _act_for_the_caller(app, host)
    _read_templates_of_products(own_template)


def _register(types: tuple[ResourceType, ...], api: Api) -> None:
    provisioners = ministack("services.cloudformation.provisioners")
    _use_worker_threads(frozenset(kind.name for kind in types if kind.waits))
    for kind in types:
        provisioners._RESOURCE_HANDLERS[kind.name] = _handlers(kind, api, provisioners)
        provisioners._REPLACING_PROPERTIES[kind.name] = tuple(sorted(kind.replacing))
        if kind.tagged:
            provisioners._STACK_TAG_PROPERTY[kind.name] = ("Tags", "list")


def _use_worker_threads(names: frozenset[str]) -> None:
    """Run the handlers of these types in worker threads.

    ministack runs handlers in the serving thread. A handler that waits would block it.
    """
    stacks = ministack("services.cloudformation.stacks")
    before = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda name: name in names or before(name)


def _handlers(kind: ResourceType, api: Api, provisioners: Any) -> dict[str, Any]:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
        name = provisioners._physical_name(stack_name, logical_id, max_len=100)
        made: tuple[str, dict[str, str]] = _readable(lambda: kind.create(api, kind.checked(properties), name))
        return made

    def update(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], _stack_name: str
    ) -> tuple[str, dict[str, str]]:
        attributes = _readable(lambda: kind.update(api, physical_id, kind.checked(old), kind.checked(new)))
        return physical_id, attributes

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        _readable(lambda: kind.delete(api, physical_id, properties))

    return {"create": create, "update": update, "delete": delete}


def _readable(run: Callable[[], Any]) -> Any:
    try:
        return run()
    except AwsError as error:
        raise ValueError(
            f"{error.message} (Status Code: {error.status}; Error Code: {error.code})"
        ) from error
    except KeyError as missing:
        raise ValueError(
            f"Properties validation failed: required key [{missing.args[0]}] not found"
        ) from missing


def _decide_each_change(host: StackHost) -> None:
    stacks, provisioners = (
        ministack("services.cloudformation.stacks"),
        ministack("services.cloudformation.provisioners"),
    )
    provision, change_one, delete_one = (
        provisioners._provision_resource,
        provisioners._update_resource,
        provisioners._delete_resource,
    )

    def decide(
        resource_type: str, change: Change, properties: dict[str, Any], physical_id: str, old: dict[str, Any]
    ) -> None:
        actor = _actor.get()
        if actor is None:
            return
        for check in checks(resource_type, change, host.scope(), properties, physical_id, old):
            denial = host.key_denial(actor, check)
            if denial is not None:
                raise ValueError(f"{denial} (Status Code: 403; Error Code: AccessDenied)")

    @functools.wraps(provision)
    def provision_if_allowed(
        resource_type: str, logical_id: str, props: dict[str, Any], stack_name: str
    ) -> Any:
        decide(resource_type, "create", props, "", {})
        return provision(resource_type, logical_id, props, stack_name)

    @functools.wraps(change_one)
    def update_if_allowed(
        resource_type: str,
        physical_id: str,
        old: dict[str, Any],
        new: dict[str, Any],
        *rest: Any,
        **named: Any,
    ) -> Any:
        replaces = provisioners._replacing_change(resource_type, old, new)
        if old != new and not replaces:
            decide(resource_type, "update", new, physical_id, old)
        return change_one(resource_type, physical_id, old, new, *rest, **named)

    @functools.wraps(delete_one)
    def delete_if_allowed(resource_type: str, physical_id: str, props: dict[str, Any], *rest: Any) -> Any:
        decide(resource_type, "delete", props, physical_id, {})
        return delete_one(resource_type, physical_id, props, *rest)

    for module in (stacks, provisioners):
        module._provision_resource = provision_if_allowed
        module._update_resource = update_if_allowed
        module._delete_resource = delete_if_allowed


def _act_for_the_caller(app: Any, host: StackHost) -> None:
    """Run an operation and its background task with the permissions of its role or its caller.

    A stack keeps the role that it was created with. Later operations that name no role use it.
    """
    handle = app.SERVICE_HANDLERS["cloudformation"]
    roles: dict[str, str] = {}

    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        if not host.authentication_is_on():
            answer: Answer = await handle(method, path, headers, body, query)
            return answer
        form = parse_qs(body.decode("utf-8", errors="replace"))
        caller = host.access_key(headers, query)
        action, given = form.get("Action", [""])[0], form.get("RoleARN", [None])[0]
        stack = _stack_id(form.get("StackName", [""])[0])
        changes = action in ("CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet")
        role = given or (roles.get(stack) if changes else None)
        if given is not None:
            passed = Check("iam:PassRole", given, {"iam:PassedToService": SERVICE})
            denial = host.key_denial(caller, passed)
            if denial is not None:
                return _refusal("AccessDenied", denial, 403)
            if not host.trusts(given, SERVICE):
                return _refusal("ValidationError", f"Role {given} is invalid or cannot be assumed", 400)
        _actor.set(host.role_access_key(role) if role else caller)
        answer = await handle(method, path, headers, body, query)
        if given is not None and changes and answer[0] == 200:
            roles[_stack_id(form.get("StackName", [""])[0])] = given
        return answer

    app.SERVICE_HANDLERS["cloudformation"] = handler


def _stack_id(name_or_id: str) -> str:
    """Returns the id of a stack, or the name if there is no such stack."""
    stack = ministack("services.cloudformation.handlers")._resolve_stack(name_or_id) if name_or_id else None
    return str(stack["StackId"]) if stack else name_or_id


def _refusal(code: str, message: str, status: int) -> Answer:
    answer: Answer = ministack("services.cloudformation.helpers")._error(code, message, status)
    return answer


def _read_templates_of_products(own_template: Callable[[str], str | None]) -> None:
    """Accept the template URLs of Service Catalog's products."""
    helpers = ministack("services.cloudformation.helpers")
    resolve = helpers._resolve_document

    @functools.wraps(resolve)
    def resolve_own(params: dict[str, Any], body_key: str, url_key: str, label: str) -> Any:
        own = own_template(helpers._p(params, url_key))
        return resolve(params, body_key, url_key, label) if own is None else (own, None)

    helpers._resolve_document = resolve_own
