"""A burst of uploads, and dead letters, on the shipped product: its own queues, mapping and functions.

Only the template's shortest delay between two tries is chosen, half a minute. A queue's 100 receives are not
waited for: where a message has to be old, the test receives it in the mapping's place, and gives it back.
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
# For a loaded machine; nothing is slower for it where nothing is wrong.
PATIENCE_SECONDS: Final = 200.0
POISON: Final = "this is not JSON at all"
# Executions of it are over as soon as they are started: what counts is which ones are.
ENDS_AT_ONCE: Final = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "InputDataUrl", "Type": "String"}],
    "Steps": [{"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": "nothing is processed"}}],
}


@pytest.fixture(scope="module")
def running_aws() -> Iterator[LocalAws]:
    """A server that checks signatures and permissions."""
    with LocalAws(auth=True, max_executions=LIMIT) as aws:
        yield aws


@dataclass(frozen=True)
class Project:
    """The product's stack, with what it says of itself."""

    aws: LocalAws
    outputs: dict[str, str]
    tries: int

    @property
    def pipeline(self) -> str:
        """The name of its SageMaker pipeline."""
        return self.outputs["PipelineName"]

    def waiting(self) -> int:
        """Messages in the retry queue."""
        return depth(self.aws, self.outputs["RetryQueueUrl"])

    def given_up(self) -> int:
        """Messages in the dead-letter queue."""
        return depth(self.aws, self.outputs["DeadLetterQueueUrl"])

    def upload(self, key: str) -> None:
        """A file in the data bucket."""
        self.aws.client("s3").put_object(Bucket=self.outputs["DataBucketName"], Key=key, Body=b"x")

    def send(self, *bodies: str) -> None:
        """Messages to the retry queue."""
        for body in bodies:
            self.aws.client("sqs").send_message(QueueUrl=self.outputs["RetryQueueUrl"], MessageBody=body)

    def consume(self, enabled: bool) -> None:
        """Switch the retry function's mapping on or off."""
        functions = self.aws.client("lambda")
        [mapping] = functions.list_event_source_mappings()["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)

    def age(self, receives: int) -> None:
        """Receive all messages of the retry queue so often."""
        sqs = self.aws.client("sqs")
        for _ in range(receives):
            sqs.receive_message(
                QueueUrl=self.outputs["RetryQueueUrl"], MaxNumberOfMessages=10, VisibilityTimeout=0
            )

    def give_up(self) -> None:
        """Make dead letters of all messages of the retry queue."""
        waiting, before = self.waiting(), self.given_up()
        self.age(self.tries + 1)
        assert (self.waiting(), self.given_up()) == (0, before + waiting)

    def redrive(self, *arguments: str) -> str:
        """What `make redrive` says."""
        command = [sys.executable, str(ROOT / "packaging/redrive.py"), "--project", stacks.PROJECT_ID]
        done = subprocess.run(
            [*command, *arguments],
            env=self.aws.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def failures(self, function: str) -> set[str]:
        """Why events failed, by a function's log."""
        lines = log_lines(self.aws, self.outputs[function])
        return {line["reason"] for line in lines if line.get("message") == "event failed"}

    def started(self) -> list[dict[str, Any]]:
        """The executions."""
        sagemaker = self.aws.client("sagemaker")
        pages = sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=self.pipeline)
        return [found for page in pages for found in page["PipelineExecutionSummaries"]]


@pytest.fixture
def project(aws: LocalAws) -> Project:
    """The product's stack, whose mapping is off."""
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
def test_what_was_given_up_runs_after_a_redrive_once_its_cause_is_mended(project: Project) -> None:
    project.upload("landing/전복 a.csv")
    eventually(lambda: project.waiting() == 1, "the failure", PATIENCE_SECONDS)
    project.send(POISON)
    project.give_up()
    told = project.redrive("--dry-run")
    assert f"s3://{project.outputs['DataBucketName']}/landing/전복 a.csv" in told
    assert "first failure: NeedsOperator.PipelineNotFound" in told
    assert f"no upload: {POISON}" in told
    assert project.given_up() == 2

    create_pipeline(project.aws, project.pipeline)
    assert "Moved 2 messages" in project.redrive()
    assert (project.waiting(), project.given_up()) == (2, 0)
    project.consume(enabled=True)
    eventually(project.started, "the execution", PATIENCE_SECONDS)
    eventually(lambda: project.failures("RetryFunctionName"), "the failure of the other", PATIENCE_SECONDS)
    assert project.failures("RetryFunctionName") == {"InvalidEvent"}
    assert len(project.started()) == 1
    eventually(lambda: project.waiting() == 1, "the end of the first", PATIENCE_SECONDS)
    assert project.given_up() == 0


@pytest.mark.timeout(600)
def test_a_burst_beyond_the_limit_runs_once_each_and_only_a_poison_message_is_given_up(
    project: Project,
) -> None:
    aws = project.aws
    aws.set_steps("hold")
    definition = {"PipelineDefinition": json.dumps(ENDS_AT_ONCE)}
    create_pipeline(aws, project.pipeline)
    aws.client("sagemaker").update_pipeline(PipelineName=project.pipeline, **definition)

    # Given up, redriven, and at its last try when the function gets it, in one batch with good ones.
    project.send(POISON)
    project.give_up()
    project.redrive()
    project.age(project.tries - 1)
    samples = ("put-object.json", "lambda-destination-envelope.json", "key-korean.json")
    project.send(*((EVENTS / sample).read_text() for sample in samples))
    project.consume(enabled=True)
    eventually(lambda: project.waiting() == 1, "the end of the others of its batch", PATIENCE_SECONDS)
    # An event and its envelope are one upload.
    assert len(project.started()) == 2
    assert project.failures("RetryFunctionName") == {"InvalidEvent"}

    keys = [f"landing/burst/{number:03}.csv" for number in range(FILES)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(project.upload, keys))
    refused = FILES + 2 - LIMIT
    eventually(
        # The poison message may be among them, or given up by now.
        lambda: project.waiting() + project.given_up() == refused + 1,
        "a start or a refusal of each upload",
        PATIENCE_SECONDS,
    )
    held = project.started()
    assert [found["PipelineExecutionStatus"] for found in held] == ["Executing"] * LIMIT

    aws.set_steps("run")
    sagemaker = aws.client("sagemaker")
    for number, found in enumerate(held):
        sagemaker.stop_pipeline_execution(
            PipelineExecutionArn=found["PipelineExecutionArn"], ClientRequestToken=f"{number:032}"
        )
    eventually(lambda: project.waiting() == 0, "the start of all others", PATIENCE_SECONDS)
    started = [found["PipelineExecutionDescription"] for found in executions(aws, project.pipeline)]
    assert sorted(started) == sorted([*keys, "landing/abalone.csv", "적재/전복 데이터.csv"])
    dead = aws.client("sqs").receive_message(
        QueueUrl=project.outputs["DeadLetterQueueUrl"], MaxNumberOfMessages=10
    )
    assert [message["Body"] for message in dead["Messages"]] == [POISON]
    assert project.failures("FunctionName") == {"ExecutionLimit"}
    assert project.failures("RetryFunctionName") == {"InvalidEvent", "ExecutionLimit"}
