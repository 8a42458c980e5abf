"""The AWS policies of local-aws's Studio account grant only what the real policies grant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from permissions import node

POLICIES = Path(__file__).parents[2] / "local-aws/local_aws/aws_policies.json"
GIVEN: dict[str, Any] = json.loads(POLICIES.read_text())


@pytest.mark.parametrize("name", GIVEN)
def test_each_statement_is_part_of_a_real_statement(name: str) -> None:
    awss = {statement["Sid"]: statement for statement in node.managed_policy(name)["Statement"]}
    for given in GIVEN[name]["Statement"]:
        theirs = awss[given["Sid"]]
        assert set(listed(given["Action"])) <= set(listed(theirs["Action"])), given["Sid"]
        assert {**given, "Action": []} == {**theirs, "Action": []}


def listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions
