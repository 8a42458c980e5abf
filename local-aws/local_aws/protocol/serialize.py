"""Serializes answers according to AWS's model. Timestamps are seconds since 1970."""

from __future__ import annotations

from typing import Any

from local_aws.protocol.service_model import Shape


def serialize(shape: Shape, value: Any) -> Any:
    """Returns the JSON value of an answer, without members that are None."""
    if shape.type_name == "structure":
        stray = value.keys() - shape.members.keys()
        if stray:
            raise ValueError(f"{shape.name} has no member {sorted(stray)}")
        return {
            name: serialize(shape.members[name], item) for name, item in value.items() if item is not None
        }
    if shape.type_name == "list":
        return [serialize(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {name: serialize(shape.value, item) for name, item in value.items()}
    if shape.type_name == "timestamp":
        return round(value, 3)
    return value
