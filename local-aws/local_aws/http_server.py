"""The HTTP server, hypercorn. Faults can cut its connections. Only this module uses its internals."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import hypercorn.asyncio
import hypercorn.asyncio.run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config

from local_aws.protocol.asgi import AsgiApp

_open_connections: dict[tuple[str, int], asyncio.StreamWriter] = {}


def cut_connection(client: tuple[str, int] | None) -> None:
    """Close a client's connection with a reset, so that no answer can follow."""
    writer = _open_connections.get(client) if client else None
    if writer is not None:
        writer.transport.abort()


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
    """Serve on a listening socket until ``stop`` returns."""
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    # Keep idle connections open for slow clients.
    config.keep_alive_timeout = 3600
    config.startup_timeout = config.shutdown_timeout = 300
    # At this point no function or job runs, so no request is pending.
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    logging.getLogger("hypercorn.error").setLevel(logging.WARNING)
    hypercorn.asyncio.run.TCPServer = _CuttableConnection  # type: ignore[attr-defined]
    await hypercorn.asyncio.serve(app, config, shutdown_trigger=stop)  # type: ignore[arg-type]
