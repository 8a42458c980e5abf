"""Do the metrics behave as the template's alarms take it? With the template's alarm, on queues of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from smoke import tokens
from smoke.claims import AGE, DEAD_LETTERS_ALARM, EXECUTION_FAILED, REDRIVE, Claim
from smoke.report import Verdict, decide
from smoke.world import UndecidedError, World

TEMPLATE: Final = Path(__file__).resolve().parents[2] / "cfn-templates/project-s3-fs-ingestion.yaml"
RECEIVES: Final = 5
# How old a message must look that nobody receives, before the other is compared with it.
OLD_SECONDS: Final = 300
_ALARM: Final = (
    "Namespace",
    "MetricName",
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "ComparisonOperator",
    "Threshold",
    "TreatMissingData",
)


def check(world: World) -> Iterator[Verdict]:
    """Make everything first, and wait for all of it together: metrics take minutes to appear."""
    world.make_role([])
    tokens.make_pipeline(world)
    tokens.start(world, "metric")
    received = make_queue(world, "received")
    waiting = make_queue(world, "waiting")
    dead = make_queue(world, "dead-letters")
    policy = {"deadLetterTargetArn": world.arn("sqs", f"{world.name}-dead-letters"), "maxReceiveCount": 1}
    retry = make_queue(world, "retry", RedrivePolicy=json.dumps(policy))
    for url in (received, waiting, retry):
        world.aws.call("sqs", "SendMessage", QueueUrl=url, MessageBody="smoke")
    for _ in range(RECEIVES):
        receive(world, received)
    # The second receive finds nothing, and makes a dead letter of what the first one found.
    world.until(lambda: given_up(world, retry, dead), "SQS had given the message up")
    moved = moves_back(world)
    yield moved
    if moved.outcome == "shown":
        world.until(lambda: given_up(world, retry, dead), "SQS had given the message up again")
    make_alarm(world)
    yield from watched(world)


def watched(world: World) -> list[Verdict]:
    """The verdicts that take time, all looked for together; those that have none by the end are undecided."""
    looks = {
        DEAD_LETTERS_ALARM: alarm_rings,
        EXECUTION_FAILED: failure_counts,
        AGE: age_is_left_out,
    }
    found: dict[Claim, Verdict] = {}

    def all_are_there() -> bool:
        for claim in [claim for claim in looks if claim not in found]:
            verdict = looks[claim](world)
            if verdict is not None:
                found[claim] = verdict
        return len(found) == len(looks)

    try:
        world.until(all_are_there, "it could be seen")
    except UndecidedError as reason:
        return [found.get(claim) or Verdict(claim, "undecided", str(reason)) for claim in looks]
    return [found[claim] for claim in looks]


def make_queue(world: World, use: str, **attributes: str) -> str:
    """A queue that shows a message again at once; gives its URL."""
    name = f"{world.name}-{use}"
    world.ledger.will_make_queue(name)
    answer = world.aws.call(
        "sqs",
        "CreateQueue",
        QueueName=name,
        Attributes={"VisibilityTimeout": "0", **attributes},
        tags={tag["Key"]: tag["Value"] for tag in world.tags},
    )
    return str(answer["QueueUrl"])


def receive(world: World, url: str) -> None:
    """One receive."""
    world.aws.call("sqs", "ReceiveMessage", QueueUrl=url, WaitTimeSeconds=1)


def given_up(world: World, retry: str, dead: str) -> bool:
    """Receive, and see whether the message has moved."""
    receive(world, retry)
    return messages(world, dead) > 0


def messages(world: World, url: str) -> int:
    """How many a queue has, by SQS's approximate count."""
    names = ["ApproximateNumberOfMessages"]
    found = world.aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=names)
    return int(found["Attributes"][names[0]])


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """Reads a template; what its functions would give is left open."""


_Loader.add_multi_constructor("!", lambda _loader, suffix, _node: f"!{suffix}")


def shipped(resource: str) -> dict[str, Any]:
    """The properties of a resource of the product's template."""
    template = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader=_Loader)
    properties: dict[str, Any] = template["Resources"][resource]["Properties"]
    return properties


