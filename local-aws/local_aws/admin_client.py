"""A client of the admin endpoint."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, fields
from typing import Any, cast
from urllib.parse import urlencode

from local_aws.admin import PREFIX
from local_aws.calls import CallRecord as Call
from local_aws.faults import FaultSpec as Fault

__all__ = ["AdminClient", "AdminError", "Call", "Fault", "FaultsClient"]


class AdminError(RuntimeError):
    """The admin endpoint refused a request. The text is its reason."""


@dataclass(frozen=True)
class AdminClient:
    """A client of one server's admin endpoint. It ignores proxies in the environment."""

    host: str
    port: int
    timeout: float = 300.0
    """Seconds. A reset waits until all functions and jobs have ended, which is slow on a busy machine."""

    def request(self, method: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a request to ``/_local-aws/<name>`` and return the JSON answer."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            connection.request(method, PREFIX + name, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = cast("dict[str, Any]", json.loads(response.read()))
        finally:
            connection.close()
        if response.status >= 400:
            raise AdminError(answer.get("error", f"HTTP status {response.status}"))
        return answer

    def calls(self, operation: str | None = None, after: int = 0) -> list[Call]:
        """The latest calls (2,000 at most) of an operation, or of all, with an id greater than ``after``."""
        query = {"after": str(after)} | ({"operation": operation} if operation else {})
        listed = self.request("GET", f"calls?{urlencode(query)}")["calls"]
        known = {item.name for item in fields(Call)}
        return [Call(**{name: value for name, value in call.items() if name in known}) for call in listed]


class FaultsClient:
    """Adds and removes faults. A fault hits the next ``times`` calls of an operation; ``*`` means any."""

    def __init__(self, client: AdminClient) -> None:
        self._client = client

    def throttle(self, operation: str, times: int = 1) -> None:
        """ThrottlingException, HTTP 400."""
        self._add(Fault(operation, "throttle", times))

    def server_error(self, operation: str, times: int = 1) -> None:
        """InternalFailure, HTTP 500."""
        self._add(Fault(operation, "server-error", times))

    def unavailable(self, operation: str, times: int = 1) -> None:
        """ServiceUnavailable, HTTP 503."""
        self._add(Fault(operation, "unavailable", times))

    def slow(self, operation: str, seconds: float, times: int = 1) -> None:
        """Carried out at once, answered after ``seconds``."""
        self._add(Fault(operation, "slow", times, delay_seconds=seconds))

    def cut_before(self, operation: str, times: int = 1) -> None:
        """The connection is closed; nothing is carried out."""
        self._add(Fault(operation, "cut-before", times))

    def cut_after(self, operation: str, times: int = 1) -> None:
        """Carried out, then the connection is closed without an answer."""
        self._add(Fault(operation, "cut-after", times))

    def error(self, operation: str, code: str, message: str | None = None, times: int = 1) -> None:
        """An error of the service models, or one of AWS's common errors."""
        self._add(Fault(operation, "error", times, code=code, message=message))

    def partial(self, operation: str, entries: int = 1, code: str | None = None, times: int = 1) -> None:
        """The first entries of a batch fail: unprocessed, or with an error of this code."""
        self._add(Fault(operation, "partial", times, code=code, entries=entries))

    def pending(self) -> list[Fault]:
        """The remaining faults."""
        return [Fault(**fault) for fault in self._client.request("GET", "faults")["faults"]]

    def clear(self) -> None:
        """Remove all faults."""
        self._client.request("DELETE", "faults")

    def _add(self, fault: Fault) -> None:
        self._client.request("POST", "faults", vars(fault))
