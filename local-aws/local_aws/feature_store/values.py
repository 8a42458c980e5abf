"""Values of features. On the wire they are text, whatever their type."""

from __future__ import annotations

import math
import re
from typing import Final

from local_aws.feature_store.model import FeatureType

_INTEGRAL: Final = re.compile(r"[+-]?[0-9]{1,19}")
_FRACTIONAL: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def problem_of(kind: FeatureType, text: str) -> str | None:
    """Why a text is no value of a type, or None: 64-bit integers, finite 64-bit floats, any text."""
    if kind == "Integral":
        legal = _INTEGRAL.fullmatch(text) is not None and -(2**63) <= int(text) < 2**63
    elif kind == "Fractional":
        legal = _FRACTIONAL.fullmatch(text) is not None and math.isfinite(float(text))
    else:
        legal = True
    return None if legal else f"'{text[:100]}' is not of type {kind}"


def canonical(kind: FeatureType, text: str) -> str:
    """The legal value in the one spelling that every reader of numbers understands."""
    if kind == "Integral":
        return str(int(text))
    return repr(float(text)) if kind == "Fractional" else text
