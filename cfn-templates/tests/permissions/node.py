"""The program in Node that knows IAM's actions, AWS's managed policies, and how to simulate."""

import functools
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACKAGES = HERE.parents[2] / "target/permissions"


def ask(questions: Mapping[str, Any]) -> Any:
    """The answers to what `simulate.mjs` describes."""
    node = shutil.which("node")
    if node is None or not (PACKAGES / "node_modules").is_dir():
        missing = "node" if node is None else f"{PACKAGES}/node_modules"
        raise RuntimeError(f"{missing} is missing\nhint: make test-templates installs what can be installed")
    answered = subprocess.run(
        [node, str(HERE / "simulate.mjs"), str(PACKAGES)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    if answered.returncode:
        raise RuntimeError(f"the simulator refused: {answered.stderr}")
    return json.loads(answered.stdout)


@dataclass(frozen=True)
class Action:
    """What the Service Authorization Reference says of an action."""

    wildcard_only: bool
    condition_keys: tuple[str, ...]

    def knows(self, key: str) -> bool:
        """Whether a request for this action carries the condition key."""
        return any(_fits(key.lower(), known.lower()) for known in self.condition_keys)


def _fits(key: str, known: str) -> bool:
    """Whether a key is a known one; those of tags are known as `aws:RequestTag/${TagKey}` or `.../<key>`."""
    start, _, variable = known.partition("/")
    return key.startswith(f"{start}/") if variable else key == known


_KNOWN: dict[str, Action | None] = {}


def actions(names: Iterable[str]) -> Mapping[str, Action | None]:
    """Actions by their names, those that were asked for among them; `None` for what is no action of IAM's."""
    if missing := sorted(set(names) - _KNOWN.keys()):
        for name, facts in ask({"actions": missing}).items():
            known = facts and Action(facts["wildcardOnly"], tuple(facts["conditionKeys"]))
            _KNOWN[name] = known
    return _KNOWN


@functools.cache
def managed_policy(name: str) -> dict[str, Any]:
    """The latest version of one of AWS's managed policies, as the pinned package has it."""
    document: dict[str, Any] = ask({"managedPolicy": name})
    return document
