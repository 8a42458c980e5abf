"""The Python function that a user would write instead: the same event, the same request.

Creates one client at init, with boto3's defaults. Unlike start-pipeline, it has no logging, metrics,
validation or SQS batches.
"""

from __future__ import annotations

import hashlib
import os
import re
from datetime import datetime
from typing import Any

import boto3

PIPELINE = os.environ["SM_PIPELINE_NAME"]
INPUT_PARAMETER = os.environ.get("INPUT_PARAMETER", "InputDataUrl")
SAGEMAKER = boto3.client("sagemaker")


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Starts the pipeline for the object in the event."""
    bucket = event["detail"]["bucket"]["name"]
    uploaded = event["detail"]["object"]
    key = uploaded["key"]
    url = f"s3://{bucket}/{key}"
    request_token = token(PIPELINE.lower(), bucket, key, uploaded["sequencer"])
    answer = SAGEMAKER.start_pipeline_execution(
        PipelineName=PIPELINE,
        ClientRequestToken=request_token,
        PipelineExecutionDisplayName=display_name(key, event["time"]),
        PipelineExecutionDescription=key,
        PipelineParameters=[{"Name": INPUT_PARAMETER, "Value": url}],
    )
    return {
        "outcome": "started",
        "execution_arn": answer["PipelineExecutionArn"],
        "token": request_token,
        "input_url": url,
    }


def token(*fields: str) -> str:
    """Returns the SHA-256 hash of the fields, each preceded by its length."""
    digest = hashlib.sha256()
    for field in fields:
        encoded = field.encode()
        digest.update(len(encoded).to_bytes(8))
        digest.update(encoded)
    return digest.hexdigest()


def display_name(key: str, time: str) -> str:
    """Returns the file's stem, reduced to legal characters, and the event's time."""
    suffix = datetime.fromisoformat(time).strftime("-%Y%m%d-%H%M%S")
    stem = key.rpartition("/")[2].rpartition(".")[0]
    words = re.sub(r"[^a-zA-Z0-9]+", "-", stem).strip("-")
    return words[: 82 - len(suffix)] + suffix
