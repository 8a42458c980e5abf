"""Alarms watch existing metrics, and cover every failure that needs an operator."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from configurations import PRODUCT, PRODUCT_PARAMETERS
from resolve import Stack, Template

TEMPLATE = Template.load(PRODUCT)
TOPIC = "arn:aws:sns:eu-west-1:111122223333:operators"
STACK = TEMPLATE.resolve({**PRODUCT_PARAMETERS, "AlarmTopicArn": TOPIC, "Dashboard": "Yes"})
ALARMS = {alarm.logical_id: alarm.properties for alarm in STACK.of_type("AWS::CloudWatch::Alarm")}
CRATE = Path(__file__).parents[2] / "crates/start-pipeline/src"
METRICS_RS = (CRATE / "metrics.rs").read_text("utf-8")
START_RS = (CRATE / "start.rs").read_text("utf-8")
OWN = "SageMakerFeatureIngestion"

# Metrics of AWS services that alarms watch, with their dimension.
PUBLISHED = {
    # Lambda Developer Guide, "Types of metrics for Lambda functions"
    "AWS/Lambda": ("FunctionName", {"Errors", "Throttles", "RecursiveInvocationsDropped"}),
    # SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS"
    "AWS/SQS": (
        "QueueName",
        {
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesVisible",
        },
    ),
    # SageMaker AI Developer Guide, "Amazon SageMaker Pipelines metrics"
    "AWS/Sagemaker/ModelBuildingPipeline": (
        "PipelineName",
        {"ExecutionFailed", "ExecutionStarted", "ExecutionSucceeded"},
    ),
}


def watched(alarm: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield namespace, name and dimensions of each metric of an alarm."""
    single = [alarm] if "MetricName" in alarm else []
    for metric in single + [
        each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each
    ]:
        yield (
            metric["Namespace"],
            metric["MetricName"],
            {each["Name"]: each["Value"] for each in metric["Dimensions"]},
        )


def shown() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield namespace, name and dimensions of each metric on the dashboard."""
    body = json.loads(STACK.resources["ProjectDashboard"].properties["DashboardBody"])
    for widget in body["widgets"]:
        for namespace, name, *rest in widget["properties"]["metrics"]:
            texts = [each for each in rest if isinstance(each, str)]
            yield namespace, name, dict(zip(texts[::2], texts[1::2], strict=True))


def reasons(*classes: str) -> set[str]:
    """Return the failure reasons of these classes, from the function's source."""
    arms = re.findall(r"((?:\s*\|?\s*Self::\w+)+)\s*=>\s*\{?\s*Class::(\w+)", START_RS)
    names = dict(re.findall(r"Self::(\w+) => \"(\w+)\"", START_RS))
    return {
        names[each] for arm, found in arms if found in classes for each in re.findall(r"Self::(\w+)", arm)
    }


def owners(stack: Stack) -> dict[str, set[str]]:
    """Return the valid values of each dimension."""
    return {
        "FunctionName": {stack.physical_name(name) for name in ("StartPipeline", "StartPipelineRetry")},
        "QueueName": {stack.physical_name(name) for name in ("RetryQueue", "DeadLetterQueue")},
        "PipelineName": {stack.outputs["PipelineName"]},
    }


@pytest.mark.parametrize(
    "metrics", [*map(list, map(watched, ALARMS.values())), list(shown())], ids=[*ALARMS, "dashboard"]
)
def test_each_watched_metric_is_published(metrics: list[tuple[str, str, dict[str, str]]]) -> None:
    assert metrics
    for namespace, name, dimensions in metrics:
        if namespace == OWN:
            assert f'NAMESPACE: &str = "{namespace}"' in METRICS_RS
            assert f'"{name}"' in METRICS_RS
            assert set(dimensions) <= {"PipelineName", "Reason"}
            assert dimensions.get("Reason", "") in {"", *reasons("Transient", "NeedsOperator", "Permanent")}
            assert name == "StartFailures" or "Reason" not in dimensions
        else:
            dimension, names = PUBLISHED[namespace]
            assert name in names
            assert set(dimensions) == {dimension}
        for dimension, values in owners(STACK).items():
            assert dimensions.get(dimension, next(iter(values))) in values


