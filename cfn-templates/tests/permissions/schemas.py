"""The permissions of each type's handlers, from the registry schemas that ship with cfn-lint."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cfnlint

_SCHEMAS = Path(cfnlint.__file__).parent / "data/schemas"
# Without `list`, which finds resources outside a stack: deployments do not use it.
OPERATIONS = ("create", "update", "delete", "read")
# Types that are older than the registry, so their schema has no handlers.
BY_HAND: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    # Service Authorization Reference, "Actions, resources, and condition keys for AWS CodeBuild": its
    # CreateProject and UpdateProject depend on iam:PassRole. AWS's own launch role has only these
    # three, and creates such projects with tags.
    "AWS::CodeBuild::Project": {
        "create": ("codebuild:CreateProject", "iam:PassRole"),
        "update": ("codebuild:UpdateProject", "iam:PassRole"),
        "delete": ("codebuild:DeleteProject",),
    },
}


@functools.cache
def _providers() -> dict[str, str]:
    names: dict[str, str] = json.loads((_SCHEMAS / "providers/us-east-1.json").read_text("utf-8"))
    return names


@functools.cache
def schema(resource_type: str) -> Mapping[str, Any]:
    """Return the registry schema of a type."""
    name = _providers().get(resource_type)
    if name is None:
        raise LookupError(f"cfn-lint has no schema of {resource_type}")
    found: dict[str, Any] = json.loads((_SCHEMAS / f"resources/{name}.json").read_text("utf-8"))
    return found


def permissions(resource_type: str) -> Mapping[str, tuple[str, ...]]:
    """Return the actions of a type's handlers by operation."""
    if resource_type in BY_HAND:
        return BY_HAND[resource_type]
    handlers = schema(resource_type).get("handlers")
    if not handlers:
        raise LookupError(f"the schema of {resource_type} has no handlers; add its actions to BY_HAND")
    return {
        operation: tuple(dict.fromkeys(handlers[operation]["permissions"]))
        for operation in OPERATIONS
        if operation in handlers
    }


def is_tagged(resource_type: str) -> bool:
    """Return whether resources of the type get the stack's tags."""
    tagging = schema(resource_type).get("tagging", {})
    return bool(tagging.get("taggable", False)) or resource_type in BY_HAND
