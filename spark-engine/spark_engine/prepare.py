"""Finds the inputs of a processing job and divides its memory, on the host that will run the application."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from spark_engine import arguments, inputs, memory
from spark_engine.failures import reported
from spark_engine.message import Message


def main() -> int:
    """Find the inputs, and write them to the file of the first argument."""
    ml = arguments.ml_dir()
    return reported(lambda: _prepare(ml, Path(sys.argv[1])), Message(ml)) if is_primary(ml) else 0


def is_primary(ml: Path) -> bool:
    """Return whether the application runs on this host: on the first one, by name."""
    config = json.loads((ml / "config" / "resourceconfig.json").read_text(encoding="utf-8"))
    return bool(config["current_host"] == min(config["hosts"]))


def _prepare(ml: Path, found: Path) -> None:
    given = arguments.read(ml)
    flow = arguments.read_flow(ml, given.flow)
    objects = inputs.of(given)
    try:
        datasets = inputs.find(flow, given, objects)
    except BaseException:
        objects.delete_copies()
        raise
    inputs.save(found, given.output, datasets, objects)
    memory.configure(ml)


if __name__ == "__main__":
    sys.exit(main())
