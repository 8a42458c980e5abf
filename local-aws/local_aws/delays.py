"""How long local-aws takes for what AWS does after its answer.

Each delay is written where it is used, and multiplied by one factor, which tests change: who asserts a state
too early fails with a large one, who relies on seeing a state on its way fails with one near nothing.
"""

from __future__ import annotations

from typing import Final

FACTOR_VARIABLE: Final = "LOCAL_AWS_DELAYS"
SETTLING_SECONDS: Final = 0.01
"""Before work in the background begins, so that no state changes at once."""

_factor = 1.0


def set_factor(factor: float) -> None:
    """Multiply all delays from now on."""
    global _factor
    _factor = factor


def scaled(seconds: float) -> float:
    """A delay as it is to be waited for."""
    return seconds * _factor
