"""Resource types that are implemented with API operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from local_aws.protocol.service_model import Shape, service_model

Properties = dict[str, Any]
Attributes = dict[str, str]
Api = Callable[[str, str, dict[str, Any]], dict[str, Any]]
"""Maps service, operation and request to the answer. Raises AwsError."""
_TEXTS: Final = {"true": True, "false": False}


class PropertyError(ValueError):
    """Properties are invalid. The text is the reason."""


@dataclass(frozen=True)
class ResourceType:
    """A resource type of CloudFormation."""

    name: str
    create: Callable[[Api, Properties, str], tuple[str, Attributes]]
    """Maps properties and a default name to the physical id and the attributes for GetAtt."""
    update: Callable[[Api, str, Properties, Properties], Attributes]
    """Maps physical id, old and new properties to the attributes for GetAtt."""
    delete: Callable[[Api, str, Properties], None]
    properties: frozenset[str]
    replacing: frozenset[str] = field(default_factory=frozenset)
    """The properties whose change requires replacement."""
    tagged: bool = False
    """Whether it gets the stack's tags."""
    waits: bool = False
    """Whether its creation or deletion waits for background work."""

    def checked(self, properties: Properties) -> Properties:
        """Returns the properties without CloudFormation's tags. Refuses unknown ones."""
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
    """Returns properties as a request, with the API's spelling of members and its scalar types."""
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
