"""Values of pipeline parameters. All types are sent as strings."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, TypeGuard, get_args

ParameterType = Literal["String", "Integer", "Float", "Boolean"]
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_FLOAT: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOOLEAN: Final = frozenset({"true", "false"})


def is_parameter_type(name: Any) -> TypeGuard[ParameterType]:
    """Whether this is a parameter type of AWS."""
    return name in get_args(ParameterType)


def check_value(kind: ParameterType, text: str) -> str | None:
    """Returns the problem of a value of this type, or None."""
    legal = {
        "String": True,
        "Integer": _INTEGER.fullmatch(text) is not None,
        "Float": _FLOAT.fullmatch(text) is not None,
        "Boolean": text.lower() in _BOOLEAN,
    }[kind]
    return None if legal else f"'{text}' is not a value of type {kind}"


def same_value(kind: ParameterType, left: str, right: str) -> bool:
    """Whether two valid values are equal, such as 1 and +1, 0.5 and 5e-1, True and true."""
    if kind == "Integer":
        return int(left) == int(right)
    if kind == "Float":
        return float(left) == float(right)
    return left.lower() == right.lower() if kind == "Boolean" else left == right
