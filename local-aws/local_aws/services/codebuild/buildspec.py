"""Reads buildspec.yml, version 0.2. Refuses unsupported sections by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import yaml

PHASES: Final = ("install", "pre_build", "build", "post_build")
OnFailure = Literal["ABORT", "CONTINUE"]
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOP: Final = frozenset(
    {"version", "env", "phases", "run-as", "proxy", "reports", "artifacts", "cache", "batch"}
)
_REFUSED: Final = ("run-as", "proxy", "reports", "artifacts", "cache", "batch")


class BuildspecError(Exception):
    """A buildspec is invalid or unsupported. The text is the reason."""


@dataclass(frozen=True)
class Phase:
    """A phase: commands, which run until one fails, and ``finally`` commands, which always run."""

    commands: tuple[str, ...]
    finally_: tuple[str, ...]
    on_failure: OnFailure | None


@dataclass(frozen=True)
class Buildspec:
    """The content of a buildspec."""

    variables: dict[str, str]
    phases: dict[str, Phase]


def parse_buildspec(text: str) -> Buildspec:
    """Read a buildspec. Raises BuildspecError."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BuildspecError(f"YAML_FILE_ERROR: {error}") from error
    if not isinstance(document, dict):
        raise BuildspecError("YAML_FILE_ERROR: the buildspec is not a mapping")
    if str(document.get("version")) != "0.2":
        raise BuildspecError(f"YAML_FILE_ERROR: version must be 0.2, not {document.get('version')}")
    unknown = sorted(str(name) for name in document.keys() - _TOP)
    if unknown:
        raise BuildspecError(f"YAML_FILE_ERROR: unknown sections: {', '.join(unknown)}")
    for name in _REFUSED:
        if name in document:
            raise BuildspecError(f"local-aws does not implement the section {name} of a buildspec")
    return Buildspec(_variables(document.get("env") or {}), _phases(document.get("phases")))


def _variables(env: Any) -> dict[str, str]:
    if not isinstance(env, dict):
        raise BuildspecError("YAML_FILE_ERROR: env is not a mapping")
    for name in sorted(
        env.keys()
        - {"variables", "exported-variables"}
        - ({"shell"} if env.get("shell") == "bash" else set())
    ):
        raise BuildspecError(f"local-aws does not implement env.{name} of a buildspec")
    variables = env.get("variables") or {}
    if not isinstance(variables, dict) or not all(
        isinstance(name, str) and _NAME.fullmatch(name) for name in variables
    ):
        raise BuildspecError("YAML_FILE_ERROR: env.variables must map names to strings")
    return {name: _text(value) for name, value in variables.items()}


def _phases(phases: Any) -> dict[str, Phase]:
    if not isinstance(phases, dict) or not phases:
        raise BuildspecError("YAML_FILE_ERROR: phases is missing")
    unknown = sorted(str(name) for name in phases.keys() - set(PHASES))
    if unknown:
        raise BuildspecError(f"YAML_FILE_ERROR: unknown phases: {', '.join(unknown)}")
    return {name: _phase(name, phases[name]) for name in PHASES if name in phases}


def _phase(name: str, phase: Any) -> Phase:
    if not isinstance(phase, dict):
        raise BuildspecError(f"YAML_FILE_ERROR: phases.{name} is not a mapping")
    for member in phase.keys() - {"commands", "finally", "on-failure"}:
        raise BuildspecError(f"local-aws does not implement phases.{name}.{member} of a buildspec")
    on_failure = phase.get("on-failure")
    if on_failure not in (None, "ABORT", "CONTINUE"):
        raise BuildspecError(f"local-aws does not implement on-failure {on_failure} of phases.{name}")
    return Phase(
        commands=_commands(name, phase.get("commands") or []),
        finally_=_commands(name, phase.get("finally") or []),
        on_failure=on_failure,
    )


def _commands(name: str, commands: Any) -> tuple[str, ...]:
    if not isinstance(commands, list) or not all(isinstance(command, str) for command in commands):
        raise BuildspecError(f"YAML_FILE_ERROR: the commands of phases.{name} must be a list of strings")
    return tuple(commands)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
