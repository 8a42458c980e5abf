"""A flow: its nodes, how they are connected, and the output to compute."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from spark_engine.errors import InvalidFlowError

SOURCE = "SOURCE"
# Nodes of these types end a flow. They produce no data.
ENDS = frozenset({"VISUALIZATION", "DESTINATION"})
EXPORT_AGAIN = "export the flow from Data Wrangler again"


@dataclass(frozen=True)
class Output:
    """A named output of a node."""

    node_id: str
    name: str

    def __str__(self) -> str:
        return f"{self.node_id}.{self.name}"


@dataclass(frozen=True)
class Node:
    """A node of a flow."""

    id: str
    kind: str
    operator: str
    parameters: Any
    trained: Any
    # The outputs of other nodes that the node reads, in the flow's order: a join's left side is first.
    inputs: tuple[Output, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """A flow whose inputs all exist, without cycles. The nodes are in topological order."""

    nodes: Mapping[str, Node]

    @classmethod
    def read(cls, path: Path) -> Flow:
        """Read the flow in a file."""
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise InvalidFlowError(f"{path}: the file is not UTF-8; {EXPORT_AGAIN}") from error
        except OSError as error:
            raise InvalidFlowError(f"{path}: {error.strerror}") from error
        try:
            return cls.parse(text)
        except InvalidFlowError as error:
            raise InvalidFlowError(f"{path}: {error}; {EXPORT_AGAIN}") from error

    @classmethod
    def parse(cls, text: str) -> Flow:
        """Parse a flow."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidFlowError("the file is not JSON") from error
        nodes = document.get("nodes") if isinstance(document, dict) else None
        if not isinstance(nodes, list) or not nodes:
            raise InvalidFlowError("the file has no nodes")
        read = [_node(node, f"nodes[{index}]") for index, node in enumerate(nodes)]
        by_id = {node.id: node for node in read}
        if len(by_id) < len(read):
            raise InvalidFlowError("two nodes have the same ID")
        for node in read:
            _check_inputs(node, by_id)
        return cls({node_id: by_id[node_id] for node_id in _order(read)})

    def output(self, name: str | None = None) -> Output:
        """Return the output `<node id>.<output>`, or the only one that no other node reads.

        A destination stands for the data that flows into it.
        """
        if name is not None:
            return self._named(name)
        used = {read for node in self._carrying() for read in node.inputs}
        unused = [output for node in self._carrying() for output in _outputs(node) if output not in used]
        if len(unused) == 1:
            return unused[0]
        listed = ", ".join(str(output) for output in unused[:10]) or "none"
        raise InvalidFlowError(
            f"the flow has {len(unused)} outputs ({listed}); choose one with --output-name"
        )

    def needed(self, output: Output) -> list[Node]:
        """Return the nodes that an output depends on, in topological order."""
        needed = {output.node_id}
        for node in reversed(list(self.nodes.values())):
            if node.id in needed:
                needed.update(read.node_id for read in node.inputs)
        return [node for node in self.nodes.values() if node.id in needed]

    def _named(self, name: str) -> Output:
        known = [output for node in self.nodes.values() for output in _outputs(node)]
        for output in known:
            node = self.nodes[output.node_id]
            if str(output) != name:
                continue
            if node.kind not in ENDS:
                return output
            if len(node.inputs) == 1:
                return node.inputs[0]
            raise InvalidFlowError(f"the output {name} gives no data; choose another one")
        listed = ", ".join(str(output) for output in known[:10])
        raise InvalidFlowError(f"the flow has no output {name}; it has {listed}")

    def _carrying(self) -> Iterator[Node]:
        return (node for node in self.nodes.values() if node.kind not in ENDS)


def _node(value: Any, place: str) -> Node:
    return Node(
        id=_text(value, "node_id", place),
        kind=_text(value, "type", place),
        operator=_text(value, "operator", place),
        parameters=value.get("parameters"),
        trained=value.get("trained_parameters"),
        inputs=tuple(
            Output(_text(item, "node_id", f"{place}.inputs"), _text(item, "output_name", f"{place}.inputs"))
            for item in value.get("inputs") or []
        ),
        outputs=tuple(_text(item, "name", f"{place}.outputs") for item in value.get("outputs") or []),
    )


def _text(value: Any, member: str, place: str) -> str:
    text = value.get(member) if isinstance(value, dict) else None
    if not isinstance(text, str) or not text:
        raise InvalidFlowError(f"{place}.{member} is missing or no string")
    return text


def _outputs(node: Node) -> list[Output]:
    return [Output(node.id, name) for name in node.outputs]


def _check_inputs(node: Node, by_id: Mapping[str, Node]) -> None:
    for read in node.inputs:
        source = by_id.get(read.node_id)
        if source is None or read.name not in source.outputs:
            raise InvalidFlowError(f"node {node.id} reads {read}, which does not exist")


def _order(nodes: list[Node]) -> Iterator[str]:
    graph = {node.id: [read.node_id for read in node.inputs] for node in nodes}
    try:
        return iter(tuple(TopologicalSorter(graph).static_order()))
    except CycleError as error:
        raise InvalidFlowError(f"the nodes form a cycle: {', '.join(error.args[1])}") from error
