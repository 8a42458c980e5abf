"""The delays of work that AWS does after its answer.

Each delay is defined where it is used, and multiplied by one factor. With a large factor, a test that asserts
a state too early fails. With a factor near zero, a test that relies on seeing a transitional state fails.
"""

from __future__ import annotations

from typing import Final

FACTOR_VARIABLE: Final = "LOCAL_AWS_DELAYS"
SETTLING_SECONDS: Final = 0.01
"""The delay before background work begins, so that no state changes at once."""

_factor = 1.0


def set_factor(factor: float) -> None:
    """Multiply all delays from now on."""
    global _factor
    _factor = factor


def scaled(seconds: float) -> float:
    """Returns a delay multiplied by the factor."""
    return seconds * _factor
