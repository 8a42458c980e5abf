"""Waiting for what is to come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_Found = TypeVar("_Found")


def until(look: Callable[[], _Found | None]) -> _Found:
    """What ``look`` finds, once it finds something; the test's time limit is the limit."""
    while not (found := look()):
        time.sleep(0.02)
    return found
