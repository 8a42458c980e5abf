"""Do the metrics behave as the template's alarms assume? Uses the template's alarm on its own queues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from smoke import tokens
from smoke.claims import AGE, DEAD_LETTERS_ALARM, EXECUTION_FAILED, REDRIVE, Claim
from smoke.context import Context, UndecidedError
from smoke.report import Verdict, decide

TEMPLATE: Final = Path(__file__).resolve().parents[2] / "cfn-templates/project-s3-fs-ingestion.yaml"
RECEIVES: Final = 5
# The age that the never-received message must reach before the two queues are compared.
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


def check(context: Context) -> Iterator[Verdict]:
    """Creates everything first, then waits for all metrics together, because they take minutes to appear."""
    context.make_role()
    tokens.make_pipeline(context)
    tokens.start(context, "metric")
    received = make_queue(context, "received")
    waiting = make_queue(context, "waiting")
    dead = make_queue(context, "dead-letters")
    policy = {"deadLetterTargetArn": context.arn("sqs", f"{context.name}-dead-letters"), "maxReceiveCount": 1}
    retry = make_queue(context, "retry", RedrivePolicy=json.dumps(policy))
    for url in (received, waiting, retry):
        context.aws.call("sqs", "SendMessage", QueueUrl=url, MessageBody="smoke")
    for _ in range(RECEIVES):
        receive(context, received)
    # SQS moves the message to the dead-letter queue on the second receive, which returns nothing.
    context.until(
        lambda: moved_to_dead_letters(context, retry, dead), "SQS moved the message to the dead-letter queue"
    )
    moved = moves_back(context)
    yield moved
    if moved.outcome == "shown":
        context.until(
            lambda: moved_to_dead_letters(context, retry, dead),
            "SQS moved the message to the dead-letter queue again",
        )
    make_alarm(context)
    yield from watched(context)


def watched(context: Context) -> list[Verdict]:
    """Waits for the slow verdicts together. Claims without a verdict at the deadline are undecided."""
    looks = {
        DEAD_LETTERS_ALARM: alarm_goes_off,
        EXECUTION_FAILED: failure_counts,
        AGE: age_is_left_out,
    }
    found: dict[Claim, Verdict] = {}

    def all_are_there() -> bool:
        for claim in [claim for claim in looks if claim not in found]:
            verdict = looks[claim](context)
            if verdict is not None:
                found[claim] = verdict
        return len(found) == len(looks)

    try:
        context.until(all_are_there, "all metrics appeared")
    except UndecidedError as reason:
        return [found.get(claim) or Verdict(claim, "undecided", str(reason)) for claim in looks]
    return [found[claim] for claim in looks]


def make_queue(context: Context, use: str, **attributes: str) -> str:
    """Creates a queue without visibility timeout. Returns its URL."""
    name = f"{context.name}-{use}"
    context.cleanup.register_queue(name)
    answer = context.aws.call(
        "sqs",
        "CreateQueue",
        QueueName=name,
        Attributes={"VisibilityTimeout": "0", **attributes},
        tags={tag["Key"]: tag["Value"] for tag in context.tags},
    )
    return str(answer["QueueUrl"])


def receive(context: Context, url: str) -> None:
    """Receives once."""
    context.aws.call("sqs", "ReceiveMessage", QueueUrl=url, WaitTimeSeconds=1)


def moved_to_dead_letters(context: Context, retry: str, dead: str) -> bool:
    """Receives once. Returns whether the message is in the dead-letter queue."""
    receive(context, retry)
    return messages(context, dead) > 0


def messages(context: Context, url: str) -> int:
    """The number of messages in a queue, by SQS's approximate count."""
    names = ["ApproximateNumberOfMessages"]
    found = context.aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=names)
    return int(found["Attributes"][names[0]])


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """Reads a template without evaluating its functions."""


_Loader.add_multi_constructor("!", lambda _loader, suffix, _node: f"!{suffix}")


def shipped(resource: str) -> dict[str, Any]:
    """The properties of a resource in the product's template."""
    template = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader=_Loader)
    properties: dict[str, Any] = template["Resources"][resource]["Properties"]
    return properties


