"""Pipeline definitions: the JSON text, its parameters, and the checks that AWS makes when it stores one.

Names and types are those of AWS's published schema. Of a step's arguments, only references are checked here.
The service checks the rest when the step runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from local_aws.protocol.errors import AwsError, validation_error
from local_aws.services.sagemaker.parameter_types import ParameterType, check_value, is_parameter_type

VERSION: Final = "2020-12-01"
MAX_PARAMETERS: Final = 200
MAX_BYTES: Final = 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9\-_]{1,256}")
_REFERENCE = re.compile(r"(Parameters|Steps|Execution)\.(.+)")
_TOP_LEVEL: Final = frozenset(
    {"Version", "Metadata", "Parameters", "PipelineExperimentConfig", "MLflowConfig", "Steps"}
)
STEP_TYPES: Final = frozenset(
    {
        "AutoML",
        "Callback",
        "ClarifyCheck",
        "Condition",
        "EMR",
        "EMRServerless",
        "Endpoint",
        "EndpointConfig",
        "Fail",
        "InferenceComponent",
        "Lambda",
        "Model",
        "Processing",
        "QualityCheck",
        "RegisterModel",
        "Training",
        "Transform",
        "Tuning",
    }
)


@dataclass(frozen=True)
class Parameter:
    """A declared parameter. ``default`` is None if each execution must give a value."""

    name: str
    type: ParameterType
    default: str | None
    allowed: tuple[str, ...]


@dataclass(frozen=True)
class Definition:
    """A valid definition: its text as it was sent, and its content."""

    text: str
    parameters: tuple[Parameter, ...]
    step_names: tuple[str, ...]
    """The names of all steps, including those in branches."""
    steps: tuple[dict[str, Any], ...]
    """The top-level steps, as they are in the text."""


def parse_definition(text: str) -> Definition:
    """Parse and check a definition. Raises ValidationException, with the beginning of AWS's message."""
    try:
        return _checked(json.loads(text, parse_constant=_refuse_constant), text)
    except ValueError as error:
        raise _unparsable(f"It is not valid JSON: {error}") from error
    except RecursionError as error:
        raise _unparsable("It is nested too deeply.") from error


def _checked(document: Any, text: str) -> Definition:
    if not isinstance(document, dict):
        raise _unparsable("Expecting start of Json Object.")
    if document.get("Version") != VERSION:
        raise _unparsable(f"Version must be '{VERSION}', not {json.dumps(document.get('Version'))}.")
    for key in document.keys() - _TOP_LEVEL:
        raise _unparsable(f"Unknown member '{key}'.")
    parameters = tuple(_parameters(document.get("Parameters", [])))
    _unique([parameter.name for parameter in parameters], "parameter")
    steps = list(_steps(document.get("Steps"), "Steps"))
    if not steps:
        raise _unparsable("At least one step is required.")
    names = [step["Name"] for step in steps]
    _unique(names, "step")
    _check_references(document, {parameter.name for parameter in parameters}, set(names))
    return Definition(
        text=text, parameters=parameters, step_names=tuple(names), steps=tuple(document["Steps"])
    )


def _parameters(declared: Any) -> Iterator[Parameter]:
    if not isinstance(declared, list):
        raise _unparsable("Parameters: Expecting start of Json Array.")
    if len(declared) > MAX_PARAMETERS:
        raise _unparsable(f"A pipeline has at most {MAX_PARAMETERS} parameters.")
    for index, item in enumerate(declared):
        name = _name_of(item, f"Parameters[{index}]")
        unknown = item.keys() - {"Name", "Type", "DefaultValue", "EnumValues", "Description"}
        for key in unknown:
            raise _unparsable(f"Parameter '{name}': unknown member '{key}'.")
        kind = item.get("Type", "String")
        if not is_parameter_type(kind):
            raise _unparsable(f"Parameter '{name}': Type must be String, Integer, Float or Boolean.")
        allowed = item.get("EnumValues", [])
        if not isinstance(allowed, list) or ("EnumValues" in item and not allowed):
            raise _unparsable(f"Parameter '{name}': EnumValues must be a list that is not empty.")
        values = tuple(_parameter_value(name, kind, value) for value in allowed)
        default = None
        if "DefaultValue" in item:
            default = _parameter_value(name, kind, item["DefaultValue"])
            if values and default not in values:
                raise _unparsable(f"Parameter '{name}': the default value is not one of its EnumValues.")
        yield Parameter(name=name, type=kind, default=default, allowed=values)


