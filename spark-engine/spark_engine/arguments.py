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
from spark_engine.s3 import LATEST

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
    """Read the arguments. `inputs` has datasets, URLs and versions: the inputs that the job itself reads.

    They are no arguments, because an argument of a container has at most 256 characters.
    """
    config = json.loads((ml / "config" / "processingjobconfig.json").read_text(encoding="utf-8"))
    parser = _Parser(prog="processing-job", add_help=False, allow_abbrev=False)
    parser.add_argument("--flow", required=True)
    parser.add_argument("--input-version", default=LATEST)
    parser.add_argument("--output", required=True)
    parser.add_argument("--output-name")
    parser.add_argument("--event-time", type=Clock.parse)
    parser.add_argument("--refit", action="store_true")
    parser.add_argument("--requester-pays", action="store_true")
    arguments = parser.parse_args(config["AppSpecification"].get("ContainerArguments") or [])
    arguments.output = arguments.output.rstrip("/")
    inputs = [each for each in config.get("ProcessingInputs") or [] if each.get("AppManaged")]
    if arguments.input_version != LATEST and len(inputs) != 1:
        raise ArgumentError(f"--input-version needs one input with AppManaged, but there are {len(inputs)}")
    arguments.inputs = [
        (each["InputName"], each["S3Input"]["S3Uri"], arguments.input_version) for each in inputs
    ]
    return arguments


def read_flow(ml: Path, folder: str) -> Flow:
    """Read the only flow in a folder of the container."""
    here = ml / folder[len(CONTAINER) :].lstrip("/") if folder.startswith(f"{CONTAINER}/") else Path(folder)
    files = sorted(here.glob("*.flow"))
    if len(files) != 1:
        raise InvalidFlowError(f"{folder} has {len(files)} files *.flow, but must have one")
    return Flow.read(files[0])
