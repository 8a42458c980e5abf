"""The proof itself detects every kind of wrong policy."""

from typing import Any

import pytest

from permissions import narrowing, needs, node, schemas
from permissions.judges import DisagreementError, Judge
from permissions.proof import Proof
from permissions.requests import Request

HERE = "arn:aws:sqs:eu-west-1:111122223333"
MINE = Request.of("sqs:CreateQueue", f"{HERE}:sagemaker-p-a-retry", "create Queue")
TAGGED = Request.of("sqs:TagQueue", f"{HERE}:sagemaker-p-a-retry", "create Queue", {"aws:TagKeys": ("Team",)})
FOREIGN = Request.of("sqs:CreateQueue", f"{HERE}:payroll", "canary")


def policy(
    actions: list[str], resources: list[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": "Queues", "Effect": "Allow", "Action": actions, "Resource": resources}
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def proof(ours: dict[str, Any], *given: dict[str, Any]) -> Proof:
    return Proof(ours, [MINE, TAGGED], [FOREIGN], given)


def test_finds_nothing_in_a_correct_policy() -> None:
    right = proof(policy(["sqs:CreateQueue", "sqs:TagQueue"], [f"{HERE}:sagemaker-*"]))
    assert right.denied_needs() == []
    assert right.allowed_canaries() == []
    assert right.superfluous_grants() == []
    assert right.unnoticed_widenings() == []


def test_finds_a_missing_grant() -> None:
    [denied] = proof(policy(["sqs:CreateQueue"], [f"{HERE}:sagemaker-*"])).denied_needs()
    assert denied.startswith(f"sqs:TagQueue on {HERE}:sagemaker-p-a-retry (create Queue)")


def test_finds_a_condition_that_denies_a_need() -> None:
    sagemakers = {"ForAllValues:StringLike": {"aws:TagKeys": ["sagemaker:*"]}}
    [denied] = proof(policy(["sqs:CreateQueue", "sqs:TagQueue"], ["*"], sagemakers)).denied_needs()
    assert "aws:TagKeys = ('Team',)" in denied


def test_finds_an_allowed_canary() -> None:
    [allowed] = proof(policy(["sqs:CreateQueue"], [f"{HERE}:*"])).allowed_canaries()
    assert allowed.startswith(f"sqs:CreateQueue on {HERE}:payroll")


@pytest.mark.parametrize(
    ("actions", "resources", "superfluous"),
    [
        (
            ["sqs:CreateQueue", "sqs:TagQueue", "sqs:PurgeQueue"],
            ["sagemaker-*"],
            ["sqs:PurgeQueue on sagemaker-*"],
        ),
        (
            ["sqs:CreateQueue", "sqs:TagQueue"],
            ["sagemaker-*", "other-*"],
            ["sqs:CreateQueue on other-*", "sqs:TagQueue on other-*"],
        ),
        # Either grant alone is enough.
        (
            ["sqs:CreateQueue"],
            ["sagemaker-*", "sagemaker-p-*"],
            ["sqs:CreateQueue on sagemaker-*", "sqs:CreateQueue on sagemaker-p-*"],
        ),
    ],
)
def test_finds_a_superfluous_grant(actions: list[str], resources: list[str], superfluous: list[str]) -> None:
    found = proof(policy(actions, [f"{HERE}:{name}" for name in resources])).superfluous_grants()
    assert [each.replace(f"{HERE}:", "") for each in found] == [f"Queues: {each}" for each in superfluous]


def test_finds_a_grant_that_another_policy_has() -> None:
    tested = policy(["sqs:CreateQueue", "sqs:TagQueue"], [f"{HERE}:sagemaker-*"])
    given = policy(["sqs:TagQueue"], ["*"])
    assert proof(tested, given).superfluous_grants() == [f"Queues: sqs:TagQueue on {HERE}:sagemaker-*"]


def test_finds_a_superfluous_condition_value() -> None:
    teams = {"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": ["Team", "Colour"]}}
    found = proof(
        policy(["sqs:CreateQueue", "sqs:TagQueue"], [f"{HERE}:sagemaker-*"], teams)
    ).superfluous_grants()
    assert found == ["Queues: aws:TagKeys = Colour"]


def test_finds_a_wider_resource_that_no_canary_detects() -> None:
    tested = policy(["sqs:CreateQueue", "sqs:TagQueue"], [f"{HERE}:sagemaker-*"])
    assert Proof(tested, [MINE, TAGGED], []).unnoticed_widenings() == ["Queues: any resource"]


def test_finds_a_wildcard_action() -> None:
    assert proof(policy(["sqs:*"], ["*"])).patterns_in_actions() == ["Queues: sqs:* on *"]


def test_rejects_disagreement_of_the_simulators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("permissions.judges.evaluated", lambda questions: [True for _ in questions])
    with pytest.raises(
        DisagreementError, match="iam-simulate says False, ministack says True: sqs:CreateQueue"
    ):
        Judge().allowed([policy(["sqs:CreateQueue"], [f"{HERE}:sagemaker-*"])], [FOREIGN])


@pytest.mark.parametrize(
    ("action", "resource", "why"),
    [
        ("sqs:MakeQueue", f"{HERE}:sagemaker-a", "invalid.action"),
        ("sqs:CreateQueue", "arn:aws:s3:::sagemaker-a", "no.resource.types"),
    ],
)
def test_invalid_request_is_an_error_instead_of_a_denial(action: str, resource: str, why: str) -> None:
    with pytest.raises(RuntimeError, match=why):
        Judge().allowed([policy(["sqs:*"], ["*"])], [Request.of(action, resource, "")])


@pytest.mark.parametrize("rule", narrowing.RULES, ids=lambda rule: f"{rule.type} {rule.actions}")
def test_every_narrowing_rule_applies_to_a_schema(rule: narrowing.Rule) -> None:
    listed = {action for actions in schemas.permissions(rule.type).values() for action in actions}
    assert any(narrowing.rule_for(rule.type, action) is rule for action in listed)


def test_schemas_lack_handlers_of_types_written_by_hand() -> None:
    assert not [each for each in schemas.BY_HAND if schemas.schema(each).get("handlers")]


def test_replaced_actions_do_not_exist_and_replacements_do() -> None:
    replacements = {action for actions in needs.MEANT.values() for action in actions}
    replaced = needs.MEANT.keys() - replacements
    facts = node.actions({*replacements, *replaced})
    assert all(facts[action] for action in replacements)
    assert not any(facts[action] for action in replaced)
