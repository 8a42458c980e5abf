"""What is known of the request being handled beside what ministack hands on."""

from __future__ import annotations

import contextvars
from typing import Final

from local_aws.asgi import AsgiApp, Message, Receive, Send

raw_path: contextvars.ContextVar[str] = contextvars.ContextVar("raw_path", default="/")
"""Its path as it was sent, which is what its signature is made of."""
client: contextvars.ContextVar[tuple[str, int] | None] = contextvars.ContextVar("client", default=None)
"""Its client address, which names one open connection."""
request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
"""Its id in the call log, if it has one."""
_ID_HEADERS: Final = (b"x-amzn-requestid", b"x-amz-request-id")


def with_request_context(app: AsgiApp) -> AsgiApp:
    """Remember the connection of each request, and answer the id that the call log has."""

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
