"""Values of features. All types are sent as strings."""

from __future__ import annotations

import math
import re
from typing import Any, Final

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


def collection_problem(definition: dict[str, Any], elements: list[str]) -> str | None:
    """Returns the problem of a collection's elements, or None."""
    kind = definition["FeatureType"]
    problem = next((found for text in elements if (found := problem_of(kind, text))), None)
    if problem is None and definition["CollectionType"] == "Vector":
        dimension = definition["CollectionConfig"]["VectorConfig"]["Dimension"]
        if len(elements) != dimension:
            return f"it has {len(elements)} elements, and the vector has {dimension} dimensions"
    return problem


def unique(elements: list[str]) -> list[str]:
    """Returns the elements of a set: each once, in the order of their first occurrence."""
    return list(dict.fromkeys(elements))


def canonical(kind: FeatureType, text: str) -> str:
    """Returns a valid value in a spelling that every parser accepts."""
    if kind == "Integral":
        return str(int(text))
    return repr(float(text)) if kind == "Fractional" else text
