"""A template's resources and outputs for one set of parameters, in one region of one account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from resolve.functions import Functions
from resolve.source import TemplateError
from resolve.types import TYPES, Kind


@dataclass(frozen=True)
class Environment:
    """The location and the name of a stack."""

    region: str = "eu-west-1"
    partition: str = "aws"
    account: str = "111122223333"
    stack_name: str = "SC-111122223333-pp-abcdefghijklm"

    @property
    def url_suffix(self) -> str:
        """Return the domain of the partition's endpoints."""
        own = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
        return own.get(self.partition, "amazonaws.com")

    def pseudo_parameters(self) -> dict[str, Any]:
        """Return the values of the pseudo parameters."""
        stack = f"stack/{self.stack_name}/8a6f3c80-0000-11f0-9d0c-0affe5d3a0b1"
        return {
            "AWS::AccountId": self.account,
            "AWS::NotificationARNs": [],
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:{stack}",
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": self.url_suffix,
        }


@dataclass(frozen=True)
class Resource:
    """A resource whose condition is true, with resolved functions."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    # DeletionPolicy, UpdateReplacePolicy, DependsOn and so on
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Stack:
    """A template, resolved with one set of parameters."""

    def __init__(
        self, sections: Mapping[str, Any], parameters: Mapping[str, Any], environment: Environment
    ) -> None:
        self.parameters = parameters
        self.environment = environment
        self._sections = sections
        names = {**environment.pseudo_parameters(), **parameters}
        self._functions = Functions(sections, names, self.reference, self.attribute)

    def holds(self, condition: str) -> bool:
        """Return whether a condition is true."""
        return self._functions.holds(condition)

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Return the resources by logical id."""
        return {
            logical_id: Resource(
                logical_id,
                declared["Type"],
                self._functions.value(declared.get("Properties", {})),
                {key: declared[key] for key in declared if key not in ("Type", "Properties", "Condition")},
            )
            for logical_id, declared in self._sections["Resources"].items()
            if "Condition" not in declared or self.holds(declared["Condition"])
        }

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Return the values of the outputs."""
        return {
            name: self._functions.value(declared["Value"])
            for name, declared in self._sections.get("Outputs", {}).items()
            if "Condition" not in declared or self.holds(declared["Condition"])
        }

    def of_type(self, resource_type: str) -> list[Resource]:
        """Return the resources of a type."""
        return [resource for resource in self.resources.values() if resource.type == resource_type]

    def physical_name(self, logical_id: str) -> str:
        """Return the name in the template, or one like those that CloudFormation generates."""
        declared, kind = self._declared(logical_id)
        properties = declared.get("Properties", {})
        if kind.name_property in properties:
            return str(self._functions.value(properties[kind.name_property]))
        made_up = f"{self.environment.stack_name}-{logical_id}-AbCdEfGhIjKl"
        return kind.made_up(made_up)

    def arn(self, logical_id: str) -> str:
        """Return the resource's ARN in IAM policies."""
        declared, kind = self._declared(logical_id)
        if kind.arn is None:
            raise TemplateError(f"{logical_id}: a {declared['Type']} has no ARN in resolve/types.py")
        path = self._functions.value(declared.get("Properties", {}).get("Path", "/"))
        return self._filled(kind.arn, logical_id, path)

    def reference(self, logical_id: str) -> str:
        """Return the value of `Ref` for a resource."""
        _, kind = self._declared(logical_id)
        match kind.reference:
            case "name":
                return self.physical_name(logical_id)
            case "arn":
                return self.arn(logical_id)
        return self._filled(kind.reference, logical_id)

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return the value of `Fn::GetAtt` for a resource."""
        declared, kind = self._declared(logical_id)
        form = kind.attributes.get(name)
        if form is None:
            raise TemplateError(
                f"{logical_id}: a {declared['Type']} has no attribute {name} in resolve/types.py"
            )
        if form == "arn":
            return self.arn(logical_id)
        return self._filled(form, logical_id)

    def _filled(self, form: str, logical_id: str, path: str = "/") -> str:
        environment = self.environment
        return form.format(
            partition=environment.partition,
            region=environment.region,
            account=environment.account,
            suffix=environment.url_suffix,
            name=self.physical_name(logical_id) if "{name}" in form else "",
            id=logical_id,
            path=path,
        )

    def _declared(self, logical_id: str) -> tuple[Mapping[str, Any], Kind]:
        declared = self._sections["Resources"].get(logical_id)
        if declared is None:
            raise TemplateError(f"there is no parameter and no resource {logical_id}")
        if "Condition" in declared and not self.holds(declared["Condition"]):
            raise TemplateError(f"{logical_id} is used, but {declared['Condition']} is false")
        kind = TYPES.get(declared["Type"])
        if kind is None:
            raise TemplateError(f"{logical_id}: the type {declared['Type']} is not in resolve/types.py")
        return declared, kind
