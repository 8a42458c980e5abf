"""The admin endpoint, for tests and demos: faults, calls, limits, steps, reset, health."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, Final, get_args
from urllib.parse import parse_qs

from local_aws.faults import BadFaultError
from local_aws.protocol.http_request import Answer
from local_aws.services.sagemaker.model import StepsMode
from local_aws.services.sagemaker.service import SageMakerService

PREFIX: Final = "/_local-aws/"
MAX_LIMIT: Final = 1_000_000
_Reply = tuple[int, Any]
_RESET: Final[_Reply] = (200, {"reset": True})


class Admin:
    """Routes of the admin endpoint. All bodies are JSON; an error is ``{"error": "..."}``."""

    def __init__(self, service: SageMakerService, reset_all: Callable[[], Awaitable[None]]) -> None:
        self._service = service
        self._reset_all = reset_all

    async def handle(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> Answer:
        """Answer a request to a path under ``/_local-aws/``."""
        status, reply = self._route(method, path, query, headers, body)
        if (status, reply) == _RESET:
            await self._reset_all()
        return status, {"Content-Type": "application/json"}, json.dumps(reply).encode()

    def _route(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> _Reply:
        if "origin" in headers:
            # A web page can reach loopback from the user's browser. Tests and demos send no Origin.
            return 403, {"error": "The admin endpoint refuses requests from web pages."}
        routes: dict[tuple[str, str], Callable[[], _Reply]] = {
            ("GET", "health"): lambda: (200, {"status": "ready", "ministack": version("ministack")}),
            ("GET", "faults"): lambda: (200, {"faults": self._service.faults.pending()}),
            ("POST", "faults"): lambda: self._add_fault(body),
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "calls"): lambda: self._calls(query),
            ("DELETE", "calls"): self._clear_calls,
            ("GET", "limits"): self._limits,
            ("PUT", "limits"): lambda: self._set_limits(body),
            ("GET", "steps"): self._steps,
            ("PUT", "steps"): lambda: self._set_steps(body),
            ("POST", "reset"): lambda: _RESET,
        }
        name = path.removeprefix(PREFIX)
        if (method, name) in routes:
            return routes[method, name]()
        allowed = [known for known, where in routes if where == name]
        if allowed:
            return 405, {"error": f"{path} accepts {', '.join(allowed)}, not {method}."}
        known_paths = sorted({PREFIX + where for _, where in routes})
        return 404, {"error": f"No such path: {path}. Known paths: {', '.join(known_paths)}."}

    def _add_fault(self, body: bytes) -> _Reply:
        fields = _json_object(body)
        if fields is None:
            return 400, {"error": "The body must be a JSON object."}
        try:
            self._service.faults.add(fields)
        except BadFaultError as bad:
            return 400, {"error": f"Bad fault: {bad}."}
        return 201, {"faults": self._service.faults.pending()}

    def _clear_faults(self) -> _Reply:
        self._service.faults.clear()
        return 200, {"faults": []}

    def _calls(self, query: str) -> _Reply:
        parameters = parse_qs(query)
        unknown = parameters.keys() - {"operation", "after"}
        after = parameters.get("after", ["0"])[-1]
        if unknown or not after.isdecimal():
            return 400, {"error": "The query may have operation (a name) and after (the id of a call)."}
        return 200, {"calls": self._service.calls.listed(parameters.get("operation", [None])[-1], int(after))}

    def _clear_calls(self) -> _Reply:
        self._service.calls.clear()
        return 200, {"calls": []}

    def _limits(self) -> _Reply:
        return 200, {"max_concurrent_executions": self._service.backend.store.max_concurrent_executions}

    def _set_limits(self, body: bytes) -> _Reply:
        fields = _json_object(body)
        limit = (fields or {}).get("max_concurrent_executions")
        legal = isinstance(limit, int) and not isinstance(limit, bool) and 0 <= limit <= MAX_LIMIT
        if fields is None or fields.keys() != {"max_concurrent_executions"} or not legal:
            return 400, {"error": f"The body must be {{max_concurrent_executions: 0 to {MAX_LIMIT}}}."}
        self._service.backend.store.max_concurrent_executions = int(limit or 0)
        return self._limits()

    def _steps(self) -> _Reply:
        return 200, {"steps": self._service.backend.store.steps}

    def _set_steps(self, body: bytes) -> _Reply:
        fields = _json_object(body) or {}
        if fields.keys() != {"steps"} or fields["steps"] not in get_args(StepsMode):
            return 400, {"error": f"The body must be {{steps: {' or '.join(get_args(StepsMode))}}}."}
        self._service.backend.store.steps = fields["steps"]
        return self._steps()


def host_is_loopback(host: str) -> bool:
    """Whether a Host header names this machine's loopback.

    A page that makes its own name resolve to 127.0.0.1 (DNS rebinding) still sends its own name.
    """
    name = host.strip().lower()
    name = name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
