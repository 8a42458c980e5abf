"""The look of the notebooks' plots, and the graph of a pipeline."""

from __future__ import annotations

import json
from typing import Any, Final

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

COLORS: Final = ("#1f5fa8", "#b85c00", "#2e7d32")
_INK, _QUIET, _LIGHT = "#1f2328", "#57606a", "#d0d7de"


def use_style() -> None:
    """Gives all plots the same look: light, with a quiet grid."""
    plt.rcParams.update(
        {
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "axes.facecolor": "white",
            "axes.edgecolor": _LIGHT,
            "axes.labelcolor": _QUIET,
            "axes.titlecolor": _INK,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.labelsize": 9.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": plt.cycler(color=COLORS),
            "grid.color": "#eaeef2",
            "xtick.color": _QUIET,
            "ytick.color": _QUIET,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "legend.frameon": False,
            "font.family": "DejaVu Sans",
        }
    )


def draw_pipeline(definition: dict[str, Any]) -> Axes:
    """Draws a pipeline's definition: parameters, steps and feature group, from left to right."""
    steps = {step["Name"]: step for step in definition["Steps"]}
    levels = {name: _level(name, steps) for name in steps}
    last = max(levels.values()) + 1
    columns: list[list[tuple[str, str]]] = [[] for _ in range(last + 2)]
    arrows = []
    for parameter in definition["Parameters"]:
        default = str(parameter.get("DefaultValue", "required"))
        columns[0].append((parameter["Name"], default))
    for name, step in steps.items():
        columns[levels[name] + 1].append((name, step["Type"]))
        used = json.dumps(step)
        arrows += [
            (each["Name"], name)
            for each in definition["Parameters"]
            if f'"Parameters.{each["Name"]}"' in used
        ]
        arrows += [(other, name) for other in _before(name, steps)]
        if '"FeatureStoreOutput"' in used:
            columns[-1] = [("feature group", "in SageMaker Feature Store")]
            arrows.append((name, "feature group"))
    return _draw(columns, arrows)


def _before(name: str, steps: dict[str, Any]) -> list[str]:
    """Returns the steps that a step waits for: named, or because it uses their results."""
    used = json.dumps(steps[name])
    return [
        other for other in steps if other != name and (f'"{other}"' in used or f'"Steps.{other}.' in used)
    ]


def _level(name: str, steps: dict[str, Any]) -> int:
    return max((_level(other, steps) + 1 for other in _before(name, steps)), default=0)


def _draw(columns: list[list[tuple[str, str]]], arrows: list[tuple[str, str]]) -> Axes:
    width, height, gap, space = 3.4, 0.62, 1.3, 0.22
    tallest = max(len(column) for column in columns)
    total = len(columns) * (width + gap) - gap
    _, axes = plt.subplots(figsize=(total * 0.82, (tallest * (height + space)) * 0.82))
    faces = {0: ("#f6f8fa", _QUIET), len(columns) - 1: ("#e8f5e9", COLORS[2])}
    places = {}
    for number, column in enumerate(columns):
        top = (tallest + len(column)) * (height + space) / 2
        for row, (name, note) in enumerate(column):
            x, y = number * (width + gap), top - (row + 1) * (height + space)
            places[name] = (x, y + height / 2)
            face, edge = faces.get(number, ("#e6f0fb", COLORS[0]))
            axes.add_patch(
                FancyBboxPatch(
                    (x, y),
                    width,
                    height,
                    boxstyle="round,pad=0,rounding_size=0.08",
                    fc=face,
                    ec=edge,
                    zorder=2,
                )
            )
            axes.text(x + width / 2, y + height * 0.66, name, ha="center", va="center", size=8, weight="bold")
            short = note if len(note) <= 34 else f"...{note[-31:]}"
            axes.text(x + width / 2, y + height * 0.28, short, ha="center", va="center", size=7, color=_QUIET)
    for begin, end in arrows:
        (x, y), target = places[begin], places[end]
        axes.add_patch(
            FancyArrowPatch(
                (x + width, y), target, arrowstyle="-|>", mutation_scale=9, color="#8c959f", lw=0.9
            )
        )
    axes.set_xlim(-0.1, total + 0.1)
    axes.set_ylim(-0.1, tallest * (height + space) - space + 0.1)
    axes.axis("off")
    return axes