def make_alarm(context: Context) -> None:
    """Creates the template's alarm on the check's dead-letter queue."""
    name = f"{context.name}-dead-letters"
    context.cleanup.register(f"alarm {name}", "cloudwatch", "DeleteAlarms", AlarmNames=[name])
    properties = shipped("DeadLettersAlarm")
    context.aws.call(
        "cloudwatch",
        "PutMetricAlarm",
        AlarmName=name,
        Dimensions=[{"Name": "QueueName", "Value": name}],
        Tags=context.tags,
        **{property_: properties[property_] for property_ in _ALARM},
    )


def alarm_goes_off(context: Context) -> Verdict | None:
    """Whether the alarm goes off while the message is in the queue."""
    name = f"{context.name}-dead-letters"
    alarms = context.aws.call("cloudwatch", "DescribeAlarms", AlarmNames=[name])["MetricAlarms"]
    if not alarms or alarms[0]["StateValue"] != "ALARM":
        return None
    return decide(DEAD_LETTERS_ALARM, holds=True, seen=f"{name} went to ALARM")


def failure_counts(context: Context) -> Verdict | None:
    """Whether the failed execution is counted in the metric that the template's alarm uses."""
    properties = shipped("FailedExecutionsAlarm")
    [dimension] = properties["Dimensions"]
    dimensions = [{"Name": dimension["Name"], "Value": context.name}]
    namespace, metric = properties["Namespace"], properties["MetricName"]
    values = [value for value in data(context, namespace, metric, dimensions, "Sum") if value > 0]
    if not values:
        return None
    return decide(EXECUTION_FAILED, holds=True, seen=f"{metric} was {values[0]:g} for {context.name}")


def age_is_left_out(context: Context) -> Verdict | None:
    """Compares the ages of two queues with one message each: one received several times, one never."""
    properties = shipped("RetryAgeAlarm")

    def age(use: str) -> float | None:
        dimensions = [{"Name": "QueueName", "Value": f"{context.name}-{use}"}]
        values = data(context, properties["Namespace"], properties["MetricName"], dimensions, "Maximum")
        return values[0] if values else None

    never, often = age("waiting"), age("received")
    # A metric that CloudWatch does not have yet proves nothing.
    if never is None or often is None or never < OLD_SECONDS:
        return None
    seen = f"{never:g} s if the message was never received, {often:g} s if received {RECEIVES} times"
    return decide(AGE, often < OLD_SECONDS / 2, seen)


def data(
    context: Context, namespace: str, metric: str, dimensions: list[dict[str, str]], statistic: str
) -> list[float]:
    """The latest values of a metric, newest first."""
    now = datetime.fromtimestamp(context.aws.now(), UTC).replace(microsecond=0)
    stat = {
        "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions},
        "Period": 60,
        "Stat": statistic,
    }
    answer = context.aws.call(
        "cloudwatch",
        "GetMetricData",
        MetricDataQueries=[{"Id": "m", "MetricStat": stat}],
        StartTime=now - timedelta(hours=1),
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    return [float(value) for value in answer["MetricDataResults"][0]["Values"]]


def moves_back(context: Context) -> Verdict:
    """Whether SQS moves the dead letter to a given destination queue."""
    source = context.arn("sqs", f"{context.name}-dead-letters")
    before: set[int] = set()

    def ended() -> dict[str, Any] | None:
        tasks = context.aws.call("sqs", "ListMessageMoveTasks", SourceArn=source)["Results"]
        [task] = tasks or [{"Status": "RUNNING"}]
        is_new = task.get("StartedTimestamp") not in before
        return task if is_new and task["Status"] in {"COMPLETED", "FAILED", "CANCELLED"} else None

    def moved() -> dict[str, Any] | None:
        context.aws.call(
            "sqs",
            "StartMessageMoveTask",
            SourceArn=source,
            DestinationArn=context.arn("sqs", f"{context.name}-retry"),
        )
        task = context.until(ended, "SQS moved the message")
        if task["Status"] == "COMPLETED" and not task.get("ApproximateNumberOfMessagesMoved"):
            before.add(
                task["StartedTimestamp"]
            )  # it started before the message was visible on all SQS servers
            return None
        return task

    task = context.until(moved, "SQS moved the message")
    count = task.get("ApproximateNumberOfMessagesMoved", 0)
    seen = f"{task['Status']}, {count} moved {task.get('FailureReason', '')}".strip()
    return decide(REDRIVE, task["Status"] == "COMPLETED" and count == 1, seen)
