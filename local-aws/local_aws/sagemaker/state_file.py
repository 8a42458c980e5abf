"""Pipelines and executions in a file, so that they outlive the server together with what else is kept.

The file is written when the server stops and read when it starts. Definitions are kept as their text.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local_aws.sagemaker.definition import parse_definition
from local_aws.sagemaker.model import Execution, Identity, Pipeline, Store


def save(store: Store, file: Path) -> None:
    """Write the whole state, but for the limit, which is the command line's."""
    pipelines = [
        {
            **asdict(pipeline),
            "definition": pipeline.definition.text,
            "executions": [
                {**asdict(execution), "definition": execution.definition.text}
                for execution in pipeline.executions.values()
            ],
        }
        for pipeline in store.pipelines.values()
    ]
    deleted = [[*key, arn] for key, arn in store.deleted_by_token.items()]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"pipelines": pipelines, "deleted": deleted}, indent=1))


def load(store: Store, file: Path) -> None:
    """Take over what was saved, if anything was."""
    if not file.exists():
        return
    saved = json.loads(file.read_text())
    for item in saved["pipelines"]:
        executions = [Execution(**_restored(execution)) for execution in item.pop("executions")]
        pipeline = Pipeline(
            **_restored(item), executions={execution.arn: execution for execution in executions}
        )
        store.pipelines[pipeline.arn] = pipeline
    store.deleted_by_token.update({(arn, token): answer for arn, token, answer in saved["deleted"]})


def _restored(item: dict[str, Any]) -> dict[str, Any]:
    """The fields with the types that JSON does not have."""
    restored = {
        **item,
        "definition": parse_definition(item["definition"]),
        "created_by": Identity(**item["created_by"]),
        "modified_by": Identity(**item["modified_by"]),
    }
    if "started_by_token" in item:
        tokens = item["started_by_token"].items()
        restored["started_by_token"] = {token: (arn, request) for token, (arn, request) in tokens}
    if "parameters" in item:
        restored["parameters"] = [(name, value) for name, value in item["parameters"]]
    return restored
