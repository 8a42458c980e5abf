"""Draws the project's form, from the template's parameters: notebooks/project-form.svg.

    python packaging/project_form.py

It shows the groups, labels, defaults and descriptions of Studio's form. It says that it is not a screenshot.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from yaml.nodes import ScalarNode

from diagrams import COLORS, FONT
from staging.errors import run
from staging.yaml_edit import Document

ROOT: Final = Path(__file__).resolve().parent.parent
TEMPLATE: Final = Path("cfn-templates/project-s3-fs-ingestion.yaml")
PICTURE: Final = Path("notebooks/project-form.svg")
TITLE: Final = "Create project: Feature ingestion from S3"
NOTE: Final = "Drawn from the template's parameters. Not a screenshot: Studio's form has its own design."
WIDTH: Final = 830
_LEFT, _FIELD = 28, 345
_FIELD_WIDTH: Final = WIDTH - _FIELD - _LEFT
# Characters of a description that fit below a field.
_CHARACTERS: Final = 70
_LINE: Final = 15
_BOX: Final = 26
_INTERFACE: Final = ("Metadata", "AWS::CloudFormation::Interface")
_STYLE: Final = """\
    .title { font-size: 16px; font-weight: 600; }
    .group { font-size: 14px; font-weight: 600; }
    .label { font-size: 13px; }
    .value { font-size: 13px; }
    .note { font-size: 11.5px; }
    .field { stroke-width: 1; }"""
_FIELD_COLORS: Final = (("fill", "#f6f8fa", "#21262d"), ("stroke", "#8c959f", "#6e7681"))
_RULE_COLORS: Final = (("stroke", "#d0d7de", "#30363d"),)


def main() -> None:
    """Draws the picture."""
    (ROOT / PICTURE).write_text(drawn(Document((ROOT / TEMPLATE).read_text())), "utf-8")
    print(f"Wrote {PICTURE}.")


def drawn(template: Document) -> str:
    """Returns the SVG of the form."""
    parts, y = [_text("title", _LEFT, 40, TITLE), _text("note", _LEFT, 60, NOTE)], 84
    for group in range(template.length(*_INTERFACE, "ParameterGroups")):
        label = template.text(*_INTERFACE, "ParameterGroups", group, "Label", "default")
        names = template.texts(*_INTERFACE, "ParameterGroups", group, "Parameters")
        parts.append(f'  <line class="rule" x1="{_LEFT}" y1="{y}" x2="{WIDTH - _LEFT}" y2="{y}"/>')
        parts.append(_text("group", _LEFT, y + 26, label))
        y += 44
        if "(set by" in label:
            parts.append(_text("note", _LEFT, y + 4, f"{len(names)} fields, filled in already"))
            y += 24
            continue
        for name in names:
            field, height = _field(template, name, y)
            parts += field
            y += height
        y += 4
    height = y + 8
    head = [
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description"',
        f'     viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"',
        f"     font-family={quoteattr(FONT)}>",
        f'  <title id="title">{escape(TITLE)}</title>',
        f'  <desc id="description">{escape(NOTE)}</desc>',
        f"  <style>\n{_STYLE}\n{_colors()}\n  </style>",
        f'  <rect class="panel" x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="10"/>',
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


def _field(template: Document, name: str, y: int) -> tuple[list[str], int]:
    """Returns a field with its label and description, and the height of all of it."""
    label = template.text(*_INTERFACE, "ParameterLabels", name, "default")
    default = template.find("Parameters", name, "Default")
    value = str(default.value) if isinstance(default, ScalarNode) else ""
    choice = template.find("Parameters", name, "AllowedValues") is not None
    lines = textwrap.wrap(template.text("Parameters", name, "Description"), _CHARACTERS)
    box = f'x="{_FIELD}" y="{y}" width="{_FIELD_WIDTH}" height="{_BOX}"'
    parts = [
        _text("label", _LEFT, y + 18, label),
        f'  <rect class="field" {box} rx="5"/>',
        _text("value", _FIELD + 10, y + 18, value),
        *([_text("value", WIDTH - _LEFT - 20, y + 17, "▾")] if choice else []),
        *(_text("note", _FIELD, y + _BOX + _LINE * (row + 1), line) for row, line in enumerate(lines)),
    ]
    return [part for part in parts if part], _BOX + _LINE * len(lines) + 16


def _text(css_class: str, x: float, y: float, text: str) -> str:
    return f'  <text class="{css_class}" x="{x:g}" y="{y:g}">{escape(text)}</text>' if text else ""


def _colors() -> str:
    rules = {
        ".panel": COLORS[".panel"],
        "text": COLORS["text"],
        ".note": COLORS[".note"],
        ".field": _FIELD_COLORS,
        ".rule": _RULE_COLORS,
    }
    light, dark = (
        [
            f"{selector} {{ {' '.join(f'{each[0]}: {each[scheme]};' for each in properties)} }}"
            for selector, properties in rules.items()
        ]
        for scheme in (1, 2)
    )
    return "\n".join(
        [
            *(f"    {rule}" for rule in light),
            "    @media (prefers-color-scheme: dark) {",
            *(f"      {rule}" for rule in dark),
            "    }",
        ]
    )


if __name__ == "__main__":
    sys.exit(run(main))
