"""Checks each row of `events/README.md` against the shipped package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.launcher import LocalAws
from observe import EVENTS, executions, input_url
from wiring import FUNCTION, wire


def rows() -> Iterator[tuple[str, str, str]]:
    """Returns the event, the outcome, and the expected value of each row."""
    for line in (EVENTS / "README.md").read_text().splitlines():
        if line.startswith("| `"):
            _, event, _, outcome, expected, _ = (cell.strip().replace("`", "") for cell in line.split("|"))
            yield event, outcome, expected


@pytest.mark.parametrize(("event", "outcome", "expected"), list(rows()))
def test_row(aws: LocalAws, package: Path, event: str, outcome: str, expected: str) -> None:
    wire(aws, package)
    text = (EVENTS / event).read_text()
    answer = aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=text)
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    match outcome:
        case "started":
            [execution] = executions(aws)
            assert payload["outcome"] == "started"
            assert payload["execution_arn"] == execution["PipelineExecutionArn"]
            assert payload["input_url"] == url(text) == input_url(aws, execution)
            assert execution["PipelineExecutionDisplayName"] == expected
        case "skipped":
            assert payload == {"outcome": "skipped", "reason": expected, "input_url": url(text)}
            assert executions(aws) == []
        case "failed":
            assert answer["FunctionError"]
            assert payload["errorType"] == expected
            assert payload["errorMessage"]
            assert executions(aws) == []
        case "batch":
            failed = [failure["itemIdentifier"] for failure in payload["batchItemFailures"]]
            assert (" ".join(failed) or "none") == expected
        case _:
            pytest.fail(f"no outcome is called {outcome}")


def url(text: str) -> str:
    """Returns `s3://bucket/key` of a sample event."""
    event = json.loads(text)
    detail = event.get("requestPayload", event)["detail"]
    return f"s3://{detail['bucket']['name']}/{detail['object']['key']}"


@pytest.mark.parametrize("after", [" x", "}", '{"a": 1}'])
def test_rejects_text_after_the_event(aws: LocalAws, package: Path, after: str) -> None:
    wire(aws, package)
    text = (EVENTS / "put-object.json").read_text().strip() + after
    answer = aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=text)
    error: dict[str, Any] = json.loads(answer["Payload"].read())
    assert error["errorType"] == "Permanent.InvalidEvent"
    assert executions(aws) == []
