"""The command line: `make bench-engines`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine_bench import check, data, plot, process
from engine_bench.report import (
    NATIVE,
    OK,
    OUT_OF_MEMORY,
    PAGES,
    PANDAS,
    RESULTS,
    ROOT,
    SPARK,
    TITLES,
    Report,
    results_table,
    rewritten,
)

FLOW = ROOT / "flows/abalone.flow"
SIZES = (4_177, 200_000, 2_000_000)
PACKAGES = ("pyspark", "pandas", "pyarrow", "numpy")


def main() -> int:
    """Run the engines in turn, check that their outputs are equal, and write the report."""
    options = _parser().parse_args()
    options.native, options.work = options.native.resolve(), options.work.resolve()
    report = {
        "command": "make bench-engines",
        "machine": _machine(),
        "versions": {"commit": options.commit, "Python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
        "largest_difference": 0.0,
        "results": [{"rows": rows, "engine": engine, "runs": []} for rows in SIZES for engine in TITLES],
    }
    with tempfile.TemporaryDirectory(prefix="bench-engines-", dir=options.work) as work:
        sources = {rows: Path(work) / f"{rows}.csv" for rows in SIZES}
        for rows, source in sources.items():
            data.write(rows, source)
        for turn in range(options.runs):
            for rows, source in sources.items():
                _round(options, report, turn, rows, source)
            # After every turn, so that a run that is stopped leaves its complete turns.
            report["command"] = f"make bench-engines RUNS={turn + 1}"
            _write(report)
    print(
        f"\n{results_table(report)}\n\nWrote bench/results/engines.{{json,svg}} and the tables of the pages."
    )
    return 0


def _round(options: argparse.Namespace, report: Report, turn: int, rows: int, source: Path) -> None:
    """Run every engine once on the same data, in an order that differs from turn to turn."""
    since, outputs = time.time(), {}
    for engine in _rotated(list(TITLES), turn):
        folder = source.parent / engine
        folder.mkdir()
        output = folder / "output.parquet"
        run = process.run(_command(options, engine, source, output), folder)
        outcome = _outcome(engine, run)
        if outcome == OK:
            outputs[engine] = output
        [result] = [r for r in report["results"] if (r["rows"], r["engine"]) == (rows, engine)]
        result["runs"].append(
            {
                "outcome": outcome,
                "seconds": round(run.seconds, 4),
                "cpu_seconds": round(run.cpu_seconds, 2),
                "peak_bytes": run.peak_bytes,
                "load": os.getloadavg()[0],
            }
        )
        print(
            f"{rows:>9,} rows, run {turn + 1}: {TITLES[engine]:<7} {outcome}, {run.seconds:.2f} s, "
            f"{run.peak_bytes / 1e6:.0f} MB",
            file=sys.stderr,
        )
    difference = check.difference(outputs, since, time.time())
    report["largest_difference"] = max(report["largest_difference"], difference)
    for engine in TITLES:
        shutil.rmtree(source.parent / engine)


def _write(report: Report) -> None:
    RESULTS.joinpath("engines.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    RESULTS.joinpath("engines.svg").write_text(plot.svg(report), encoding="utf-8")
    for page in PAGES:
        page.write_text(rewritten(page.read_text(encoding="utf-8"), report), encoding="utf-8")


def _rotated(engines: list[str], turn: int) -> list[str]:
    start = turn % len(engines)
    return engines[start:] + engines[:start]


def _command(options: argparse.Namespace, engine: str, source: Path, output: Path) -> list[str]:
    flow = ["--flow", str(FLOW), "--input", str(source), "--output", str(output)]
    return {
        NATIVE: [str(options.native), *flow],
        SPARK: [str(ROOT / "spark-engine/spark-engine"), *flow],
        PANDAS: [sys.executable, str(Path(__file__).with_name("pandas_flow.py")), str(source), str(output)],
    }[engine]


def _outcome(engine: str, run: process.Run) -> str:
    """OK, or out of memory. Any other failure ends the benchmark."""
    if run.status == 0:
        return OK
    # Linux kills what exceeds its memory. Java and Python also say so themselves.
    if run.status in (-9, 137) or "OutOfMemoryError" in run.output or "MemoryError" in run.output:
        return OUT_OF_MEMORY
    raise SystemExit(f"error: {TITLES[engine]} failed with status {run.status}:\n{run.output[-4000:]}")


def _machine() -> dict[str, Any]:
    processors = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in processors if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": names[0] if names else "unknown",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30),
        "kernel": platform.release().partition("-")[0],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine_bench", description=__doc__)
    parser.add_argument("--native", type=Path, required=True, help="the program ingest-features")
    parser.add_argument("--work", type=Path, required=True, help="a folder for the data and the outputs")
    parser.add_argument("--runs", type=int, default=5, help="runs of each engine and size [default: 5]")
    parser.add_argument("--commit", default="unknown", help="the commit of the programs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
