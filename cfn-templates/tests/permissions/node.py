"""Runs `simulate.mjs`, which knows IAM's actions and AWS's managed policies, and simulates policies."""

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
    """Return the answers to questions in the form that `simulate.mjs` describes."""
    node = shutil.which("node")
    if node is None or not (PACKAGES / "node_modules").is_dir():
        missing = "node" if node is None else f"{PACKAGES}/node_modules"
        hint = "install Node.js, then run make target/permissions/installed"
        raise RuntimeError(f"{missing} is missing\nhint: {hint}")
    answered = subprocess.run(
        [node, str(HERE / "simulate.mjs"), str(PACKAGES)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    if answered.returncode:
        raise RuntimeError(f"the simulator failed: {answered.stderr}")
    return json.loads(answered.stdout)


@dataclass(frozen=True)
class Action:
    """An action in the Service Authorization Reference."""

    wildcard_only: bool
    condition_keys: tuple[str, ...]

    def knows(self, key: str) -> bool:
        """Return whether the action supports the condition key."""
        return any(_fits(key.lower(), known.lower()) for known in self.condition_keys)


def _fits(key: str, known: str) -> bool:
    """Compare keys. Known tag keys have the form `aws:RequestTag/${TagKey}` or `.../<key>`."""
    start, _, variable = known.partition("/")
    return key.startswith(f"{start}/") if variable else key == known


_KNOWN: dict[str, Action | None] = {}


def actions(names: Iterable[str]) -> Mapping[str, Action | None]:
    """Return all known actions by name, including these. `None` means that IAM has no such action."""
    if missing := sorted(set(names) - _KNOWN.keys()):
        for name, facts in ask({"actions": missing}).items():
            known = facts and Action(facts["wildcardOnly"], tuple(facts["conditionKeys"]))
            _KNOWN[name] = known
    return _KNOWN


@functools.cache
def managed_policy(name: str) -> dict[str, Any]:
    """Return the latest version of an AWS managed policy in the pinned package."""
    document: dict[str, Any] = ask({"managedPolicy": name})
    return document
