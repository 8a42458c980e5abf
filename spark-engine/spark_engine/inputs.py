"""The inputs of a processing job: found, and copied if necessary, before Spark starts."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spark_engine import s3
from spark_engine.errors import InvalidFlowError
from spark_engine.files import File
from spark_engine.flow import SOURCE, Flow

COPIES = "input"


def find(flow: Flow, arguments: argparse.Namespace, objects: s3.Objects) -> dict[str, list[File]]:
    """Return the files of each dataset: those of the arguments, or those at the flow's own URL."""
    given: dict[str, list[tuple[str, str | None]]] = {}
    for dataset, url, version in arguments.inputs:
        given.setdefault(dataset, []).append((url, version))
    found: dict[str, list[File]] = {}
    for node in flow.needed(flow.output(arguments.output_name)):
        if node.kind != SOURCE:
            continue
        definition = _object(_object(node.parameters).get("dataset_definition"))
        context = _object(definition.get("s3ExecutionContext"))
        dataset = str(definition.get("name"))
        urls = given.pop(dataset, None) or [(str(context.get("s3Uri") or ""), None)]
        nested = context.get("s3DirIncludesNested") is True
        found[dataset] = [
            file for url, version in urls for file in objects.files(url, version, nested=nested)
        ]
    if given:
        raise InvalidFlowError(f"the flow's output does not read the dataset {', '.join(given)}")
    return found


def save(path: Path, output: str, datasets: dict[str, list[File]], objects: s3.Objects) -> None:
    """Write what was found to a file, for the application."""
    found = {
        "output": output,
        "datasets": {name: [asdict(file) for file in files] for name, files in datasets.items()},
        "read": [asdict(read) for read in objects.read],
        "copied": objects.copied,
    }
    path.write_text(json.dumps(found), encoding="utf-8")


def load(path: Path, arguments: argparse.Namespace) -> tuple[dict[str, list[File]], s3.Objects]:
    """Read what was found."""
    found = json.loads(path.read_text(encoding="utf-8"))
    datasets = {name: [File(**file) for file in files] for name, files in found["datasets"].items()}
    objects = of(arguments)
    objects.read = [s3.Read(**read) for read in found["read"]]
    objects.copied = [(bucket, key) for bucket, key in found["copied"]]
    return datasets, objects


def of(arguments: argparse.Namespace) -> s3.Objects:
    """Return the objects of a job, none of which is known yet."""
    s3.split(arguments.output)
    copies = f"{arguments.output}/{COPIES}"
    return s3.Objects(s3.client(), copies, requester_pays=arguments.requester_pays)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
