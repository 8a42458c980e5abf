"""Parses the Mermaid diagrams of the pages: flowcharts and sequence diagrams, no more than the pages use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

NAME: Final = r"[A-Za-z][A-Za-z0-9]*"
# Text in a shape must not contain what ends one. `<br>` breaks a line.
TEXT: Final = r"[^\[\](){}|\"<>]+(?:<br>[^\[\](){}|\"<>]+)*"
NODE: Final = rf"({NAME})(\[\({TEXT}\)\]|\[{TEXT}\])?"
EDGE: Final = re.compile(rf"{NODE} (-->|-\.->)(?:\|({TEXT})\|)? {NODE}")
DECLARED: Final = re.compile(rf"(?:actor|participant) ({NAME})(?: as \S.*)?")
MESSAGE: Final = re.compile(rf"({NAME})(->>|-->>)({NAME}): \S.*")


@dataclass
class Diagram:
    """What a diagram shows, without its words."""

    kind: str
    nodes: list[str] = field(default_factory=list)
    edges: list[tuple[str, str, str]] = field(default_factory=list)


def parse(text: str) -> Diagram:
    """Parses a diagram. Raises ValueError for the first line that Mermaid, or this parser, does not know."""
    header, *lines = [line.strip() for line in text.splitlines() if line.strip()]
    diagram = Diagram(header)
    if header not in {"flowchart LR", "flowchart TD", "sequenceDiagram"}:
        raise ValueError(f"`{header}` is not a diagram that the tests can parse")
    for line in lines:
        (_message if header == "sequenceDiagram" else _edge)(diagram, line)
    return diagram


def _edge(diagram: Diagram, line: str) -> None:
    match = EDGE.fullmatch(line)
    if not match:
        raise ValueError(f"`{line}` is not an edge of a flowchart")
    source, source_shape, arrow, _, target, target_shape = match.groups()
    for node, shape in ((source, source_shape), (target, target_shape)):
        if shape and node in diagram.nodes:
            raise ValueError(f"`{line}` gives {node} a second shape")
        if shape:
            diagram.nodes.append(node)
        elif node not in diagram.nodes:
            raise ValueError(f"`{line}` names {node}, which has no shape yet")
    diagram.edges.append((source, arrow, target))


def _message(diagram: Diagram, line: str) -> None:
    if declared := DECLARED.fullmatch(line):
        diagram.nodes.append(declared[1])
    elif (message := MESSAGE.fullmatch(line)) and {message[1], message[3]} <= set(diagram.nodes):
        diagram.edges.append((message[1], message[2], message[3]))
    else:
        raise ValueError(f"`{line}` is neither a participant nor a message between participants")
