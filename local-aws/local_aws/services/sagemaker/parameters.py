"""The parameters of an execution: given values, and defaults for the rest."""

from __future__ import annotations

from typing import Any

from local_aws.protocol.errors import validation_error
from local_aws.services.sagemaker.definition import Definition, Parameter
from local_aws.services.sagemaker.parameter_types import check_value, same_value


def resolve_parameters(definition: Definition, given: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Returns name and value of every parameter, in the order of the definition.

    Refuses unknown names, duplicate names, invalid values and missing values, all of a kind at once.
    """
    declared = {parameter.name: parameter for parameter in definition.parameters}
    names = [item["Name"] for item in given]
    _refuse(
        [name for name in names if name not in declared],
        "are not defined in the pipeline definition",
    )
    _refuse(
        sorted({name for name in names if names.count(name) > 1}),
        "are given more than once",
    )
    values = {item["Name"]: item["Value"] for item in given}
    problems = [
        f"parameter [{name}]: {problem}"
        for name, value in values.items()
        if (problem := _problem(declared[name], value))
    ]
    if problems:
        raise validation_error(f"Invalid pipeline parameter value: {'; '.join(problems)}")
    _refuse(
        [name for name, item in declared.items() if name not in values and item.default is None],
        "have no default value and must be given to start an execution",
    )
    return [(name, values.get(name, item.default or "")) for name, item in declared.items()]


def _problem(parameter: Parameter, value: str) -> str | None:
    problem = check_value(parameter.type, value)
    if problem is not None or not parameter.allowed:
        return problem
    if any(same_value(parameter.type, value, allowed) for allowed in parameter.allowed):
        return None
    return f"'{value}' is not one of [{', '.join(parameter.allowed)}]"


def _refuse(names: list[str], why: str) -> None:
    if names:
        raise validation_error(f"Pipeline parameters [{', '.join(names)}] {why}.")
