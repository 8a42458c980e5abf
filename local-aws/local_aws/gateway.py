"""The entry point of requests: loopback only; to the admin endpoint, to Git, or to ministack."""

from __future__ import annotations

import json
from collections.abc import Callable

from local_aws.admin import PREFIX, Admin, host_is_loopback
from local_aws.protocol.asgi import AsgiApp, Message, Receive, Send
from local_aws.services.codecommit.http import GitOverHttp
from local_aws.services.codecommit.repositories import PATH as GIT_PATH


class Gateway:
    """An ASGI application around ministack's."""

    def __init__(
        self, ministack: AsgiApp, admin: Admin, git: GitOverHttp, when_ready: Callable[[], None]
    ) -> None:
        self._ministack = ministack
        self._admin = admin
        self._git = git
        self._when_ready = when_ready

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Handle one connection event of the server."""
        if scope["type"] == "lifespan":
            await self._ministack(scope, receive, self._announcing(send))
        elif scope["type"] != "http":
            await self._ministack(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = headers.get("host", "")
        if not host_is_loopback(host):
            error = {"error": f"local-aws serves loopback only. The host '{host}' is not a loopback name."}
            await _send_answer(send, 403, {"Content-Type": "application/json"}, json.dumps(error).encode())
        elif scope["path"].startswith(PREFIX):
            body = await _read_body(receive)
            query = scope.get("query_string", b"").decode("latin-1")
            answer = await self._admin.handle(scope["method"], scope["path"], query, headers, body)
            await _send_answer(send, *answer)
        elif scope["path"].startswith(GIT_PATH):
            body = await _read_body(receive)
            query = scope.get("query_string", b"").decode("latin-1")
            answer = await self._git.handle(scope["method"], scope["path"], query, headers, body)
            await _send_answer(send, *answer)
        else:
            # ministack takes this header for TLS. Without it, policies that require TLS deny all requests.
            over_tls = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
            await self._ministack(over_tls, receive, send)

    def _announcing(self, send: Send) -> Send:
        async def announcing(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self._when_ready()

        return announcing


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(parts)


async def _send_answer(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
