"""Intrinsic functions and conditions."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from resolve.source import TemplateError

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
NO_VALUE = object()


def no_attributes(resource: str, attribute: str) -> Any:
    """Reject attributes in conditions and rules, which cannot reference resources."""
    raise TemplateError(f"{resource}.{attribute} cannot be used here")


class Functions:
    """Resolves values and conditions, given the values of names."""

    def __init__(
        self,
        sections: Mapping[str, Any],
        names: Mapping[str, Any],
        reference: Callable[[str], Any] | None = None,
        attribute: Callable[[str, str], Any] = no_attributes,
    ) -> None:
        self._conditions: Mapping[str, Any] = sections.get("Conditions", {})
        self._mappings: Mapping[str, Any] = sections.get("Mappings", {})
        self._names = names
        self._reference_of_resource = reference
        self._attribute = attribute

    def holds(self, condition: Any) -> bool:
        """Return whether a condition is true, given its name or its function."""
        if isinstance(condition, str):
            if condition not in self._conditions:
                raise TemplateError(f"there is no condition {condition}")
            return self.holds(self._conditions[condition])
        name, value = _only(condition)
        match name:
            case "Condition":
                return self.holds(value)
            case "Fn::Equals":
                return bool(self.value(value[0]) == self.value(value[1]))
            case "Fn::Not":
                return not self.holds(value[0])
            case "Fn::And":
                return all(self.holds(each) for each in value)
            case "Fn::Or":
                return any(self.holds(each) for each in value)
            case "Fn::Contains":
                return self.value(value[1]) in self.value(value[0])
            case "Fn::EachMemberEquals":
                return all(each == self.value(value[1]) for each in self.value(value[0]))
            case "Fn::EachMemberIn":
                return all(each in self.value(value[1]) for each in self.value(value[0]))
        raise TemplateError(f"{name} is not a supported condition")

    def value(self, node: Any) -> Any:
        """Resolve every function in a node, and omit `AWS::NoValue`."""
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = _only(node)
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        values = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not NO_VALUE}

    def reference(self, name: str) -> Any:
        """Return the value of `Ref`."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._names:
            return self._names[name]
        if self._reference_of_resource is None:
            raise TemplateError(f"{name} is not a parameter")
        return self._reference_of_resource(name)

    def _call(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self.reference(argument)
            case "Fn::GetAtt":
                return self._attribute(argument[0], self.value(argument[1]))
            case "Fn::Sub":
                return self._substitute(*([argument, {}] if isinstance(argument, str) else argument))
            case "Fn::Join":
                return argument[0].join(_text(each) for each in self.value(argument[1]))
            case "Fn::Split":
                return self.value(argument[1]).split(argument[0])
            case "Fn::Select":
                return self._select(int(self.value(argument[0])), self.value(argument[1]))
            case "Fn::If":
                return self.value(argument[1] if self.holds(argument[0]) else argument[2])
            case "Fn::FindInMap":
                mapping, first, second = (self.value(each) for each in argument)
                try:
                    return self._mappings[mapping][first][second]
                except KeyError:
                    raise TemplateError(f"the mapping {mapping} has no {first}, {second}") from None
            case "Fn::Base64":
                return base64.b64encode(self.value(argument).encode()).decode()
        raise TemplateError(f"{name} is not a function that is supported")

    def _substitute(self, text: str, own: Mapping[str, Any]) -> str:
        def variable(found: re.Match[str]) -> str:
            name = found.group(1)
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in own:
                return _text(self.value(own[name]))
            if "." in name:
                return _text(self._attribute(*name.split(".", 1)))
            return _text(self.reference(name))

        return _VARIABLE.sub(variable, text)

    @staticmethod
    def _select(index: int, values: list[Any]) -> Any:
        if not 0 <= index < len(values):
            raise TemplateError(f"there is no member {index} in {values}")
        return values[index]


def _only(node: Any) -> tuple[str, Any]:
    if not isinstance(node, dict) or len(node) != 1:
        raise TemplateError(f"expected one function, got {node!r}")
    return next(iter(node.items()))


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)) or value is NO_VALUE:
        raise TemplateError(f"expected text, got {value!r}")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
