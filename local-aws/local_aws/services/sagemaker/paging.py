"""Pages of a list. Tokens stay valid while items are added and removed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

from local_aws.protocol.errors import validation_error

DEFAULT_PAGE = 100
_Item = TypeVar("_Item")
SortKey = tuple[float | str, str]
"""The sort value, followed by something unique, so that the order is total."""


def page(
    items: list[_Item],
    key: Callable[[_Item], SortKey],
    request: dict[str, Any],
    *,
    descending: bool,
) -> tuple[list[_Item], str | None]:
    """Returns a page of the sorted items and the token of the next page, or None on the last page.

    A token names the last item returned, so that new or deleted items neither repeat nor hide others. A token
    is valid for the same filters only.
    """
    ordered = sorted(items, key=key, reverse=descending)
    question = _question(request)
    if "NextToken" in request:
        last = _position(request["NextToken"], question)
        if ordered and type(last[0]) is not type(key(ordered[0])[0]):
            raise _invalid_token()
        ordered = [item for item in ordered if (key(item) < last if descending else key(item) > last)]
    size = request.get("MaxResults", DEFAULT_PAGE)
    shown, rest = ordered[:size], ordered[size:]
    return shown, _token(key(shown[-1]), question) if rest else None


def _question(request: dict[str, Any]) -> str:
    same = {name: value for name, value in request.items() if name not in ("NextToken", "MaxResults")}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:16]


def _token(last: SortKey, question: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([question, *last]).encode()).decode()


def _position(token: str, question: str) -> SortKey:
    try:
        asked, first, second = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError) as error:
        raise _invalid_token() from error
    if asked != question or not isinstance(first, float | str) or not isinstance(second, str):
        raise _invalid_token()
    return first, second


def _invalid_token() -> Exception:
    return validation_error("Invalid pagination token: it does not belong to this request.")
