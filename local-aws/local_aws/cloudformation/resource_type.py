"""How a resource type is made of operations of an API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from local_aws.service_model import Shape, service_model

Properties = dict[str, Any]
Attributes = dict[str, str]
Api = Callable[[str, str, dict[str, Any]], dict[str, Any]]
"""Service, operation and request to the answer. Raises AwsError."""
_TEXTS: Final = {"true": True, "false": False}


class PropertyError(ValueError):
    """Properties that cannot be used, and why."""


@dataclass(frozen=True)
class ResourceType:
    """A resource type of CloudFormation."""

    name: str
    create: Callable[[Api, Properties, str], tuple[str, Attributes]]
    """Properties and a name, for those that need not have one, to the physical id and what GetAtt knows."""
    update: Callable[[Api, str, Properties, Properties], Attributes]
    """Physical id, properties before and after, to what GetAtt knows."""
    delete: Callable[[Api, str, Properties], None]
    properties: frozenset[str]
    replacing: frozenset[str] = field(default_factory=frozenset)
    """The properties whose change makes a new resource."""
    tagged: bool = False
    """Whether the stack's tags go to it."""
    waits: bool = False
    """Whether making or deleting it waits for what goes on in the background."""

    def checked(self, properties: Properties) -> Properties:
        """The properties without CloudFormation's own tags. Unknown ones are refused."""
        unknown = sorted(properties.keys() - self.properties)
        if unknown:
            raise PropertyError(
                f"local-aws does not implement the properties {', '.join(unknown)} of {self.name}"
            )
        if "Tags" not in properties:
            return properties
        own = [tag for tag in properties["Tags"] if not str(tag.get("Key", "")).startswith("aws:")]
        return {**properties, "Tags": own}


def request_of(service: str, operation: str, properties: Properties) -> dict[str, Any]:
    """Properties as a request: members are spelt as the API does, and scalars have the API's types."""
    shape = service_model(service).operation_model(operation).input_shape
    converted: dict[str, Any] = _converted(shape, properties, "")
    return converted


def _converted(shape: Shape, value: Any, path: str) -> Any:
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name.lower(): name for name in shape.members}
        unknown = sorted(name for name in value if name.lower() not in members)
        if unknown:
            raise PropertyError(f"Encountered unsupported property {path}{unknown[0]}")
        named = ((members[name.lower()], item) for name, item in value.items())
        return {name: _converted(shape.members[name], item, f"{path}{name}.") for name, item in named}
    if shape.type_name == "list" and isinstance(value, list):
        return [_converted(shape.member, item, path) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {str(name): _converted(shape.value, item, path) for name, item in value.items()}
    if shape.type_name == "string" and isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if shape.type_name == "boolean" and isinstance(value, str):
        return _TEXTS.get(value.lower(), value)
    if shape.type_name in ("integer", "long") and isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    return value
