"""The arguments of a processing job. SageMaker writes them to a file, so that they pass no shell."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from spark_engine.clock import Clock
from spark_engine.errors import InvalidFlowError
from spark_engine.flow import Flow

CONTAINER = "/opt/ml"


class ArgumentError(Exception):
    """The job's arguments are wrong."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the job's arguments are wrong: {problem}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise ArgumentError(message)


def ml_dir() -> Path:
    """Return the folder that SageMaker gives to the container."""
    return Path(os.environ.get("SPARK_ENGINE_ML_DIR", CONTAINER))


def read(ml: Path) -> argparse.Namespace:
    """Read the arguments. `inputs` has datasets, URLs and versions."""
    config = json.loads((ml / "config" / "processingjobconfig.json").read_text(encoding="utf-8"))
    parser = _Parser(prog="processing-job", add_help=False, allow_abbrev=False)
    parser.add_argument("--flow", required=True)
    parser.add_argument("--input", action="append", default=[])
    parser.add_argument("--input-version", action="append", default=[])
    parser.add_argument("--output", required=True)
    parser.add_argument("--output-name")
    parser.add_argument("--event-time", type=Clock.parse)
    parser.add_argument("--refit", action="store_true")
    parser.add_argument("--requester-pays", action="store_true")
    arguments = parser.parse_args(config["AppSpecification"].get("ContainerArguments") or [])
    arguments.output = arguments.output.rstrip("/")
    versions = arguments.input_version
    if len(versions) > len(arguments.input):
        raise ArgumentError("--input-version without --input")
    pairs = zip(arguments.input, [*versions, *[None] * len(arguments.input)])
    arguments.inputs = [(*_input(text), version) for text, version in pairs]
    return arguments


def _input(text: str) -> tuple[str, str]:
    dataset, named, place = text.partition("=s3://")
    if not named:
        raise ArgumentError(f"--input {text} is not <dataset>=s3://<bucket>/<key>")
    return dataset, f"s3://{place}"


def read_flow(ml: Path, folder: str) -> Flow:
    """Read the only flow in a folder of the container."""
    here = ml / folder[len(CONTAINER) :].lstrip("/") if folder.startswith(f"{CONTAINER}/") else Path(folder)
    files = sorted(here.glob("*.flow"))
    if len(files) != 1:
        raise InvalidFlowError(f"{folder} has {len(files)} files *.flow, but must have one")
    return Flow.read(files[0])
