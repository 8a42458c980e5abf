"""What is known of the request being handled, besides what ministack passes on."""

from __future__ import annotations

import contextvars
from typing import Final

from local_aws.protocol.asgi import AsgiApp, Message, Receive, Send

raw_path: contextvars.ContextVar[str] = contextvars.ContextVar("raw_path", default="/")
"""The path as it was sent. The signature covers it."""
client: contextvars.ContextVar[tuple[str, int] | None] = contextvars.ContextVar("client", default=None)
"""The client's address, which identifies a connection."""
request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
"""The id in the call log, if any."""
_ID_HEADERS: Final = (b"x-amzn-requestid", b"x-amz-request-id")


def with_request_context(app: AsgiApp) -> AsgiApp:
    """Set the context of each request, and return the call log's request id to the client."""

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        address = scope.get("client")
        client.set(tuple(address) if address else None)
        raw_path.set(scope.get("raw_path", b"/").decode("latin-1").partition("?")[0])

        async def send_with_own_id(message: Message) -> None:
            own = request_id.get()
            if own is not None and message["type"] == "http.response.start":
                message["headers"] = [
                    (name, own.encode() if name.lower() in _ID_HEADERS else value)
                    for name, value in message["headers"]
                ]
            await send(message)

        await app(scope, receive, send_with_own_id)

    return wrapped