def _parameter_value(name: str, kind: ParameterType, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    json_types: dict[ParameterType, tuple[type, ...]] = {
        "String": (str,),
        "Integer": (int,),
        "Float": (int, float),
        "Boolean": (bool,),
    }
    fits = isinstance(value, json_types[kind]) and (kind == "Boolean" or not isinstance(value, bool))
    if not fits or check_value(kind, text) is not None:
        raise _unparsable(f"Parameter '{name}': {text} is not a value of type {kind}.")
    return text


def _steps(steps: Any, where: str) -> Iterator[dict[str, Any]]:
    """Returns all steps, including those in branches. Their names share one namespace."""
    if not isinstance(steps, list):
        raise _unparsable(f"{where}: Expecting start of Json Array.")
    for index, step in enumerate(steps):
        name = _name_of(step, f"{where}[{index}]")
        kind = step.get("Type")
        if not isinstance(kind, str) or kind not in STEP_TYPES:
            raise _unparsable(f"Step '{name}': unknown Type {json.dumps(kind)}.")
        arguments = step.get("Arguments")
        if not isinstance(arguments, dict) and (arguments is not None or kind not in ("Callback", "Lambda")):
            raise _unparsable(f"Step '{name}': Arguments: Expecting start of Json Object.")
        depends_on = step.get("DependsOn", [])
        if not isinstance(depends_on, list) or not all(isinstance(item, str) for item in depends_on):
            raise _unparsable(f"Step '{name}': DependsOn must be a list of step names.")
        yield step
        if kind == "Condition" and isinstance(arguments, dict):
            for branch in ("IfSteps", "ElseSteps"):
                yield from _steps(arguments.get(branch, []), f"{name}.{branch}")


def _check_references(document: dict[str, Any], parameters: set[str], steps: set[str]) -> None:
    for target in gets(document):
        match = _REFERENCE.fullmatch(target) if isinstance(target, str) else None
        if match is None:
            raise _unparsable(f"'{target}' is not a reference to Parameters, Steps or Execution.")
        if match[1] == "Parameters" and match[2] not in parameters:
            raise _unparsable(f"'{target}' refers to a parameter that is not declared.")
        if match[1] == "Steps" and re.split(r"[.\[]", match[2])[0] not in steps:
            raise _unparsable(f"'{target}' refers to a step that does not exist.")
    for step in _steps(document["Steps"], "Steps"):
        for name in step.get("DependsOn", []):
            if name not in steps:
                raise _unparsable(f"Step '{step['Name']}' depends on '{name}', which does not exist.")
            if name == step["Name"]:
                raise _unparsable(f"Step '{name}' depends on itself.")


def gets(value: Any) -> Iterator[Any]:
    """Returns the targets of the ``Get`` references in a value."""
    if isinstance(value, dict):
        if value.keys() == {"Get"}:
            yield value["Get"]
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from gets(item)


def _name_of(item: Any, where: str) -> str:
    if not isinstance(item, dict):
        raise _unparsable(f"{where}: Expecting start of Json Object.")
    name = item.get("Name")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise _unparsable(f"{where}: Name must be 1 to 256 characters of A-Z a-z 0-9 - _.")
    return name


def _unique(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _unparsable(f"Duplicate {what} names: {', '.join(twice)}.")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unparsable(reason: str) -> AwsError:
    return validation_error(f"Unable to parse pipeline definition. {reason}")
