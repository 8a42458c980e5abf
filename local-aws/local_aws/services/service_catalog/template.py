"""Reads a product's template: its location, its parameters and their form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from local_aws.services.service_catalog.model import invalid

ParseTemplate = Callable[[str], dict[str, Any]]
"""Maps the text of a template to its sections. Raises ValueError."""
MAX_BYTES: Final = 1_000_000
_VIRTUAL_HOST: Final = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?"
)
_PATH_STYLE_HOST: Final = re.compile(r"s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?|127\.0\.0\.1|localhost")
_CONSTRAINTS: Final = {
    "AllowedPattern": str,
    "ConstraintDescription": str,
    "MaxLength": str,
    "MinLength": str,
    "MaxValue": str,
    "MinValue": str,
}


def object_of(url: str) -> tuple[str, str] | None:
    """Returns bucket and key of an S3 URL of either style, or None for any other URL."""
    parts = urlsplit(url)
    host, path = (parts.hostname or "").lower(), unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("https", "http"):
        return None
    if (match := _VIRTUAL_HOST.fullmatch(host)) and path:
        return match["bucket"], path
    bucket, _, key = path.partition("/")
    return (bucket, key) if _PATH_STYLE_HOST.fullmatch(host) and key else None


def check_sections(template: dict[str, Any]) -> None:
    """Raise ValueError for a template that has no valid form."""
    for name in ("Parameters", "Outputs"):
        section = template.get(name, {})
        if not isinstance(section, dict) or not all(isinstance(item, dict) for item in section.values()):
            raise ValueError(f"{name} must be a mapping of names to mappings")
    parameters = template.get("Parameters", {})
    bad = [name for name, item in parameters.items() if not isinstance(item.get("AllowedValues", []), list)]
    if bad:
        raise ValueError(f"AllowedValues must be a list for {', '.join(bad)}")


def form(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the parameters as DescribeProvisioningParameters lists them, in the template's order."""
    return [_parameter(name, item) for name, item in (template.get("Parameters") or {}).items()]


def usage(template: dict[str, Any]) -> list[dict[str, str]]:
    """Returns the rest of the form: groups and labels of parameters, and rules."""
    found = {"version": template.get("AWSTemplateFormatVersion", "")}
    metadata = template.get("Metadata")
    instructions = [{"Type": name, "Value": str(value)} for name, value in found.items()]
    for kind, value in (("metadata", metadata), ("rules", template.get("Rules"))):
        if value:
            instructions.append({"Type": kind, "Value": json.dumps(value, default=str)})
    return instructions


def output_keys(template: dict[str, Any]) -> list[dict[str, str]]:
    """Returns the names of the template's outputs."""
    outputs = template.get("Outputs") or {}
    return [{"Key": key, "Description": item.get("Description", "")} for key, item in outputs.items()]


def _parameter(name: str, item: dict[str, Any]) -> dict[str, Any]:
    constraints: dict[str, Any] = {
        member: kind(item[member]) for member, kind in _CONSTRAINTS.items() if member in item
    }
    constraints["AllowedValues"] = [_text(value) for value in item.get("AllowedValues", [])]
    default = item.get("Default")
    return {
        "ParameterKey": name,
        "DefaultValue": None if default is None else _text(default),
        "ParameterType": item.get("Type", "String"),
        "IsNoEcho": str(item.get("NoEcho", False)).lower() == "true",
        "Description": item.get("Description"),
        "ParameterConstraints": constraints,
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_parameters(template: dict[str, Any], given: dict[str, str]) -> None:
    """Refuse unknown and missing parameters, by name."""
    declared = template.get("Parameters") or {}
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [name for name, item in declared.items() if "Default" not in item and name not in given]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
