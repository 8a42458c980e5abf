"""Waits for results."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_Found = TypeVar("_Found")


def until(look: Callable[[], _Found | None]) -> _Found:
    """Call ``look`` until it finds something, or until the test times out."""
    while not (found := look()):
        time.sleep(0.02)
    return found
