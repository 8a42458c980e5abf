"""Saves the state of the SageMaker endpoints in a file.

The server writes it when it stops, after all jobs have ended, and reads it when it starts. Definitions are
saved as text.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local_aws.backend import Backend
from local_aws.protocol.caller import Identity
from local_aws.services.feature_store.model import FeatureGroup, OfflineRow, OnlineRecord
from local_aws.services.processing.model import ProcessingJob
from local_aws.services.sagemaker.definition import parse_definition
from local_aws.services.sagemaker.domains_model import Domain
from local_aws.services.sagemaker.model import Execution, Pipeline, Step, Store


def save(backend: Backend, file: Path) -> None:
    """Write the state, except limits and modes, which the command line sets."""
    store = backend.store
    state = {
        "pipelines": [_saved_pipeline(pipeline) for pipeline in store.pipelines.values()],
        "deleted": [[*key, arn] for key, arn in store.deleted_by_token.items()],
        "jobs": [asdict(job) for job in backend.jobs.by_arn.values()],
        "domains": [asdict(domain) for domain in backend.domains.by_arn.values()],
        "feature_groups": [asdict(group) for group in backend.feature_groups.by_arn.values()],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(state, indent=1))


def load(backend: Backend, file: Path) -> None:
    """Load the saved state, if the file exists."""
    if not file.exists():
        return
    saved = json.loads(file.read_text())
    _load_pipelines(backend.store, saved)
    for item in saved.get("jobs", []):
        backend.jobs.by_arn[item["arn"]] = ProcessingJob(**item)
    for item in saved.get("domains", []):
        backend.domains.by_arn[item["arn"]] = Domain(**item)
    for item in saved.get("feature_groups", []):
        records = {name: OnlineRecord(**record) for name, record in item.pop("records").items()}
        pending = [OfflineRow(**row) for row in item.pop("pending")]
        group = FeatureGroup(**item, records=records, pending=pending)
        backend.feature_groups.by_arn[group.arn] = group


def _saved_pipeline(pipeline: Pipeline) -> dict[str, Any]:
    executions = [
        {**asdict(execution), "definition": execution.definition.text}
        for execution in pipeline.executions.values()
    ]
    return {**asdict(pipeline), "definition": pipeline.definition.text, "executions": executions}


def _load_pipelines(store: Store, saved: dict[str, Any]) -> None:
    for item in saved["pipelines"]:
        executions = [_restored_execution(execution) for execution in item.pop("executions")]
        pipeline = Pipeline(
            **_restored(item), executions={execution.arn: execution for execution in executions}
        )
        store.pipelines[pipeline.arn] = pipeline
    store.deleted_by_token.update({(arn, token): answer for arn, token, answer in saved["deleted"]})


def _restored_execution(item: dict[str, Any]) -> Execution:
    steps = [Step(**step) for step in item.pop("steps", [])]
    parameters = [(name, value) for name, value in item.pop("parameters")]
    return Execution(**_restored(item), steps=steps, parameters=parameters)


def _restored(item: dict[str, Any]) -> dict[str, Any]:
    """Restore the field types that JSON lacks."""
    restored = {
        **item,
        "definition": parse_definition(item["definition"]),
        "created_by": Identity(**item["created_by"]),
        "modified_by": Identity(**item["modified_by"]),
    }
    if "started_by_token" in item:
        tokens = item["started_by_token"].items()
        restored["started_by_token"] = {token: (arn, request) for token, (arn, request) in tokens}
    return restored
