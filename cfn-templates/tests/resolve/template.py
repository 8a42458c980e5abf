"""A template and the valid values of its parameters."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from resolve import source
from resolve.functions import Functions
from resolve.source import TemplateError
from resolve.stack import Environment, Stack


class Template:
    """A template before it is resolved."""

    def __init__(self, text: str) -> None:
        self.sections = source.read(text)
        self.parameters: dict[str, dict[str, Any]] = self.sections.get("Parameters", {})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a template from a file."""
        return cls(path.read_text("utf-8"))

    def resolve(
        self,
        parameters: Mapping[str, str] | None = None,
        *,
        region: str = "eu-west-1",
        partition: str = "aws",
        account: str = "111122223333",
        stack_name: str = "SC-111122223333-pp-abcdefghijklm",
    ) -> Stack:
        """Resolve the template with these parameters.

        An invalid parameter raises :class:`TemplateError`.
        """
        given = dict(parameters or {})
        environment = Environment(region, partition, account, stack_name)
        if refusals := self.refusals(given, environment):
            raise TemplateError("; ".join(refusals))
        return Stack(self.sections, self._values(given), environment)

    def refusals(self, parameters: Mapping[str, str], environment: Environment | None = None) -> list[str]:
        """Return why CloudFormation would reject these parameters: constraints first, then rules."""
        refusals = [
            f"{name}: the template has no such parameter"
            for name in parameters
            if name not in self.parameters
        ]
        for name, declared in self.parameters.items():
            value = parameters.get(name, declared.get("Default"))
            if value is None:
                refusals.append(f"{name}: a value is required")
            else:
                refusals += [f"{name}: {why}" for why in _violations(declared, str(value))]
        return refusals or self._violated_rules(parameters, environment or Environment())

    def _values(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, declared in self.parameters.items():
            value = str(parameters.get(name, declared.get("Default")))
            values[name] = _members(value) if _is_list(declared) else value
        return values

    def _violated_rules(self, parameters: Mapping[str, str], environment: Environment) -> list[str]:
        functions = Functions(self.sections, {**environment.pseudo_parameters(), **self._values(parameters)})
        violated = []
        for name, rule in self.sections.get("Rules", {}).items():
            if "RuleCondition" in rule and not functions.holds(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not functions.holds(assertion["Assert"]):
                    violated.append(f"{name}: {assertion['AssertDescription']}")
        return violated


def _is_list(declared: Mapping[str, Any]) -> bool:
    return str(declared["Type"]).startswith(("CommaDelimitedList", "List<"))


def _members(value: str) -> list[str]:
    return [member.strip() for member in value.split(",")] if value else []


def _violations(declared: Mapping[str, Any], value: str) -> list[str]:
    """Check a value. CloudFormation matches Java's patterns against the whole value."""
    violations = []
    members = _members(value) if _is_list(declared) else [value]
    if "AllowedValues" in declared:
        allowed = [str(each) for each in declared["AllowedValues"]]
        violations += [f"{each!r} is not one of {allowed}" for each in members if each not in allowed]
    if "AllowedPattern" in declared:
        pattern = re.compile(declared["AllowedPattern"], re.ASCII)
        why = declared.get("ConstraintDescription", f"must match {pattern.pattern}")
        violations += [f"{each!r} is refused: {why}" for each in members if not pattern.fullmatch(each)]
    if len(value) < int(declared.get("MinLength", 0)):
        violations.append(f"at least {declared['MinLength']} characters are needed")
    if "MaxLength" in declared and len(value) > int(declared["MaxLength"]):
        violations.append(f"at most {declared['MaxLength']} characters are allowed")
    if declared["Type"] == "Number":
        violations += _violations_of_number(declared, value)
    return violations


def _violations_of_number(declared: Mapping[str, Any], value: str) -> list[str]:
    try:
        number = float(value)
    except ValueError:
        return [f"{value!r} is not a number"]
    violations = []
    if "MinValue" in declared and number < float(declared["MinValue"]):
        violations.append(f"{value} is less than {declared['MinValue']}")
    if "MaxValue" in declared and number > float(declared["MaxValue"]):
        violations.append(f"{value} is more than {declared['MaxValue']}")
    return violations
