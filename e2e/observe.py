"""Queries that tests use: executions, logs, queues."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from builds import ROOT
from local_aws.launcher import LocalAws
from wiring import FUNCTION

EVENTS: Final = ROOT / "events"
WAIT_SECONDS: Final = 300.0
"""Limit for a hanging test. Long, because a busy machine is slow."""
T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, seconds: float = WAIT_SECONDS) -> T:
    """Calls `look` until it returns a true value, and returns that value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"timed out after {seconds:.0f} s, waiting for {what}")


def executions(aws: LocalAws, pipeline: str = "ingest-abalone") -> list[dict[str, Any]]:
    """Describes all executions of the pipeline."""
    sagemaker = aws.client("sagemaker")
    pages = sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=pipeline)
    arns = [found["PipelineExecutionArn"] for page in pages for found in page["PipelineExecutionSummaries"]]
    return [sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn) for arn in arns]


def parameters(aws: LocalAws, execution: dict[str, Any]) -> dict[str, str]:
    """Returns the values of the execution's parameters."""
    listed = aws.client("sagemaker").list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )
    return {parameter["Name"]: parameter["Value"] for parameter in listed["PipelineParameters"]}


def input_url(aws: LocalAws, execution: dict[str, Any]) -> str:
    """Returns the value of the execution's input parameter."""
    return parameters(aws, execution)["InputDataUrl"]


def invoke(aws: LocalAws, event: str) -> dict[str, Any]:
    """Invokes the function, which must succeed. Returns its answer."""
    answer = aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=event)
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def log_lines(aws: LocalAws, *functions: str) -> list[dict[str, Any]]:
    """Returns the JSON lines that the functions have logged, without those of Lambda itself."""
    logs = aws.client("logs")
    lines: list[str] = []
    for function in functions:
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
            lines += [event["message"] for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            continue
    return [json.loads(line) for line in lines if line.startswith("{")]


def depth(aws: LocalAws, queue_url: str) -> int:
    """Returns the number of messages in a queue, including those in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)
