"""A burst of uploads, and dead letters, on the shipped product's own queues, mapping and functions.

The retry delay is the template's minimum, 30 seconds. To age a message, the test receives it itself instead
of waiting for the mapping's 100 receives.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import pytest

import stacks
from builds import ROOT
from local_aws.launcher import LocalAws
from observe import EVENTS, depth, eventually, executions, log_lines
from wiring import create_pipeline

FILES: Final = 300
LIMIT: Final = 20
# Long, for a loaded machine. It does not slow down a passing test.
TIMEOUT_SECONDS: Final = 200.0
POISON: Final = "this is not JSON at all"
# Its executions end immediately. The tests only check which ones start.
ENDS_AT_ONCE: Final = {
    "Version": "2020-12-01",
    "Parameters": [
        {"Name": "InputDataUrl", "Type": "String"},
        {"Name": "InputDataVersion", "Type": "String", "DefaultValue": "latest"},
    ],
    "Steps": [{"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": "nothing is processed"}}],
}


@pytest.fixture(scope="module")
def running_aws() -> Iterator[LocalAws]:
    """A server that checks signatures and permissions."""
    with LocalAws(auth=True, max_executions=LIMIT) as aws:
        yield aws


@dataclass(frozen=True)
class Project:
    """The product's stack and its outputs."""

    aws: LocalAws
    outputs: dict[str, str]
    tries: int

    @property
    def pipeline(self) -> str:
        """The name of the SageMaker pipeline."""
        return self.outputs["PipelineName"]

    def waiting(self) -> int:
        """Returns the number of messages in the retry queue."""
        return depth(self.aws, self.outputs["RetryQueueUrl"])

    def dead_letters(self) -> int:
        """Returns the number of messages in the dead-letter queue."""
        return depth(self.aws, self.outputs["DeadLetterQueueUrl"])

    def upload(self, key: str) -> None:
        """Uploads a file to the data bucket."""
        self.aws.client("s3").put_object(Bucket=self.outputs["DataBucketName"], Key=key, Body=b"x")

    def send(self, *bodies: str) -> None:
        """Sends messages to the retry queue."""
        for body in bodies:
            self.aws.client("sqs").send_message(QueueUrl=self.outputs["RetryQueueUrl"], MessageBody=body)

    def consume(self, enabled: bool) -> None:
        """Turns the retry function's mapping on or off."""
        functions = self.aws.client("lambda")
        [mapping] = functions.list_event_source_mappings()["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)

    def age(self, receives: int) -> None:
        """Receives all messages of the retry queue, `receives` times."""
        sqs = self.aws.client("sqs")
        for _ in range(receives):
            sqs.receive_message(
                QueueUrl=self.outputs["RetryQueueUrl"], MaxNumberOfMessages=10, VisibilityTimeout=0
            )

    def exhaust_retries(self) -> None:
        """Turns all messages of the retry queue into dead letters."""
        waiting, before = self.waiting(), self.dead_letters()
        self.age(self.tries + 1)
        assert (self.waiting(), self.dead_letters()) == (0, before + waiting)

    def redrive(self, *arguments: str) -> str:
        """Runs `make redrive`. Returns its output."""
        command = [sys.executable, str(ROOT / "packaging/redrive.py"), "--project", stacks.PROJECT_ID]
        result = subprocess.run(
            [*command, *arguments],
            env=self.aws.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def failures(self, function: str) -> set[str]:
        """Returns the reasons why events failed, from a function's log."""
        lines = log_lines(self.aws, self.outputs[function])
        return {line["reason"] for line in lines if line.get("message") == "event failed"}

    def started(self) -> list[dict[str, Any]]:
        """Returns the executions."""
        sagemaker = self.aws.client("sagemaker")
        pages = sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=self.pipeline)
        return [found for page in pages for found in page["PipelineExecutionSummaries"]]


@pytest.fixture
def project(aws: LocalAws) -> Project:
    """The product's stack, with the mapping turned off."""
    staged = stacks.stage(aws)
    stacks.deploy(aws, "portfolio", stacks.PORTFOLIO, stacks.portfolio_parameters())
    parameters = stacks.product_parameters(staged, RetryDelaySeconds="30")
    outputs = stacks.deploy(aws, "project", stacks.PRODUCT, parameters)
    queue = aws.client("sqs").get_queue_attributes(
        QueueUrl=outputs["RetryQueueUrl"], AttributeNames=["RedrivePolicy"]
    )
    policy = json.loads(queue["Attributes"]["RedrivePolicy"])
    project = Project(aws, outputs, int(policy["maxReceiveCount"]))
    project.consume(enabled=False)
    return project


@pytest.mark.timeout(600)
def test_redrive_runs_dead_letters_after_the_cause_is_fixed(project: Project) -> None:
    project.upload("landing/전복 a.csv")
    eventually(lambda: project.waiting() == 1, "the failure", TIMEOUT_SECONDS)
    project.send(POISON)
    project.exhaust_retries()
    output = project.redrive("--dry-run")
    assert f"s3://{project.outputs['DataBucketName']}/landing/전복 a.csv" in output
    assert "first failure: NeedsOperator.PipelineNotFound" in output
    assert f"no upload: {POISON}" in output
    assert project.dead_letters() == 2

    create_pipeline(project.aws, project.pipeline)
    assert "Moved 2 messages" in project.redrive()
    assert (project.waiting(), project.dead_letters()) == (2, 0)
    project.consume(enabled=True)
    eventually(project.started, "the execution", TIMEOUT_SECONDS)
    eventually(
        lambda: project.failures("RetryFunctionName"), "the failure of the poison message", TIMEOUT_SECONDS
    )
    assert project.failures("RetryFunctionName") == {"InvalidEvent"}
    assert len(project.started()) == 1
    eventually(lambda: project.waiting() == 1, "the removal of the started message", TIMEOUT_SECONDS)
    assert project.dead_letters() == 0


@pytest.mark.timeout(600)
def test_burst_beyond_the_limit_runs_each_upload_once_and_dead_letters_only_the_poison_message(
    project: Project,
) -> None:
    aws = project.aws
    aws.set_steps("hold")
    definition = {"PipelineDefinition": json.dumps(ENDS_AT_ONCE)}
    create_pipeline(aws, project.pipeline)
    aws.client("sagemaker").update_pipeline(PipelineName=project.pipeline, **definition)

    # A redriven dead letter on its last try, in one batch with good messages.
    project.send(POISON)
    project.exhaust_retries()
    project.redrive()
    project.age(project.tries - 1)
    samples = ("put-object.json", "lambda-destination-envelope.json", "key-korean.json")
    project.send(*((EVENTS / sample).read_text() for sample in samples))
    project.consume(enabled=True)
    eventually(lambda: project.waiting() == 1, "the removal of the batch's good messages", TIMEOUT_SECONDS)
    # The event and its Lambda destination envelope are the same upload.
    assert len(project.started()) == 2
    assert project.failures("RetryFunctionName") == {"InvalidEvent"}

    keys = [f"landing/burst/{number:03}.csv" for number in range(FILES)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(project.upload, keys))
    rejected = FILES + 2 - LIMIT
    eventually(
        # The poison message is waiting, or is already a dead letter.
        lambda: project.waiting() + project.dead_letters() == rejected + 1,
        "a start or a rejection of each upload",
        TIMEOUT_SECONDS,
    )
    held = project.started()
    assert [found["PipelineExecutionStatus"] for found in held] == ["Executing"] * LIMIT

    aws.set_steps("run")
    sagemaker = aws.client("sagemaker")
    for number, found in enumerate(held):
        sagemaker.stop_pipeline_execution(
            PipelineExecutionArn=found["PipelineExecutionArn"], ClientRequestToken=f"{number:032}"
        )
    eventually(lambda: project.waiting() == 0, "the start of all remaining uploads", TIMEOUT_SECONDS)
    started = [found["PipelineExecutionDescription"] for found in executions(aws, project.pipeline)]
    assert sorted(started) == sorted([*keys, "landing/abalone.csv", "적재/전복 데이터.csv"])
    dead = aws.client("sqs").receive_message(
        QueueUrl=project.outputs["DeadLetterQueueUrl"], MaxNumberOfMessages=10
    )
    assert [message["Body"] for message in dead["Messages"]] == [POISON]
    assert project.failures("FunctionName") == {"ExecutionLimit"}
    assert project.failures("RetryFunctionName") == {"InvalidEvent", "ExecutionLimit"}
