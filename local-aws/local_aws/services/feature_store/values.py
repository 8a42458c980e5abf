"""Values of features. All types are sent as strings."""

from __future__ import annotations

import math
import re
from typing import Final

from local_aws.services.feature_store.model import FeatureType

_INTEGRAL: Final = re.compile(r"[+-]?[0-9]{1,19}")
_FRACTIONAL: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def problem_of(kind: FeatureType, text: str) -> str | None:
    """Returns the problem of a value, or None. Types: 64-bit integer, finite 64-bit float, string."""
    if kind == "Integral":
        legal = _INTEGRAL.fullmatch(text) is not None and -(2**63) <= int(text) < 2**63
    elif kind == "Fractional":
        legal = _FRACTIONAL.fullmatch(text) is not None and math.isfinite(float(text))
    else:
        legal = True
    return None if legal else f"'{text[:100]}' is not of type {kind}"


def canonical(kind: FeatureType, text: str) -> str:
    """Returns a valid value in a spelling that every parser accepts."""
    if kind == "Integral":
        return str(int(text))
    return repr(float(text)) if kind == "Fractional" else text
