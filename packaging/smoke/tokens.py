"""Does an equal token start a second execution? With a pipeline whose only step fails at once: it is free."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from smoke.claims import ARN_TOKEN, ENDED_TOKEN, EQUAL_TOKEN, OTHER_PARAMETERS
from smoke.report import Verdict, decide
from smoke.world import UndecidedError, World

DEFINITION: Final = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "InputDataUrl", "Type": "String", "DefaultValue": "s3://nowhere/"}],
    "Steps": [{"Name": "FailAtOnce", "Type": "Fail", "Arguments": {"ErrorMessage": "as it should"}}],
}
ENDED: Final = {"Failed", "Succeeded", "Stopped"}


def check(world: World) -> Iterator[Verdict]:
    """Start with one token again and again; the last start, with another one, shows that starting works."""
    world.make_role([])
    make_pipeline(world)
    first = start(world, "a")
    again = start(world, "a")
    by_arn = start(world, "a", name=world.arn("sagemaker", f"pipeline/{world.name}"))
    world.until(lambda: _ended(world, first), "the execution had ended")
    later = start(world, "a")
    other = _start_or_error(world, "a", value="s3://elsewhere/")
    fresh = start(world, "b")
    world.until(lambda: _ended(world, fresh), "the second execution had ended")
    if fresh == first:
        raise UndecidedError("even another token gave the first execution")
    yield decide(EQUAL_TOKEN, again == first, _compared(first, again))
    yield decide(ARN_TOKEN, by_arn == first, _compared(first, by_arn))
    yield decide(ENDED_TOKEN, later == first, _compared(first, later))
    yield decide(OTHER_PARAMETERS, other == first, _compared(first, other))


def make_pipeline(world: World) -> None:
    """The pipeline that fails at once."""
    world.ledger.will_make(
        f"pipeline {world.name}",
        "sagemaker",
        "DeletePipeline",
        PipelineName=world.name,
        ClientRequestToken=world.token("delete"),
    )
    world.with_new_role(
        lambda: world.aws.call(
            "sagemaker",
            "CreatePipeline",
            PipelineName=world.name,
            PipelineDefinition=json.dumps(DEFINITION),
            ClientRequestToken=world.token("create"),
            RoleArn=world.role_arn,
            Tags=world.tags,
        )
    )


def start(world: World, token: str, *, name: str = "", value: str = "s3://nowhere/a.csv") -> str:
    """The ARN of the execution that a start gives."""
    answer = world.aws.call(
        "sagemaker",
        "StartPipelineExecution",
        PipelineName=name or world.name,
        ClientRequestToken=world.token(token),
        PipelineParameters=[{"Name": "InputDataUrl", "Value": value}],
    )
    return str(answer["PipelineExecutionArn"])


def _start_or_error(world: World, token: str, value: str) -> str:
    try:
        return start(world, token, value=value)
    except ClientError as error:
        return str(error)


def _ended(world: World, arn: str) -> bool:
    found: dict[str, Any] = world.aws.call("sagemaker", "DescribePipelineExecution", PipelineExecutionArn=arn)
    return found["PipelineExecutionStatus"] in ENDED


def _compared(first: str, second: str) -> str:
    return f"{first} both times" if first == second else f"first {first}, then {second}"
