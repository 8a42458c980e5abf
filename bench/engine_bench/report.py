"""The results as tables, and what follows from them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = ROOT / "bench/results"
PAGES: Final = (ROOT / "docs/benchmarks.md", ROOT / "docs/engines.md")

Report = dict[str, Any]

NATIVE, SPARK, PANDAS = "native", "spark", "pandas"
TITLES: Final = {NATIVE: "native", SPARK: "Spark", PANDAS: "pandas"}
MEASURES: Final = {"seconds": "time", "cpu_seconds": "CPU time", "peak_bytes": "peak memory"}
# What depends little on the machine's other work.
COMPARED: Final = ("cpu_seconds", "peak_bytes")
OK, OUT_OF_MEMORY = "ok", "out of memory"

GIB: Final = 2**30
MACHINES_GIB: Final = (2, 8, 16, 64)
# Spark's heap of 2 GiB (spark_engine/session.py), and the rest of Java and Python.
SPARK_LIMIT: Final = 2.5 * GIB
# The rest is for the system, and for the difference between the peaks of runs.
USABLE: Final = 0.75

BENCHMARKS, ENGINES = "engine-benchmark", "which-engine"


def sizes(report: Report) -> list[int]:
    """The numbers of rows, in ascending order."""
    return sorted({result["rows"] for result in report["results"]})


def medians(report: Report, engine: str, measure: str) -> dict[int, float]:
    """The median of a measure by rows, of the sizes at which all runs succeeded."""
    return {
        result["rows"]: median(run[measure] for run in result["runs"])
        for result in report["results"]
        if result["engine"] == engine and all(run["outcome"] == OK for run in result["runs"])
    }


def line(report: Report, engine: str, measure: str) -> tuple[float, float]:
    """The straight line through the medians of the two largest sizes: its value at 0 rows, and its slope.

    Spark's memory is limited by its heap and does not grow steadily, so its line is flat: the largest median.
    """
    points = medians(report, engine, measure)
    if (engine, measure) == (SPARK, "peak_bytes"):
        return max(points.values()), 0.0
    (first, low), (last, high) = sorted(points.items())[-2:]
    slope = (high - low) / (last - first)
    return low - slope * first, slope


def crossover(report: Report, measure: str, one: str, other: str) -> tuple[str, float]:
    """The engine that needs less in the end, and the rows from which it does: 0 if it always does."""
    (start, slope), (other_start, other_slope) = (line(report, engine, measure) for engine in (one, other))
    if slope == other_slope:
        return (one if start <= other_start else other), 0.0
    meet = (other_start - start) / (slope - other_slope)
    return (one if slope < other_slope else other), max(0.0, meet)


def rows_within(report: Report, engine: str, gib: float) -> int:
    """The rows that an engine holds in a machine's memory, to two digits, rounded down."""
    start, slope = line(report, engine, "peak_bytes")
    rows = (USABLE * gib * GIB - start) / slope
    if rows <= 0:
        return 0
    unit = 10.0 ** (math.floor(math.log10(rows)) - 1)
    return int(math.floor(rows / unit) * unit)


def blocks(report: Report) -> dict[str, str]:
    """The generated blocks of the pages, by their names."""
    parts = (results_table(report), conditions(report), arithmetic(report))
    return {BENCHMARKS: "\n\n".join(parts), ENGINES: choice_table(report)}


def rewritten(page: str, report: Report) -> str:
    """The page with its generated blocks taken from the report."""
    for name, text in blocks(report).items():
        marked = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page = marked.sub(lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page)  # type: ignore[misc]
    return page


def results_table(report: Report) -> str:
    """Medians, with the least and the most of the runs in brackets."""
    header = ("rows", "engine", *MEASURES.values(), "runs")
    return _markdown(header, list(_results(report)))


def _results(report: Report) -> Iterator[tuple[str, ...]]:
    for rows in sizes(report):
        for engine, title in TITLES.items():
            [result] = [r for r in report["results"] if (r["rows"], r["engine"]) == (rows, engine)]
            done = [run for run in result["runs"] if run["outcome"] == OK]
            cells = (
                _range([run[measure] for run in done], measure) if done else OUT_OF_MEMORY
                for measure in MEASURES
            )
            lost = len(result["runs"]) - len(done)
            runs = f"{len(done)}" + (f", and {lost} {OUT_OF_MEMORY}" if lost else "")
            yield f"{rows:,}", title, *cells, runs


def arithmetic(report: Report) -> str:
    """How the engines' needs grow, and where they cross."""
    lines = []
    for engine, title in TITLES.items():
        (begin, pace), (base, growth) = (line(report, engine, measure) for measure in COMPARED)
        # Bytes for each row are megabytes for each million.
        lines.append((title, f"{begin:.1f} s + {pace * 1e6:.2f} s", f"{base / 1e6:.0f} MB + {growth:.0f} MB"))
    growth_table = _markdown(
        ("engine", "CPU time: start + each million rows", "memory: base + each million rows"), lines
    )
    return (
        growth_table
        + "\n\n"
        + _markdown(("needs less", *(MEASURES[measure] for measure in COMPARED)), list(_crossings(report)))
    )


def _crossings(report: Report) -> Iterator[tuple[str, ...]]:
    for pair in ((NATIVE, SPARK), (NATIVE, PANDAS), (PANDAS, SPARK)):
        cells = []
        for measure in COMPARED:
            engine, rows = crossover(report, measure, *pair)
            since = f"from {approximately(rows)} rows" if rows else "at every size"
            cells.append(f"{TITLES[engine]} {since}")
        yield " or ".join(TITLES[engine] for engine in pair), *cells


def conditions(report: Report) -> str:
    """The machine, its load, and the versions."""
    machine, versions = report["machine"], report["versions"]
    loads = [run["load"] for result in report["results"] for run in result["runs"]]
    software = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "commit")
    return "\n".join(
        [
            f"- command: `{report['command']}`",
            f"- machine: {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
            f"Linux {machine['kernel']}",
            f"- load average during the runs: {min(loads):.1f} to {max(loads):.1f}",
            f"- {software}",
            f"- largest difference between the outputs: {report['largest_difference']:.1e}",
        ]
    )


def choice_table(report: Report) -> str:
    """The rows that fit each machine."""
    header = ("memory of the machine", "native, up to", "pandas, up to", "above that")
    rows = []
    for gib in MACHINES_GIB:
        fits = [f"{rows_within(report, engine, gib):,} rows" for engine in (NATIVE, PANDAS)]
        peak = max(SPARK_LIMIT, *medians(report, SPARK, "peak_bytes").values())
        rows.append((f"{gib} GiB", *fits, "Spark" if peak <= USABLE * gib * GIB else "a larger machine"))
    return _markdown(header, rows)


def approximately(rows: float) -> str:
    """Formats a number of rows with two digits."""
    return f"{float(f'{rows:.1e}'):,.0f}"


def shown(value: float, measure: str) -> str:
    """Formats a value with its unit."""
    if measure == "peak_bytes":
        return f"{_figure(value / 1e6)} MB" if value < 1e9 else f"{_figure(value / 1e9)} GB"
    return f"{_figure(value)} s"


def _range(values: list[float], measure: str) -> str:
    middle = shown(median(values), measure)
    if len(values) == 1:
        return middle
    return f"{middle} ({shown(min(values), measure)} to {shown(max(values), measure)})"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _markdown(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
