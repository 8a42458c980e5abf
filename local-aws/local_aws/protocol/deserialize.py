"""Reads a request's JSON body according to its shape. Raises SerializationException for wrong types."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from local_aws.protocol.errors import AwsError
from local_aws.protocol.service_model import Shape

_INTEGER_LIMITS: Final = {"integer": 2**31, "long": 2**63}
_MAX_DEPTH: Final = 64
"""Deeper than any valid request. Deeper nesting would exhaust the stack."""


def parse_body(body: bytes) -> dict[str, Any]:
    """Returns the JSON object in a body. An empty body is an empty object, as on AWS."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise AwsError("SerializationException", f"The request body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "Start of structure or map found where not expected.")
    if _deeper_than(_MAX_DEPTH, value):
        raise AwsError(
            "SerializationException", f"The request body is nested deeper than {_MAX_DEPTH} levels"
        )
    return value


def deserialize(shape: Shape, value: Any, path: str = "") -> Any:
    """Returns the value without nulls. Checks JSON types only.

    Keeps unknown members: validation refuses them, and lists all of them in one answer.
    """
    kind = shape.type_name
    if kind == "structure":
        _expect(isinstance(value, dict), value, "structure", path)
        _well_formed_text(list(value), path)
        return {
            name: deserialize(shape.members[name], item, _join(path, name)) if name in shape.members else item
            for name, item in value.items()
            if item is not None
        }
    if kind == "list":
        _expect(isinstance(value, list), value, "list", path)
        return [
            None if item is None else deserialize(shape.member, item, f"{path}.{index}.member")
            for index, item in enumerate(value, start=1)
        ]
    if kind == "map":
        _expect(isinstance(value, dict), value, "map", path)
        _well_formed_text(list(value), path)
        return {
            name: deserialize(shape.value, item, f"{path}.{name}.member")
            for name, item in value.items()
            if item is not None
        }
    if kind in _INTEGER_LIMITS:
        whole = isinstance(value, int) and not isinstance(value, bool)
        _expect(whole and abs(value) < _INTEGER_LIMITS[kind], value, kind, path)
    elif kind == "timestamp":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        _expect(number and math.isfinite(value), value, "timestamp (seconds since 1970)", path)
    elif kind == "boolean":
        _expect(isinstance(value, bool), value, kind, path)
    elif kind == "string":
        _expect(isinstance(value, str), value, kind, path)
        _well_formed_text([value], path)
    else:
        raise NotImplementedError(f"{kind} at {path}: no implemented operation has a member of this kind")
    return value


def _deeper_than(limit: int, value: Any) -> bool:
    level = [value]
    for _ in range(limit):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        level = [
            inner for item in containers for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return True


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _join(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _expect(fits: bool, value: Any, expected: str, path: str) -> None:
    if not fits:
        at = f" at '{path}'" if path else ""
        raise AwsError(
            "SerializationException", f"{_json_kind(value)} can not be converted to {expected}{at}"
        )


def _well_formed_text(texts: list[str], path: str) -> None:
    """Refuse unpaired surrogates, which JSON can express and UTF-8 cannot."""
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise AwsError("SerializationException", f"Unpaired surrogate in the text at '{path}'") from error


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    if isinstance(value, dict):
        return "START_OBJECT"
    return "START_ARRAY" if isinstance(value, list) else "NUMBER_VALUE"
