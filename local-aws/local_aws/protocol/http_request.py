"""An HTTP request to a service, and its answer."""

from __future__ import annotations

from dataclasses import dataclass

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


@dataclass(frozen=True)
class HttpRequest:
    """A request as it arrived."""

    method: str
    path: str
    """The path as it was sent, with its escapes."""
    headers: dict[str, str]
    query: dict[str, list[str]]
    body: bytes
