"""Validates requests against the constraints in AWS's service models.

botocore checks required members, types and minimum lengths in the client. The service also checks maximum
lengths, ranges, enumerations and patterns, and lists every violation in one ValidationException.
"""

from __future__ import annotations

import json
from typing import Any, Final

from local_aws.protocol.errors import validation_error
from local_aws.protocol.java_regex import full_match
from local_aws.protocol.service_model import Shape

_SHOWN_CHARACTERS: Final = 2048
"""Longer values are truncated in the message, so that an error does not contain a 1 MiB definition."""
_HOPELESS_CHARACTERS: Final = 10_000
"""The pattern of a value that is too long anyway is not checked beyond this: it could take minutes."""


def validate(shape: Shape, value: dict[str, Any]) -> None:
    """Raise one ValidationException that lists all violations, in AWS's words."""
    found = violations(shape, value, "")
    if found:
        plural = "s" if len(found) > 1 else ""
        raise validation_error(f"{len(found)} validation error{plural} detected: {'; '.join(found)}")


def violations(shape: Shape, value: Any, path: str) -> list[str]:
    """Every violation in a deserialized value, in the order of the model."""
    if shape.type_name == "structure":
        return _structure_violations(shape, value, path)
    if shape.type_name == "list":
        found = _length_violations(shape, value, path)
        for index, item in enumerate(value, start=1):
            at = f"{path}.{index}.member"
            found += (
                [_violation(None, at, "Member must not be null")]
                if item is None
                else violations(shape.member, item, at)
            )
        return found
    if shape.type_name == "map":
        found = _length_violations(shape, value, path)
        for name, item in value.items():
            found += violations(shape.key, name, f"{path}.key")
            found += violations(shape.value, item, f"{path}.{name}.member")
        return found
    if shape.type_name == "string":
        return _string_violations(shape, value, path)
    if shape.type_name in ("integer", "long"):
        return _range_violations(shape, value, path)
    return []


def _structure_violations(shape: Shape, value: dict[str, Any], path: str) -> list[str]:
    found: list[str] = []
    for name, member in shape.members.items():
        at = _join(path, name)
        if name in value:
            found += violations(member, value[name], at)
        elif name in shape.required_members:
            found.append(_violation(None, at, "Member must not be null"))
    for name in value:
        if name not in shape.members:
            # AWS ignores unknown members. A misspelt member is a bug in the caller, so refuse it.
            at = f"{path}.{name}" if path else name
            found.append(_violation(value[name], at, f"Member is not known to AWS's model of {shape.name}"))
    return found


def _string_violations(shape: Shape, value: str, path: str) -> list[str]:
    found = _length_violations(shape, value, path)
    allowed = shape.enum
    if allowed and value not in allowed:
        found.append(_violation(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]"))
    pattern = shape.metadata.get("pattern")
    hopeless = len(value) > max(_HOPELESS_CHARACTERS, shape.metadata.get("max", 0))
    if pattern and not hopeless and not full_match(pattern, value):
        anchored = pattern if pattern.startswith("^") else f"^{pattern}"
        found.append(_violation(value, path, f"Member must satisfy regular expression pattern: {anchored}"))
    return found


def _length_violations(shape: Shape, value: str | list[Any] | dict[str, Any], path: str) -> list[str]:
    """Lengths count Unicode code points, as the model's ``length`` trait does."""
    return _bounds(shape, len(value), value, path, "length")


def _range_violations(shape: Shape, value: int, path: str) -> list[str]:
    return _bounds(shape, value, value, path, "value")


def _bounds(shape: Shape, measured: int, value: Any, path: str, what: str) -> list[str]:
    found: list[str] = []
    smallest, largest = shape.metadata.get("min"), shape.metadata.get("max")
    if largest is not None and measured > largest:
        found.append(_violation(value, path, f"Member must have {what} less than or equal to {largest}"))
    if smallest is not None and measured < smallest:
        found.append(_violation(value, path, f"Member must have {what} greater than or equal to {smallest}"))
    return found


def _violation(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _join(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member
