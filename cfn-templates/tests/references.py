"""Finds references in templates."""

import re
from collections.abc import Iterator
from typing import Any


def mentioned(node: Any) -> Iterator[str]:
    """Yield the names of all parameters and resources that a part of a template references."""
    if isinstance(node, list):
        for each in node:
            yield from mentioned(each)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in ("Ref", "DependsOn"):
            yield from [value] if isinstance(value, str) else value
        elif key == "Fn::GetAtt":
            yield value[0]
        elif key == "Fn::Sub":
            text, own = (value, {}) if isinstance(value, str) else value
            found = (name.partition(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", text))
            yield from (name for name in found if name not in own)
            yield from mentioned(own)
        else:
            yield from mentioned(value)