def test_function_publishes_the_watched_dimensions() -> None:
    assert 'json!(["PipelineName"])' in METRICS_RS
    assert 'json!(["PipelineName", "Reason"])' in METRICS_RS
    # Metrics and template use the pipeline's name in lower case.
    assert "canonical_name()" in METRICS_RS
    assert STACK.outputs["PipelineName"] == STACK.outputs["PipelineName"].lower()


def test_failures_that_need_an_operator_raise_an_alarm_at_once() -> None:
    urgent = reasons("NeedsOperator", "Permanent")
    assert len(urgent) >= 6
    assert reasons("Transient")
    metrics = list(watched(ALARMS["RefusedAlarm"]))
    assert {dimensions["Reason"] for _, _, dimensions in metrics} == urgent
    assert ALARMS["RefusedAlarm"]["EvaluationPeriods"] == 1


@pytest.mark.parametrize("name", [name for name, alarm in ALARMS.items() if "Metrics" in alarm])
def test_expression_sums_all_its_metrics(name: str) -> None:
    expressions = [each for each in ALARMS[name]["Metrics"] if "Expression" in each]
    read = [each for each in ALARMS[name]["Metrics"] if "MetricStat" in each]
    [expression] = expressions
    assert expression.get("ReturnData", True) is True
    assert all(each["ReturnData"] is False for each in read)
    assert re.findall(r"FILL\((\w+), 0\)", expression["Expression"]) == [each["Id"] for each in read]
    assert len({each["Id"] for each in ALARMS[name]["Metrics"]}) == len(ALARMS[name]["Metrics"]) <= 10
    assert all(re.fullmatch(r"[a-z]\w*", each["Id"]) for each in ALARMS[name]["Metrics"])
    assert len({each["MetricStat"]["Period"] for each in read}) == 1


def test_alarms_watch_the_expected_metrics() -> None:
    seen = {(namespace, name) for alarm in ALARMS.values() for namespace, name, _ in watched(alarm)}
    assert seen == {
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Throttles"),
        ("AWS/Lambda", "RecursiveInvocationsDropped"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible"),
        ("AWS/Sagemaker/ModelBuildingPipeline", "ExecutionFailed"),
        (OWN, "StartFailures"),
    }
    for alarm in ("ErrorsAlarm", "ThrottlesAlarm", "RecursionAlarm"):
        functions = {dimensions["FunctionName"] for _, _, dimensions in watched(ALARMS[alarm])}
        assert functions == owners(STACK)["FunctionName"]


def test_backlog_alarm_does_not_depend_on_message_age() -> None:
    """SQS's age metric ignores messages that were received three times or more."""
    backlog = ALARMS["RetryBacklogAlarm"]
    read = list(watched(backlog))
    assert {name.removeprefix("ApproximateNumberOfMessages") for _, name, _ in read} == {
        "Visible",
        "NotVisible",
    }
    assert {dimensions["QueueName"] for _, _, dimensions in read} == {STACK.physical_name("RetryQueue")}
    [period] = {each["MetricStat"]["Period"] for each in backlog["Metrics"] if "MetricStat" in each}
    assert period * backlog["EvaluationPeriods"] == 3600


@pytest.mark.parametrize("name", ALARMS)
def test_each_alarm_has_a_description_and_notifies_the_topic(name: str) -> None:
    alarm = ALARMS[name]
    assert len(alarm["AlarmDescription"]) > 20
    assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]
    # Without uploads there are no data points.
    assert alarm["TreatMissingData"] == "notBreaching"


def test_alarms_have_no_actions_without_a_topic() -> None:
    for alarm in TEMPLATE.resolve(PRODUCT_PARAMETERS).of_type("AWS::CloudWatch::Alarm"):
        assert alarm.properties["AlarmActions"] == alarm.properties["OKActions"] == []


def test_dashboard_is_optional_and_shows_the_region() -> None:
    assert "ProjectDashboard" not in TEMPLATE.resolve(PRODUCT_PARAMETERS).resources
    body = json.loads(STACK.resources["ProjectDashboard"].properties["DashboardBody"])
    for widget in body["widgets"]:
        assert widget["properties"]["region"] == "eu-west-1"
        assert widget["properties"]["title"]
