"""The claims that the checks test, with the sentences of the documentation that depend on them."""

from __future__ import annotations

import dataclasses
from typing import Final

SEMANTICS: Final = "docs/semantics.md"
FIRST_RUN: Final = "docs/first-run-on-aws.md"


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim about AWS that was not observed yet."""

    id: str
    claim: str
    sentence: str
    """A verbatim quote from the page."""
    if_refuted: str
    """What follows if the claim is refuted."""
    page: str = SEMANTICS


EQUAL_TOKEN: Final = Claim(
    "equal-token",
    "an equal token returns the same execution and starts nothing",
    "An uploaded object version starts at most one execution within SageMaker's deduplication window",
    "the guarantee does not hold: a redelivered event starts a second execution",
)
ENDED_TOKEN: Final = Claim(
    "ended-token",
    "an equal token still returns the execution after it has ended",
    "**How long a token deduplicates.** AWS does not document it.",
    "the window ends with the execution: document this, and expect duplicates from late redeliveries",
)
ARN_TOKEN: Final = Claim(
    "arn-token",
    "an equal token returns the same execution for the pipeline's name and its ARN",
    "the pipeline's name in lower case (a name and its ARN give the same token)",
    "switching SM_PIPELINE_NAME between name and ARN duplicates uploads in the retry queue: document this",
)
OTHER_PARAMETERS: Final = Claim(
    "other-parameters",
    "an equal token with other parameters returns the first execution and starts nothing",
    "what an equal token with other parameters does",
    "document what happens instead, and make local-aws do the same",
)
DEAD_LETTERS_ALARM: Final = Claim(
    "dead-letters-alarm",
    "a dead letter sets off the template's alarm on ApproximateNumberOfMessagesVisible",
    "An alarm stays on while that queue holds any message.",
    "the alarm DeadLettersAlarm must use another metric",
)
AGE: Final = Claim(
    "age",
    "SQS excludes a message from its queue's age once it has been received more than three times",
    "SQS excludes a message from its queue's age once it has been received more than three times.",
    "RetryAgeAlarm alone is enough, and RetryBacklogAlarm can be removed",
)
EXECUTION_FAILED: Final = Claim(
    "execution-failed",
    "a failed execution counts as ExecutionFailed, by PipelineName, in AWS/Sagemaker/ModelBuildingPipeline",
    "Failed executions are counted as `ExecutionFailed` in `AWS/Sagemaker/ModelBuildingPipeline`",
    "the alarm FailedExecutionsAlarm and the dashboard must use another metric",
)
REDRIVE: Final = Claim(
    "redrive",
    "SQS moves dead letters back to a given destination queue",
    "SQS itself moves the messages (`StartMessageMoveTask`)",
    "make redrive must receive, send and delete the messages itself",
)
PROVISIONING: Final = Claim(
    "provisioning",
    "Service Catalog provisions the product under the launch role",
    "Only the proof of permissions shows that the policies cover every other call that CloudFormation "
    "may make.",
    "the launch role's policy lacks the permission in the message",
)
BUILD: Final = Claim(
    "build",
    "the project's first build creates its SageMaker pipeline",
    "For a role, calls of our own code are compared with its source.",
    "a role of the portfolio lacks a permission; the build's log names it",
)
TERMINATION: Final = Claim(
    "termination",
    "Service Catalog terminates the product under the launch role",
    "Only the proof of permissions shows that the policies cover every other call that CloudFormation "
    "may make.",
    "the launch role's policy lacks the permission in the message",
)
UPLOAD_EVENT: Final = Claim(
    "upload-event",
    "the event of an upload has the key as it was uploaded, the object's version, and a sequencer",
    "Events name the uploaded object verbatim, with its version and its sequencer.",
    "the function must decode the key, or build its token from other fields",
    page=FIRST_RUN,
)
FAILED_EVENT: Final = Claim(
    "failed-event",
    "an event that the function fails on goes to the retry queue, and stays there while retries fail",
    "An event that fails goes to the retry queue, and stays there while retries fail.",
    "failed uploads are lost: the functions must send, receive and delete the messages themselves",
    page=FIRST_RUN,
)
FUNCTION_METRICS: Final = Claim(
    "function-metrics",
    "the metrics that the function writes to its log appear in CloudWatch",
    "A started execution is counted in `ExecutionsStarted`.",
    "RefusedAlarm never goes off: it must read the log with a metric filter",
    page=FIRST_RUN,
)
PUSH: Final = Claim(
    "push",
    "a push to the project's repository starts its build",
    "A push to the project's repository starts its build.",
    "PushRule does not match the event of a push, or may not start the build's pipeline",
    page=FIRST_RUN,
)
NATIVE_FEATURES: Final = Claim(
    "native-features",
    "with the engine native, the rows of an uploaded file arrive as features",
    "The features of the uploaded file arrive, and of no other file.",
    "the reason names the step that failed; the table of the page says what to change",
    page=FIRST_RUN,
)
NATIVE_DUPLICATE: Final = Claim(
    "native-duplicate",
    "with the engine native, a second delivery of the event starts nothing",
    "A second delivery of the same event starts nothing.",
    "redelivered events ingest a file twice: the function must remember what it started",
    page=FIRST_RUN,
)
WRANGLER_FEATURES: Final = Claim(
    "data-wrangler-features",
    "with the engine data-wrangler, the rows of an uploaded file arrive as features",
    "The features of the uploaded file arrive, and of no other file.",
    "use the engine native; the reason names the step that failed, and the table of the page what to change",
    page=FIRST_RUN,
)
WRANGLER_DUPLICATE: Final = Claim(
    "data-wrangler-duplicate",
    "with the engine data-wrangler, a second delivery of the event starts nothing",
    "A second delivery of the same event starts nothing.",
    "redelivered events ingest a file twice: the function must remember what it started",
    page=FIRST_RUN,
)
