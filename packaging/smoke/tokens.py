"""Does an equal token start a second execution? Uses a pipeline that fails at once, which is free."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from smoke.claims import ARN_TOKEN, ENDED_TOKEN, EQUAL_TOKEN, OTHER_PARAMETERS
from smoke.context import Context, UndecidedError
from smoke.report import Verdict, decide

DEFINITION: Final = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "InputDataUrl", "Type": "String", "DefaultValue": "s3://nowhere/"}],
    "Steps": [{"Name": "FailAtOnce", "Type": "Fail", "Arguments": {"ErrorMessage": "as it should"}}],
}
ENDED: Final = {"Failed", "Succeeded", "Stopped"}


def check(context: Context) -> Iterator[Verdict]:
    """Starts executions with the same token. The last one uses another token, to show that starting works."""
    context.make_role()
    make_pipeline(context)
    first = start(context, "a")
    again = start(context, "a")
    by_arn = start(context, "a", name=context.arn("sagemaker", f"pipeline/{context.name}"))
    context.until(lambda: _ended(context, first), "the execution ended")
    later = start(context, "a")
    other = _start_or_error(context, "a", value="s3://elsewhere/")
    fresh = start(context, "b")
    context.until(lambda: _ended(context, fresh), "the second execution ended")
    if fresh == first:
        raise UndecidedError("a different token also gave the first execution")
    yield decide(EQUAL_TOKEN, again == first, _compared(first, again))
    yield decide(ARN_TOKEN, by_arn == first, _compared(first, by_arn))
    yield decide(ENDED_TOKEN, later == first, _compared(first, later))
    yield decide(OTHER_PARAMETERS, other == first, _compared(first, other))


def make_pipeline(context: Context) -> None:
    """Creates the pipeline that fails at once."""
    context.cleanup.register(
        f"pipeline {context.name}",
        "sagemaker",
        "DeletePipeline",
        PipelineName=context.name,
        ClientRequestToken=context.token("delete"),
    )
    context.with_new_role(
        lambda: context.aws.call(
            "sagemaker",
            "CreatePipeline",
            PipelineName=context.name,
            PipelineDefinition=json.dumps(DEFINITION),
            ClientRequestToken=context.token("create"),
            RoleArn=context.role_arn,
            Tags=context.tags,
        )
    )


def start(context: Context, token: str, *, name: str = "", value: str = "s3://nowhere/a.csv") -> str:
    """Starts an execution. Returns its ARN."""
    answer = context.aws.call(
        "sagemaker",
        "StartPipelineExecution",
        PipelineName=name or context.name,
        ClientRequestToken=context.token(token),
        PipelineParameters=[{"Name": "InputDataUrl", "Value": value}],
    )
    return str(answer["PipelineExecutionArn"])


def _start_or_error(context: Context, token: str, value: str) -> str:
    try:
        return start(context, token, value=value)
    except ClientError as error:
        return str(error)


def _ended(context: Context, arn: str) -> bool:
    found: dict[str, Any] = context.aws.call(
        "sagemaker", "DescribePipelineExecution", PipelineExecutionArn=arn
    )
    return found["PipelineExecutionStatus"] in ENDED


def _compared(first: str, second: str) -> str:
    return f"{first} both times" if first == second else f"first {first}, then {second}"
