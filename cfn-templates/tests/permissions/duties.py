"""Reads the files in `duties/`: the calls that each of the product's roles is for, with their callers."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from permissions.requests import Request, distinct

FOLDER = Path(__file__).parent / "duties"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
# The caller of the calls that :mod:`calls` finds in a crate.
CODE = "code"


@dataclass(frozen=True)
class Duty:
    """The calls of a role."""

    name: str
    # The logical id of the role, or of the policy to attach to the user's role.
    role: str | None = None
    policy: str | None = None
    # AWS's managed policies that the role also has.
    given: tuple[str, ...] = ()
    # The crate that runs under the role, and its files if not all of them do.
    crate: str | None = None
    files: tuple[str, ...] = ()
    # Actions that the crate calls only with a person's credentials.
    of_people: tuple[str, ...] = ()
    calls: tuple[Mapping[str, Any], ...] = field(default=())

    @classmethod
    def read(cls, name: str) -> "Duty":
        """Read a role's file."""
        read = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
        lists = {key: tuple(value) for key, value in read.items() if isinstance(value, list)}
        return cls(name, **{**read, **lists})

    def made_by_code(self) -> set[str]:
        """Return the actions that the project's own code calls under the role."""
        return {call["action"] for call in self.calls if call["by"] == CODE}

    def requests(self, places: Mapping[str, list[str]]) -> list[Request]:
        """Return the calls on all their resources."""
        return distinct(request for call in self.calls for request in _requests(call, places))


def _requests(call: Mapping[str, Any], places: Mapping[str, list[str]]) -> Iterator[Request]:
    keys = call.get("with", {})
    contexts = itertools.product(*(_filled(value, places) for value in keys.values()))
    resources = _filled(call["resource"], places)
    if not resources:
        raise LookupError(f"{call['action']}: no product has a {call['resource']}")
    for resource, values in itertools.product(resources, contexts):
        yield Request.of(call["action"], resource, call["by"], dict(zip(keys, values, strict=True)))


def _filled(text: str, places: Mapping[str, list[str]]) -> list[str]:
    """Return the places of `{name}`, or the text itself."""
    return places[text[1:-1]] if text.startswith("{") else [text]
