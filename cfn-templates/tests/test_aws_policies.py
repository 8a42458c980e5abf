"""The AWS policies of the end-to-end tests grant only what the real policies grant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from permissions import node

GIVEN: dict[str, Any] = json.loads((Path(__file__).parents[2] / "e2e/aws_policies.json").read_text())


@pytest.mark.parametrize("name", GIVEN)
def test_each_statement_is_part_of_a_real_statement(name: str) -> None:
    awss = {statement["Sid"]: statement for statement in node.managed_policy(name)["Statement"]}
    for given in GIVEN[name]["Statement"]:
        theirs = awss[given["Sid"]]
        assert set(listed(given["Action"])) <= set(listed(theirs["Action"])), given["Sid"]
        assert {**given, "Action": []} == {**theirs, "Action": []}


def listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions
