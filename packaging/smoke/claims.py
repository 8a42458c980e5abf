"""What is checked: claims, and the sentences of the documentation that stand or fall with them."""

from __future__ import annotations

import dataclasses
from typing import Final


@dataclasses.dataclass(frozen=True)
class Claim:
    """Something that we say of AWS and have not seen."""

    id: str
    claim: str
    sentence: str
    """From docs/semantics.md, word for word."""
    if_refuted: str
    """What must change then."""


EQUAL_TOKEN: Final = Claim(
    "equal-token",
    "an equal token gives the same execution, and starts nothing",
    "An uploaded object version starts at most one execution within SageMaker's deduplication window",
    "the promise falls: a redelivered event starts a second execution",
)
ENDED_TOKEN: Final = Claim(
    "ended-token",
    "an equal token still gives the execution after it has ended",
    "**How long a token deduplicates.** AWS does not document it.",
    "the window ends with the execution: say so there, and expect doubles for late redeliveries",
)
ARN_TOKEN: Final = Claim(
    "arn-token",
    "an equal token gives the same execution whether the pipeline is named by name or by ARN",
    "the pipeline's name in lower case (a name and its ARN give the same token)",
    "changing SM_PIPELINE_NAME from one to the other doubles what is in the retry queue: say so",
)
OTHER_PARAMETERS: Final = Claim(
    "other-parameters",
    "an equal token with other parameters gives the first execution, and starts nothing",
    "what an equal token with other parameters does",
    "say what happens instead, and have local-aws do the same",
)
DEAD_LETTERS_ALARM: Final = Claim(
    "dead-letters-alarm",
    "a message that SQS gives up rings the template's alarm on ApproximateNumberOfMessagesVisible",
    "An alarm stays on while that queue holds any message.",
    "the alarm DeadLettersAlarm must watch something else",
)
AGE: Final = Claim(
    "age",
    "SQS leaves a message that was received more than three times out of the age of its queue",
    "SQS excludes a message from its queue's age once it has been received more than three times.",
    "the alarm RetryAgeAlarm alone would do, and RetryBacklogAlarm can go",
)
EXECUTION_FAILED: Final = Claim(
    "execution-failed",
    "a failed execution counts as ExecutionFailed, by PipelineName, in AWS/Sagemaker/ModelBuildingPipeline",
    "Failed executions are counted as `ExecutionFailed` in `AWS/Sagemaker/ModelBuildingPipeline`",
    "the alarm FailedExecutionsAlarm and the dashboard must name another metric",
)
REDRIVE: Final = Claim(
    "redrive",
    "SQS moves dead letters back to a queue that is named",
    "SQS itself moves the messages (`StartMessageMoveTask`)",
    "make redrive must receive, send and delete by itself",
)
PROVISIONING: Final = Claim(
    "provisioning",
    "Service Catalog provisions the product under the launch role",
    "Only the proof of permissions shows that the policies cover every other call that CloudFormation "
    "may make.",
    "the launch role's policy lacks what the message names",
)
BUILD: Final = Claim(
    "build",
    "the project's first build makes its SageMaker pipeline",
    "For a role, calls of our own code are compared with its source.",
    "a role of the portfolio lacks a permission; the build's log names it",
)
TERMINATION: Final = Claim(
    "termination",
    "Service Catalog terminates it under the launch role",
    "Only the proof of permissions shows that the policies cover every other call that CloudFormation "
    "may make.",
    "the launch role's policy lacks what the message names",
)
MOUNTED_INPUT: Final = Claim(
    "mounted-input",
    "the Data Wrangler container reads the input named like the flow's source, not the flow's own object",
    "The Data Wrangler container reads the input that has the name of the flow's source, at "
    "`/opt/ml/processing/<name>`. This is the convention of AWS's own exported code.",
    "with the engine data-wrangler each execution would read the flow's own object: use the engine native",
)
