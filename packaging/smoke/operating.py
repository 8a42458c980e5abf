"""What else a project needs of AWS: retries of failed events, the function's metrics, builds of pushes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final

from smoke import alarms, project
from smoke.claims import FAILED_EVENT, FUNCTION_METRICS, PUSH
from smoke.context import Context, UndecidedError
from smoke.report import Verdict, decide

# The namespace of the function's own metrics.
NAMESPACE: Final = "SageMakerFeatureIngestion"
# Each verdict has this long, so that one that waits in vain leaves time for the others.
WAIT_SECONDS: Final = 600.0
# Two minutes at the usual polling interval: longer than the function's timeout, and than SQS's counts need.
LOOKS_AFTER_FAILURE: Final = 12


def check(context: Context) -> Iterator[Verdict]:
    """Gives a verdict on each claim, after the first execution of the project."""
    looks = {FUNCTION_METRICS: function_metrics, PUSH: push, FAILED_EVENT: failed_event}
    for claim, look in looks.items():
        deadline = min(context.deadline, context.aws.now() + WAIT_SECONDS)
        try:
            verdict = look(dataclasses.replace(context, deadline=deadline))
        except UndecidedError as reason:
            verdict = Verdict(claim, "undecided", str(reason))
        yield verdict


def failed_event(context: Context) -> Verdict:
    """Sends an event that both functions fail on. It must arrive in the retry queue, and stay there."""
    context.aws.call(
        "lambda", "Invoke", FunctionName=project.function(context), InvocationType="Event", Payload=b"{}"
    )
    name = f"sagemaker-{project.project_id(context)}-retry"
    url = context.aws.call("sqs", "GetQueueUrl", QueueName=name)["QueueUrl"]

    def in_flight() -> int:
        names = ["ApproximateNumberOfMessagesNotVisible"]
        found = context.aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=names)
        return int(found["Attributes"][names[0]])

    context.until(in_flight, f"the failed event was received from the queue {name}")
    for _ in range(LOOKS_AFTER_FAILURE):
        context.aws.pause(context.poll_seconds)
    stays = in_flight() > 0
    after = "stays there" if stays else "is gone"
    return decide(FAILED_EVENT, stays, f"the failed event was received from the queue {name}, and {after}")


def function_metrics(context: Context) -> Verdict:
    """Waits until CloudWatch has counted the started execution."""
    pipeline = project.pipeline(context)
    dimensions = [{"Name": "PipelineName", "Value": pipeline}]

    def counted() -> list[float]:
        return alarms.data(context, NAMESPACE, "ExecutionsStarted", dimensions, "Sum")

    count = sum(context.until(counted, f"CloudWatch had ExecutionsStarted of {pipeline}"))
    return decide(FUNCTION_METRICS, count > 0, f"ExecutionsStarted of {pipeline}: {count:g}")


def push(context: Context) -> Verdict:
    """Commits a file to the project's repository, and waits until its build has ended."""
    if context.parameters.get("CodeConnectionArn"):
        raise UndecidedError("the repository is behind a code connection; push to it yourself")
    repository = f"sagemaker-{project.project_id(context)}-pipeline"
    branch = {
        "repositoryName": repository,
        "branchName": context.parameters.get("CodeBranch", "main"),
    }
    tip = context.aws.call("codecommit", "GetBranch", **branch)["branch"]["commitId"]
    context.aws.call(
        "codecommit", "PutFile", parentCommitId=tip, filePath="smoke.txt", fileContent=b"smoke", **branch
    )

    def look() -> str | None:
        states = project.builds(context)
        return states[0] if len(states) > 1 and states[0] != "InProgress" else None

    status = context.until(look, f"the push to {repository} was built")
    return decide(PUSH, status == "Succeeded", f"the build of the push to {repository}: {status}")
