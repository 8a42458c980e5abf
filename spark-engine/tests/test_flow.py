"""The model of a flow."""

import json
from typing import Any

import pytest

from spark_engine.errors import InvalidFlowError
from spark_engine.flow import Flow, Output


def node(
    node_id: str, *inputs: str, kind: str = "TRANSFORM", outputs: tuple[str, ...] = ("default",)
) -> dict[str, Any]:
    return {
        "node_id": node_id,
        "type": kind,
        "operator": "any",
        "inputs": [{"name": "df", "node_id": one, "output_name": "default"} for one in inputs],
        "outputs": [{"name": name} for name in outputs],
    }


def flow(*nodes: dict[str, Any]) -> Flow:
    return Flow.parse(json.dumps({"nodes": nodes}))


def test_sorts_nodes_topologically() -> None:
    read = flow(node("c", "b"), node("a", kind="SOURCE"), node("b", "a"))
    assert list(read.nodes) == ["a", "b", "c"]
    assert [each.id for each in read.needed(Output("b", "default"))] == ["a", "b"]


def test_chooses_the_only_output_that_no_node_reads() -> None:
    read = flow(node("a", kind="SOURCE"), node("b", "a"), node("chart", "a", kind="VISUALIZATION"))
    assert read.output() == Output("b", "default")


def test_takes_the_data_of_a_destination() -> None:
    read = flow(node("a", kind="SOURCE"), node("d", "a", kind="DESTINATION"))
    assert read.output("d.default") == Output("a", "default")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "no nodes"),
        ('{"nodes": []}', "no nodes"),
        ('{"nodes": [{}]}', r"nodes\[0\].node_id is missing"),
        (json.dumps({"nodes": [node("a"), node("a")]}), "same ID"),
        (json.dumps({"nodes": [node("a", "b")]}), "b.default, which does not exist"),
        (json.dumps({"nodes": [node("a", "b"), node("b", "a")]}), "cycle"),
    ],
)
def test_rejects_what_is_no_flow(text: str, problem: str) -> None:
    with pytest.raises(InvalidFlowError, match=problem):
        Flow.parse(text)


def test_lists_outputs_if_there_are_several() -> None:
    read = flow(node("a", kind="SOURCE"), node("b", "a"), node("c", "a"))
    with pytest.raises(InvalidFlowError, match=r"2 outputs \(b.default, c.default\)"):
        read.output()
    with pytest.raises(InvalidFlowError, match=r"no output x.default"):
        read.output("x.default")
