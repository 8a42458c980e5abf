"""Flows for tests."""

import json
from pathlib import Path
from typing import Any


def node(node_id: str, operator: str, *inputs: str, **parameters: Any) -> dict[str, Any]:
    """Return a node that reads the outputs `<node id>` or `<node id>.<output>`."""
    read = [one.partition(".") for one in inputs]
    return {
        "node_id": node_id,
        "type": "TRANSFORM",
        "operator": operator,
        "parameters": parameters,
        "inputs": [{"name": "df", "node_id": one, "output_name": name or "default"} for one, _, name in read],
        "outputs": [{"name": "default"}],
    }


def source(node_id: str, name: str, **context: Any) -> dict[str, Any]:
    """Return a source in S3."""
    execution = {"s3Uri": f"s3://bucket/{name}", "s3ContentType": "csv", "s3HasHeader": True, **context}
    definition = {"datasetSourceType": "S3", "name": name, "s3ExecutionContext": execution}
    return {**node(node_id, "sagemaker.s3_source_0.1", dataset_definition=definition), "type": "SOURCE"}


def write(folder: Path, *nodes: dict[str, Any]) -> Path:
    """Write a flow to a file."""
    path = folder / "test.flow"
    path.write_text(json.dumps({"metadata": {"version": 1}, "nodes": nodes}))
    return path
