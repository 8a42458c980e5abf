"""Decides what the Data Wrangler container would read. Our engine then runs the flow on it.

AWS does not document whether the container prefers a mounted input over the address in the flow. There is
evidence for both (docs/decisions/051-flow-binding.md), so local-aws can do both:

- ``mount``: an input with a dataset's name, mounted at ``/opt/ml/processing/<dataset>``,
  replaces the dataset.
- ``source``: the container ignores mounted inputs, and reads the addresses in the flow.

Parameters of the flow in an address are replaced by the values of ``--parameter-override``.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any, Final, Literal

from local_aws.services.processing.ml_dir import MlDir
from local_aws.services.processing.model import JobError, ProcessingJob

Reads = Literal["mount", "source"]
_OVERRIDE: Final = "--parameter-override"
_REFERENCE: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def engine_arguments(arguments: list[str]) -> list[str]:
    """Returns the container's arguments that the engine needs: all but the values of parameters."""
    return [argument for argument in arguments if not argument.startswith(_OVERRIDE)]


def bind_sources(job: ProcessingJob, ml_dir: MlDir, reads: Reads) -> None:
    """Make each dataset of the flow an input of the engine. Raises JobError with the container's reason."""
    flow = _flow(ml_dir)
    if flow is None:
        return
    values = {**_defaults(flow), **_overrides(job)}
    inputs = {item["InputName"]: item for item in job.inputs}
    for dataset, uri in _sources(flow):
        if reads == "source" or not _is_mounted(inputs.get(dataset), dataset):
            source = {"S3Uri": _resolved(uri, values), "S3DataType": "S3Prefix"}
            inputs[dataset] = {"InputName": dataset, "AppManaged": True, "S3Input": source}
    ml_dir.change_inputs(list(inputs.values()))


def _flow(ml_dir: MlDir) -> dict[str, Any] | None:
    """Returns the only flow in its folder. The engine reports everything else that can be there."""
    files = sorted((ml_dir.path / "processing" / "flow").glob("*.flow"))
    try:
        flow = json.loads(files[0].read_bytes()) if len(files) == 1 else None
    except (OSError, ValueError, RecursionError):
        return None
    return flow if isinstance(flow, dict) else None


def _sources(flow: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Returns dataset and address of each source in S3."""
    for node in _objects(flow.get("nodes")):
        definition = _object(_object(node.get("parameters")).get("dataset_definition"))
        dataset = definition.get("name")
        uri = _object(definition.get("s3ExecutionContext")).get("s3Uri")
        if node.get("type") == "SOURCE" and isinstance(dataset, str) and isinstance(uri, str):
            yield dataset, uri


def _is_mounted(item: dict[str, Any] | None, dataset: str) -> bool:
    path = (item or {}).get("S3Input", {}).get("LocalPath")
    return bool(path == f"/opt/ml/processing/{dataset}" and not (item or {}).get("AppManaged"))


def _overrides(job: ProcessingJob) -> dict[str, str]:
    values: dict[str, str] = {}
    for argument in job.request["AppSpecification"].get("ContainerArguments", []):
        if not argument.startswith(_OVERRIDE):
            continue
        try:
            _, text = shlex.split(argument)
            override = json.loads(text)
        except ValueError as error:
            raise JobError(f"AlgorithmError: {_OVERRIDE} needs a JSON object in single quotes") from error
        values.update({str(name): str(value) for name, value in _object(override).items()})
    return values


def _defaults(flow: dict[str, Any]) -> dict[str, str]:
    named = (
        (parameter.get("name"), parameter.get("value")) for parameter in _objects(flow.get("parameters"))
    )
    return {name: str(value) for name, value in named if isinstance(name, str) and value is not None}


def _resolved(uri: str, values: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise JobError(f"AlgorithmError: the flow's parameter '{match[1]}' has no value")
        return values[match[1]]

    return _REFERENCE.sub(value, uri)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(values: Any) -> list[dict[str, Any]]:
    return [_object(value) for value in values] if isinstance(values, list) else []
