"""What a test looks at: executions, logs, queues."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from builds import ROOT
from local_aws.launcher import LocalAws

EVENTS: Final = ROOT / "events"
WAIT_SECONDS: Final = 300.0
"""For what hangs. A machine with much else to do is slow."""
T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, seconds: float = WAIT_SECONDS) -> T:
    """What `look` finds; looks again until it finds something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds:.0f} s")


def executions(aws: LocalAws, pipeline: str = "ingest-abalone") -> list[dict[str, Any]]:
    """All executions of the pipeline, described."""
    sagemaker = aws.client("sagemaker")
    pages = sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=pipeline)
    arns = [found["PipelineExecutionArn"] for page in pages for found in page["PipelineExecutionSummaries"]]
    return [sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn) for arn in arns]


def input_url(aws: LocalAws, execution: dict[str, Any]) -> str:
    """The value of the execution's input parameter."""
    listed = aws.client("sagemaker").list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )
    values = {parameter["Name"]: parameter["Value"] for parameter in listed["PipelineParameters"]}
    return str(values["InputDataUrl"])


def log_lines(aws: LocalAws, *functions: str) -> list[dict[str, Any]]:
    """The lines of JSON that the functions have written so far, between those of Lambda itself."""
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
    """How many messages a queue holds, those in flight included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)
