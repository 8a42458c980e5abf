"""Splits a policy into grants, and derives stricter and wider policies from it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Policy = Mapping[str, Any]
# IAM's quota for a managed policy, in characters without white space.
MAX_CHARACTERS = 6144


@dataclass(frozen=True)
class Grant:
    """One action on one resource pattern, under the conditions of its statement."""

    statement: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.statement}: {self.action} on {self.resource}"


def listed(value: Any) -> list[Any]:
    """Return a list, or a single value as a list."""
    return value if isinstance(value, list) else [value]


def statements(policy: Policy) -> list[dict[str, Any]]:
    """Return the policy's statements. Only Allow statements with named actions are supported."""
    found: list[dict[str, Any]] = listed(policy["Statement"])
    for statement in found:
        if (
            statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"}
            or statement["Effect"] != "Allow"
        ):
            raise ValueError(f"unsupported kind of statement: {statement}")
    return found


def size(policy: Policy) -> int:
    """Return the policy's size as IAM counts it."""
    return len("".join(json.dumps(policy, ensure_ascii=False, separators=(",", ":")).split()))


def grants(policy: Policy) -> list[Grant]:
    """Return each action of each statement on each of its resources."""
    return [
        Grant(statement["Sid"], action, resource)
        for statement in statements(policy)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def without(policy: Policy, grant: Grant) -> Policy:
    """Return the policy without one grant."""
    kept = []
    for statement in statements(policy):
        actions, resources = listed(statement["Action"]), listed(statement["Resource"])
        if statement["Sid"] != grant.statement:
            kept.append(statement)
            continue
        others = [action for action in actions if action != grant.action]
        elsewhere = [resource for resource in resources if resource != grant.resource]
        if others:
            kept.append({**statement, "Action": others})
        if elsewhere:
            kept.append(
                {
                    **statement,
                    "Sid": f"{grant.statement}Elsewhere",
                    "Action": grant.action,
                    "Resource": elsewhere,
                }
            )
    return _policy(kept)


def joined(policies: Mapping[str, Policy]) -> Policy:
    """Merge policies. Each Sid gets the name of its policy as a prefix."""
    return _policy(
        [
            {**statement, "Sid": f"{name}{statement.get('Sid', number)}"}
            for name, policy in policies.items()
            for number, statement in enumerate(statements(policy))
        ]
    )


def stricter(policy: Policy) -> Iterator[tuple[str, Policy]]:
    """Yield policies that lack one of several values of a condition, each with a description."""
    for number, statement in enumerate(statements(policy)):
        for operator, keys in statement.get("Condition", {}).items():
            for key, values in keys.items():
                for value in listed(values) if len(listed(values)) > 1 else []:
                    rest = [other for other in values if other != value]
                    condition = {**statement["Condition"], operator: {**keys, key: rest}}
                    yield (
                        f"{statement['Sid']}: {key} = {value}",
                        _changed(policy, number, {"Condition": condition}),
                    )


def widened(policy: Policy) -> Iterator[tuple[str, Policy]]:
    """Yield policies with one resource made `*` or one condition key removed, each with a description."""
    for number, statement in enumerate(statements(policy)):
        if statement["Resource"] != "*":
            yield f"{statement['Sid']}: any resource", _changed(policy, number, {"Resource": "*"})
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                rest = {other: value for other, value in keys.items() if other != key}
                condition = {**statement["Condition"], operator: rest}
                yield (
                    f"{statement['Sid']}: without {operator} {key}",
                    _changed(policy, number, {"Condition": condition}),
                )


def _changed(policy: Policy, number: int, change: Mapping[str, Any]) -> Policy:
    found = statements(policy)
    return _policy([*found[:number], {**found[number], **change}, *found[number + 1 :]])


def _policy(found: list[dict[str, Any]]) -> Policy:
    return {"Version": "2012-10-17", "Statement": found}