def make_alarm(world: World) -> None:
    """The template's alarm, on the run's dead-letter queue."""
    name = f"{world.name}-dead-letters"
    world.ledger.will_make(f"alarm {name}", "cloudwatch", "DeleteAlarms", AlarmNames=[name])
    properties = shipped("DeadLettersAlarm")
    world.aws.call(
        "cloudwatch",
        "PutMetricAlarm",
        AlarmName=name,
        Dimensions=[{"Name": "QueueName", "Value": name}],
        Tags=world.tags,
        **{property_: properties[property_] for property_ in _ALARM},
    )


def alarm_rings(world: World) -> Verdict | None:
    """Whether the alarm rings while the message is there."""
    name = f"{world.name}-dead-letters"
    alarms = world.aws.call("cloudwatch", "DescribeAlarms", AlarmNames=[name])["MetricAlarms"]
    if not alarms or alarms[0]["StateValue"] != "ALARM":
        return None
    return decide(DEAD_LETTERS_ALARM, holds=True, seen=f"{name} went to ALARM")


def failure_counts(world: World) -> Verdict | None:
    """Whether the failed execution is counted where the template's alarm looks."""
    properties = shipped("FailedExecutionsAlarm")
    [dimension] = properties["Dimensions"]
    dimensions = [{"Name": dimension["Name"], "Value": world.name}]
    namespace, metric = properties["Namespace"], properties["MetricName"]
    values = [value for value in data(world, namespace, metric, dimensions, "Sum") if value > 0]
    if not values:
        return None
    return decide(EXECUTION_FAILED, holds=True, seen=f"{metric} was {values[0]:g} for {world.name}")


def age_is_left_out(world: World) -> Verdict | None:
    """Compare the ages of two queues with a message each: one was received several times, one never."""
    properties = shipped("RetryAgeAlarm")

    def age(use: str) -> float | None:
        dimensions = [{"Name": "QueueName", "Value": f"{world.name}-{use}"}]
        values = data(world, properties["Namespace"], properties["MetricName"], dimensions, "Maximum")
        return values[0] if values else None

    never, often = age("waiting"), age("received")
    # What CloudWatch does not have yet says nothing.
    if never is None or often is None or never < OLD_SECONDS:
        return None
    seen = f"{never:g} s where the message was never received, {often:g} s where it was {RECEIVES} times"
    return decide(AGE, often < OLD_SECONDS / 2, seen)


def data(
    world: World, namespace: str, metric: str, dimensions: list[dict[str, str]], statistic: str
) -> list[float]:
    """The latest values of a metric, newest first."""
    now = datetime.fromtimestamp(world.aws.now(), UTC).replace(microsecond=0)
    stat = {
        "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions},
        "Period": 60,
        "Stat": statistic,
    }
    answer = world.aws.call(
        "cloudwatch",
        "GetMetricData",
        MetricDataQueries=[{"Id": "m", "MetricStat": stat}],
        StartTime=now - timedelta(hours=1),
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    return [float(value) for value in answer["MetricDataResults"][0]["Values"]]


def moves_back(world: World) -> Verdict:
    """Whether SQS moves the dead letter to a queue that is named."""
    source = world.arn("sqs", f"{world.name}-dead-letters")
    before: set[int] = set()

    def ended() -> dict[str, Any] | None:
        tasks = world.aws.call("sqs", "ListMessageMoveTasks", SourceArn=source)["Results"]
        [task] = tasks or [{"Status": "RUNNING"}]
        is_new = task.get("StartedTimestamp") not in before
        return task if is_new and task["Status"] in {"COMPLETED", "FAILED", "CANCELLED"} else None

    def moved() -> dict[str, Any] | None:
        world.aws.call(
            "sqs",
            "StartMessageMoveTask",
            SourceArn=source,
            DestinationArn=world.arn("sqs", f"{world.name}-retry"),
        )
        task = world.until(ended, "SQS had moved the message")
        if task["Status"] == "COMPLETED" and not task.get("ApproximateNumberOfMessagesMoved"):
            before.add(task["StartedTimestamp"])  # it began before the message had arrived everywhere
            return None
        return task

    task = world.until(moved, "SQS had moved the message")
    count = task.get("ApproximateNumberOfMessagesMoved", 0)
    seen = f"{task['Status']}, {count} moved {task.get('FailureReason', '')}".strip()
    return decide(REDRIVE, task["Status"] == "COMPLETED" and count == 1, seen)
