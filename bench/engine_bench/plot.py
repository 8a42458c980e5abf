"""The plot: time and memory against rows, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from engine_bench.report import NATIVE, PANDAS, SPARK, TITLES, Report, medians, shown, sizes

WIDTH, HEIGHT = 840, 400
TOP, BOTTOM = 60, 350
# Left and right ends of the panels.
PANELS: Final = {"seconds": ("time", 70, 385), "peak_bytes": ("peak memory", 490, 805)}
# Those of the other plots.
COLOURS: Final = {NATIVE: "#C44E20", SPARK: "#466996", PANDAS: "#969696"}
UNITS: Final = {"seconds": 1.0, "peak_bytes": 1e6}


def svg(report: Report) -> str:
    """Plot the medians. A size without a result has no point."""
    return "\n".join([*_lines(report), "</svg>", ""])


def _lines(report: Report) -> Iterator[str]:
    yield f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" xmlns="http://www.w3.org/2000/svg">'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#FFFFFF"/>'
    for index, (engine, title) in enumerate(TITLES.items()):
        left = 500 + 105 * index
        yield f'<rect x="{left}" y="14" width="12" height="12" fill="{COLOURS[engine]}"/>'
        yield _text(left + 18, 24, title)
    for measure, (title, left, right) in PANELS.items():
        yield _text(left, 48, f"{title} against rows", size=15)
        yield from _panel(report, measure, left, right)


def _panel(report: Report, measure: str, left: int, right: int) -> Iterator[str]:
    curves = {engine: medians(report, engine, measure) for engine in TITLES}
    values = [value for curve in curves.values() for value in curve.values()]
    rows = sizes(report)
    across = _scale(rows[0], rows[-1], left + 20, right - 20)
    low, high = _decades(min(values) / UNITS[measure], max(values) / UNITS[measure])
    up = _scale(10.0**low, 10.0**high, BOTTOM, TOP)
    for power in range(low, high + 1):
        y = up(10.0**power)
        yield f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#DDDDDD"/>'
        yield _text(left - 6, y + 4, shown(10.0**power * UNITS[measure], measure), anchor="end")
    for number in rows:
        x = across(number)
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{BOTTOM}" stroke="#EEEEEE"/>'
        yield _text(x, BOTTOM + 20, f"{number:,}", anchor="middle")
    for engine, curve in curves.items():
        points = [(across(number), up(value / UNITS[measure])) for number, value in sorted(curve.items())]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{COLOURS[engine]}" stroke-width="2"/>'
        for (number, value), (x, y) in zip(sorted(curve.items()), points, strict=True):
            note = f"{TITLES[engine]}, {number:,} rows: {shown(value, measure)}"
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLOURS[engine]}">'
            yield f"<title>{escape(note)}</title></circle>"


def _decades(least: float, most: float) -> tuple[int, int]:
    return math.floor(math.log10(least)), math.ceil(math.log10(most))


class _scale:  # noqa: N801 - used as a function
    """Maps a logarithmic range to pixels."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._span = math.log10(low), math.log10(high) - math.log10(low) or 1.0
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        return self._start + (math.log10(value) - self._low) / self._span * (self._end - self._start)


def _text(x: float, y: float, text: str, *, size: int = 13, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-family="sans-serif" font-size="{size}" '
        f'fill="#000000">{escape(text)}</text>'
    )
