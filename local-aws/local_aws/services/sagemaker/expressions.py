"""Resolves the references and functions in the arguments of a step.

Supports ``Get`` of parameters, of the execution's variables and of the jobs of earlier steps, and
``Std:Join``. Any other function is an error: a step must not run with unresolved arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from local_aws.services.sagemaker.model import Execution, Pipeline

_INDEX: Final = re.compile(r"\[(?:'([^']*)'|\"([^\"]*)\"|([0-9]+))\]")
_PART: Final = re.compile(r"([A-Za-z0-9_-]+)((?:\[[^\]]*\])*)")
DescribeStep = Callable[[str], dict[str, Any]]
"""Maps the name of a step that has succeeded to the description of its job."""


class ExpressionError(Exception):
    """A value cannot be resolved. The text is the reason."""


class Resolver:
    """Resolves values for one execution."""

    def __init__(self, pipeline: Pipeline, execution: Execution, now: float, describe: DescribeStep) -> None:
        kinds = {parameter.name: parameter.type for parameter in execution.definition.parameters}
        self._parameters = {name: _typed(kinds[name], text) for name, text in execution.parameters}
        self._variables = {
            "StartDateTime": iso_time(execution.created_at),
            "CurrentDateTime": iso_time(now),
            "PipelineName": pipeline.name,
            "PipelineArn": pipeline.arn,
            "PipelineExecutionId": execution.id,
            "PipelineExecutionArn": execution.arn,
        }
        self._describe = describe

    def resolve(self, value: Any) -> Any:
        """Returns the value with all references and functions resolved. Raises ExpressionError."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Get"}:
            return self._get(str(value["Get"]))
        function = next((key for key in value if key.startswith("Std:")), None)
        if function is None:
            return {key: self.resolve(item) for key, item in value.items()}
        if function != "Std:Join" or len(value) > 1:
            raise ExpressionError(f"local-aws does not implement the function {function}")
        return self._join(value["Std:Join"])

    def _get(self, reference: str) -> Any:
        kind, _, name = reference.partition(".")
        if kind == "Parameters" and name in self._parameters:
            return self._parameters[name]
        if kind == "Execution" and name in self._variables:
            return self._variables[name]
        if kind == "Steps":
            return self._property(reference, name)
        raise ExpressionError(f"local-aws cannot resolve '{reference}'")

    def _join(self, given: Any) -> str:
        legal = isinstance(given, dict) and given.keys() <= {"On", "Values"}
        if not legal or not isinstance(given.get("Values"), list) or not isinstance(given.get("On", ""), str):
            raise ExpressionError("Std:Join requires On (a string) and Values (a list)")
        return str(given.get("On", "")).join(_text(self.resolve(value)) for value in given["Values"])

    def _property(self, reference: str, path: str) -> Any:
        step, _, rest = path.partition(".")
        value: Any = self._describe(step)
        for part in rest.split("."):
            match = _PART.fullmatch(part)
            if match is None or not isinstance(value, dict) or match[1] not in value:
                raise ExpressionError(f"'{reference}' is not a property of the step's processing job")
            value = value[match[1]]
            for single, double, number in _INDEX.findall(match[2]):
                value = _item(value, single or double, number, reference)
        return value


def iso_time(seconds: float) -> str:
    """Returns a time in the format of execution variables."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _item(values: Any, name: str, number: str, reference: str) -> Any:
    """Returns an item of a list by index, or by the name of a job's input or output."""
    if isinstance(values, list):
        for index, item in enumerate(values):
            named = (
                isinstance(item, dict) and name and name in (item.get("OutputName"), item.get("InputName"))
            )
            if named or number == str(index):
                return item
    if isinstance(values, dict) and name in values:
        return values[name]
    raise ExpressionError(f"'{reference}' is not a property of the step's processing job")


def _typed(kind: str, text: str) -> Any:
    if kind == "Integer":
        return int(text)
    if kind == "Float":
        return float(text)
    return text.lower() == "true" if kind == "Boolean" else text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ExpressionError("Std:Join can join strings and numbers only")
