"""Draws the diagrams: design/*.yaml to design/*.svg.

    python packaging/diagrams.py

A source places boxes and frames. An arrow goes from one to another, straight or through the points in `via`.
design/README.md describes the format.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import yaml

from staging.errors import PackagingError, run

ROOT: Final = Path(__file__).resolve().parent.parent
DESIGN: Final = Path("design")
FONT: Final = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"
Point = tuple[float, float]

# What a box stands for: fill and border, light and dark.
KINDS: Final = {
    "storage": (("#e8f5e9", "#2e7d32"), ("#12261a", "#56b366")),
    "events": (("#fde7f0", "#b0256b"), ("#2d1522", "#e07aae")),
    "function": (("#fff1e0", "#b85c00"), ("#2e1f0e", "#e3954a")),
    "sagemaker": (("#e6f0fb", "#1f5fa8"), ("#11233a", "#6cabf0")),
    "build": (("#efeafb", "#5b3fa8"), ("#201a38", "#a48ff0")),
    "role": (("#fff8c5", "#7d5e00"), ("#272005", "#d4a72c")),
    "plain": (("#f6f8fa", "#57606a"), ("#21262d", "#8b949e")),
}
# CSS of everything else: property and color, light and dark.
COLORS: Final = {
    ".panel": (("fill", "#ffffff", "#0d1117"), ("stroke", "#d0d7de", "#30363d")),
    ".frame": (("stroke", "#8c959f", "#6e7681"),),
    "text": (("fill", "#1f2328", "#e6edf3"),),
    ".note": (("fill", "#57606a", "#9198a1"),),
    ".line": (("stroke", "#57606a", "#9198a1"),),
    ".head": (("fill", "#57606a", "#9198a1"),),
    ".letter circle": (("fill", "#ffffff", "#0d1117"), ("stroke", "#57606a", "#9198a1")),
    ".number circle": (("fill", "#1f2328", "#e6edf3"),),
    ".number text": (("fill", "#ffffff", "#0d1117"),),
}
SHAPES: Final = """\
    rect { stroke-width: 1.5; }
    .frame { fill: none; stroke-dasharray: 6 4; }
    .name { font-size: 13px; font-weight: 600; }
    .note { font-size: 12px; }
    .box text, .mark text { text-anchor: middle; }
    .mark text { font-size: 11px; font-weight: 700; }
    .line { fill: none; stroke-width: 1.5; marker-end: url(#head); }
    .dashed { stroke-dasharray: 6 4; }
    .dotted { stroke-dasharray: 1.5 4; stroke-linecap: round; }"""
HEAD_OF_LINE: Final = """\
  <defs>
    <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
      <path class="head" d="M0 0 10 5 0 10z"/>
    </marker>
  </defs>"""
LINE_HEIGHT: Final = 16
NUMBER_RADIUS: Final = 11
LETTER_RADIUS: Final = 9


@dataclass(frozen=True)
class Rectangle:
    """The place of a box or a frame."""

    x: float
    y: float
    width: float
    height: float

    def spans(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Returns the horizontal and the vertical span."""
        return (self.x, self.x + self.width), (self.y, self.y + self.height)

    def edge_towards(self, other: Point) -> Point:
        """Returns the point on the border from which a straight line leads to `other`."""
        (left, right), (top, bottom) = self.spans()
        x, y = other
        if top <= y <= bottom:
            return (left if x < left else right), y
        if left <= x <= right:
            return x, (top if y < top else bottom)
        raise PackagingError(
            f"the point {other} is not next to, above or below {self}", "add or move a point in `via`"
        )


def main() -> None:
    """Draws every diagram."""
    for source in sources(ROOT):
        target = source.with_suffix(".svg")
        target.write_text(drawn(load(source)), "utf-8")
        print(f"Wrote {target.relative_to(ROOT)}.")


def sources(root: Path) -> list[Path]:
    """Returns the sources of the diagrams."""
    return sorted((root / DESIGN).glob("*.yaml"))


def load(source: Path) -> dict[str, Any]:
    """Reads a source."""
    diagram: dict[str, Any] = yaml.safe_load(source.read_text("utf-8"))
    return diagram


def drawn(diagram: dict[str, Any]) -> str:
    """Returns the SVG of a diagram."""
    places = rectangles(diagram)
    arrows = [(arrow, route(arrow, places)) for arrow in diagram["arrows"]]
    parts = [
        *_head(diagram),
        *(_frame(frame, places[name]) for name, frame in diagram.get("frames", {}).items()),
        *(_line(arrow, path) for arrow, path in arrows),
        *(_box(box, places[name]) for name, box in diagram["boxes"].items()),
        *(_letter(arrow, path) for arrow, path in arrows if "mark" in arrow),
        *(_legend(sample) for sample in diagram.get("legend", [])),
    ]
    return "\n".join([*parts, "</svg>", ""])


def _head(diagram: dict[str, Any]) -> list[str]:
    width, height = diagram["size"]
    return [
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description"',
        f'     viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        f"     font-family={quoteattr(FONT)}>",
        f'  <title id="title">{escape(diagram["title"])}</title>',
        f'  <desc id="description">{escape(" ".join(diagram["description"].split()))}</desc>',
        f"  <style>\n{SHAPES}\n{_colors()}\n  </style>",
        HEAD_OF_LINE,
        # A background of its own keeps it readable if the page's scheme is not the browser's.
        f'  <rect class="panel" x="1" y="1" width="{width - 2}" height="{height - 2}" rx="10"/>',
    ]


def rectangles(diagram: dict[str, Any]) -> dict[str, Rectangle]:
    """Returns the place of each box and frame by its name."""
    parts = {**diagram.get("frames", {}), **diagram["boxes"]}
    return {name: Rectangle(*part["at"], *part.get("size", diagram["box"])) for name, part in parts.items()}


def route(arrow: dict[str, Any], places: dict[str, Rectangle]) -> list[Point]:
    """Returns the points of an arrow. Without `via`, it crosses the middle of what the two sides share."""
    start, end = places[arrow["from"]], places[arrow["to"]]
    via: list[Point] = [(x, y) for x, y in arrow.get("via", [])]
    if not via:
        via = [_between(start, end)]
        return [start.edge_towards(via[0]), end.edge_towards(via[0])]
    return [start.edge_towards(via[0]), *via, end.edge_towards(via[-1])]


def _between(start: Rectangle, end: Rectangle) -> Point:
    (across, down), (their_across, their_down) = start.spans(), end.spans()
    x, y = _gap_or_overlap(across, their_across), _gap_or_overlap(down, their_down)
    return x, y


def _gap_or_overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Returns the middle of what two spans share, or of the gap between them."""
    return (max(one[0], other[0]) + min(one[1], other[1])) / 2


def middle(path: list[Point]) -> Point:
    """Returns the middle of the longest part of a path."""
    longest = max(itertools.pairwise(path), key=lambda part: _length(*part))
    (x1, y1), (x2, y2) = longest
    return (x1 + x2) / 2, (y1 + y2) / 2


def _length(start: Point, end: Point) -> float:
    return abs(start[0] - end[0]) + abs(start[1] - end[1])


def _colors() -> str:
    light = [*_kinds(0), *_rules(1)]
    dark = [*_kinds(1), *_rules(2)]
    return "\n".join(
        [
            *(f"    {rule}" for rule in light),
            "    @media (prefers-color-scheme: dark) {",
            *(f"      {rule}" for rule in dark),
            "    }",
        ]
    )


def _kinds(scheme: int) -> list[str]:
    chosen = {kind: schemes[scheme] for kind, schemes in KINDS.items()}
    return [f".{kind} rect {{ fill: {fill}; stroke: {line}; }}" for kind, (fill, line) in chosen.items()]


def _rules(scheme: int) -> list[str]:
    return [
        f"{selector} {{ {' '.join(f'{each[0]}: {each[scheme]};' for each in properties)} }}"
        for selector, properties in COLORS.items()
    ]


def _frame(frame: dict[str, Any], place: Rectangle) -> str:
    parts = [_rect(place, "frame"), _text("note", place.x + 14, place.y + 20, frame["label"])]
    if "mark" in frame:
        parts.append(_mark(str(frame["mark"]), (place.x, place.y), NUMBER_RADIUS, "number"))
    return "\n".join(parts)


def _box(box: dict[str, Any], place: Rectangle) -> str:
    center, lines = place.x + place.width / 2, box["lines"]
    first = place.y + place.height / 2 - (len(lines) - 1) * LINE_HEIGHT / 2 + 4
    texts = [
        _text("note" if number else "name", center, first + number * LINE_HEIGHT, line)
        for number, line in enumerate(lines)
    ]
    parts = [f'  <g class="box {box["kind"]}">', _rect(place, ""), *texts, "  </g>"]
    if "mark" in box:
        parts.append(_mark(str(box["mark"]), (place.x, place.y), NUMBER_RADIUS, "number"))
    return "\n".join(parts)


def _rect(place: Rectangle, css_class: str) -> str:
    named = f'class="{css_class}" ' if css_class else ""
    size = f'width="{place.width:g}" height="{place.height:g}"'
    return f'  <rect {named}x="{place.x:g}" y="{place.y:g}" {size} rx="6"/>'


def _line(arrow: dict[str, Any], path: list[Point]) -> str:
    points = " ".join(f"{x:g},{y:g}" for x, y in path)
    return f'  <polyline class="line {arrow.get("style", "solid")}" points="{points}"/>'


def _mark(mark: str, at: Point, radius: int, css_class: str) -> str:
    x, y = at
    return (
        f'  <g class="mark {css_class}"><circle cx="{x:g}" cy="{y:g}" r="{radius}"/>'
        f'<text x="{x:g}" y="{y + 4:g}">{escape(mark)}</text></g>'
    )


def _text(css_class: str, x: float, y: float, text: str) -> str:
    return f'  <text class="{css_class}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _letter(arrow: dict[str, Any], path: list[Point]) -> str:
    return _mark(str(arrow["mark"]), arrow.get("mark_at") or middle(path), LETTER_RADIUS, "letter")


def _legend(sample: dict[str, Any]) -> str:
    x, y = sample["at"]
    line = _line(sample, [(x, y), (x + 40, y)])
    return f"{line}\n{_text('note', x + 50, y + 4, sample['text'])}"


if __name__ == "__main__":
    sys.exit(run(main))
