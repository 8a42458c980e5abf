"""Reads the operation and the members of a request to the Feature Store runtime.

The runtime is a REST service. Method and path select the operation; the members are in the path, the query
and a JSON body, as AWS's model says.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final
from urllib.parse import unquote

from local_aws.protocol.deserialize import parse_body
from local_aws.protocol.service_model import (
    FEATURE_STORE_RUNTIME,
    input_shape,
    operation_model,
    service_model,
)

_FIELD: Final = re.compile(r"\{(\w+)\}")


def operation_of(method: str, path: str) -> str:
    """Returns the operation's name, or the request line if the runtime has no such operation."""
    for operation in service_model(FEATURE_STORE_RUNTIME).operation_names:
        if operation_model(operation).http["method"] == method and _template(operation).fullmatch(path):
            return str(operation)
    return f"{method} {path}"


def members(operation: str, path: str, query: dict[str, list[str]], body: bytes) -> dict[str, Any]:
    """Returns the members as JSON values. Raises AwsError for a body that is not a JSON object."""
    found = parse_body(body)
    match = _template(operation).fullmatch(path)
    in_path = match.groupdict() if match else {}
    for name, shape in input_shape(operation).members.items():
        place, key = shape.serialization.get("location"), shape.serialization.get("name", name)
        if place == "uri":
            found[name] = unquote(in_path[key])
        elif place == "querystring" and key in query:
            found[name] = list(query[key]) if shape.type_name == "list" else query[key][-1]
    return found


@functools.cache
def _template(operation: str) -> re.Pattern[str]:
    """Returns the pattern of an operation's path. A name may be an ARN, which contains a slash."""
    uri = operation_model(operation).http["requestUri"].partition("?")[0]
    ends_in_field = uri.endswith("}")
    pattern = _FIELD.sub(lambda field: f"(?P<{field[1]}>.+)", uri)
    # `/FeatureGroup/{name}` must not match `/FeatureGroup/{name}/Record`.
    return re.compile(f"{pattern}(?<!/Record)(?<!/ListRecords)" if ends_in_field else pattern)
