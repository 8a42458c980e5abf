"""The engines' benchmark: its measurements, and that the committed results, tables and plot agree."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from engine_bench import plot, process, report

MEMORY = 80_000_000
# A parent without memory, whose child holds some until it is asked to end.
CHILD = f"text = bytearray({MEMORY}); print('ready', flush=True); input()"
# A child that waits until its parent ends.
FORKED = f"""
import os, sys
text = bytearray({MEMORY})
end, other = os.pipe()
if os.fork() == 0:
    os.close(other)
    os.read(end, 1)
    os._exit(0)
print("ready", flush=True)
input()
os.close(other)
os.wait()
"""
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


def committed() -> report.Report:
    found: report.Report = json.loads((report.RESULTS / "engines.json").read_text())
    return found


def made_up(values: dict[str, list[tuple[float, float]]]) -> report.Report:
    """A report with the seconds and bytes of engines at 1,000 and 11,000 rows."""

    def run(seconds: float, peak: float) -> dict[str, Any]:
        lost = peak < 0
        return {
            "outcome": report.OUT_OF_MEMORY if lost else report.OK,
            "seconds": seconds,
            "cpu_seconds": seconds,
            "peak_bytes": peak,
        }

    return {
        "results": [
            {"engine": engine, "rows": rows, "runs": [run(*measured)]}
            for engine, both in values.items()
            for rows, measured in zip((1_000, 11_000), both, strict=True)
        ]
    }


MADE_UP = {
    report.NATIVE: [(1.0, 1e6), (11.0, 11e6)],
    report.SPARK: [(10.5, 5e8), (11.5, 6e8)],
    report.PANDAS: [(1.0, 2e6), (21.0, 22e6)],
}


@pytest.mark.parametrize("page", report.PAGES, ids=lambda page: page.name)
def test_tables_of_the_pages_are_those_of_the_results(page: Any) -> None:
    text = page.read_text()
    assert text == report.rewritten(text, committed())


def test_pages_have_every_table_once() -> None:
    pages = "".join(page.read_text() for page in report.PAGES)
    assert [pages.count(f"<!-- generated: {name} -->") for name in report.blocks(committed())] == [1, 1]


def test_plot_shows_the_results() -> None:
    assert (report.RESULTS / "engines.svg").read_text() == plot.svg(committed())


def test_every_engine_ran_at_every_size_equally_often() -> None:
    results = committed()["results"]
    assert {(result["engine"], result["rows"]) for result in results} == {
        (engine, rows) for engine in report.TITLES for rows in (4_177, 200_000, 2_000_000)
    }
    assert len({len(result["runs"]) for result in results}) == 1
    assert committed()["largest_difference"] <= 1e-12


@pytest.mark.parametrize(
    ("pair", "engine", "rows"),
    [
        # 0 s + 1 ms a row against 10.4 s + 0.1 ms a row.
        ((report.NATIVE, report.SPARK), report.SPARK, 10.4 / 0.0009),
        ((report.SPARK, report.NATIVE), report.SPARK, 10.4 / 0.0009),
        # Both need a second for 1,000 rows.
        ((report.NATIVE, report.PANDAS), report.NATIVE, 1_000),
        ((report.NATIVE, report.NATIVE), report.NATIVE, 0),
    ],
)
def test_crossover_is_where_the_lines_meet(pair: tuple[str, str], engine: str, rows: float) -> None:
    found, since = report.crossover(made_up(MADE_UP), "seconds", *pair)
    assert found == engine
    assert since == pytest.approx(rows)


def test_smaller_base_and_growth_need_less_at_every_size() -> None:
    found = made_up({report.NATIVE: [(1.0, 1e6), (2.0, 2e6)], report.PANDAS: [(5.0, 5e8), (8.0, 6e8)]})
    assert report.crossover(found, "peak_bytes", report.PANDAS, report.NATIVE) == (report.NATIVE, 0)


def test_memory_of_spark_is_flat() -> None:
    found = made_up(MADE_UP | {report.SPARK: [(10.5, 8e6), (11.5, 6e6)]})
    # 1,000 bytes a row against 8 MB.
    engine, since = report.crossover(found, "peak_bytes", report.NATIVE, report.SPARK)
    assert engine == report.SPARK
    assert since == pytest.approx(8_000)


def test_rows_within_memory_are_rounded_down() -> None:
    # 1,000 bytes a row and 1.5 GiB: 1,610,612 rows.
    assert report.rows_within(made_up(MADE_UP), report.NATIVE, 2) == 1_600_000
    assert report.rows_within(made_up(MADE_UP), report.NATIVE, 1e-6) == 0


def test_run_out_of_memory_is_reported_and_not_measured() -> None:
    found = made_up(MADE_UP | {report.PANDAS: [(1.0, 2e6), (21.0, -1)]})
    assert report.medians(found, report.PANDAS, "seconds") == {1_000: 1.0}
    [row] = [
        line for line in report.results_table(found).splitlines() if line.startswith("| 11,000 | pandas")
    ]
    assert row == "| 11,000 | pandas | " + "out of memory | " * 3 + "0, and 1 out of memory |"


def sampled(program: str) -> tuple[process.Usage, int]:
    """The usage of a program that prints a line and waits, and the number of its processes."""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        usage = process.Usage()
        usage.sample(parent.pid)
        processes = len(list(process.tree(parent.pid)))
        parent.communicate(b"\n")
    return usage, processes


def test_memory_of_descendants_counts() -> None:
    usage, processes = sampled(PARENT)
    assert processes == 2
    assert MEMORY < usage.peak_bytes < 2 * MEMORY
    assert usage.cpu_seconds > 0


def test_memory_of_forked_process_counts_once() -> None:
    usage, processes = sampled(FORKED)
    assert processes == 2
    assert MEMORY < usage.peak_bytes < 2 * MEMORY


def test_run_reports_time_status_and_output(tmp_path: Any) -> None:
    done = process.run([sys.executable, "-c", "import sys; print('said'); sys.exit(3)"], tmp_path)
    assert (done.status, done.output) == (3, "said\n")
    assert done.seconds > 0
    assert done.peak_bytes > 0
