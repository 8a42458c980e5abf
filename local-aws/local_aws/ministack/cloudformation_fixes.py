"""Fixes to ministack's CloudFormation. Each is one function, with a section in UPSTREAM.md."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from local_aws.ministack.settings import ministack
from local_aws.services.service_catalog.template import object_of

# Modules that import the function by name.
_USERS: Final = ("changesets", "engine", "handlers", "stacks")
# Type to: service, its table of resources, the property with the name, the key in the table.
_NAMED: Final = {
    "AWS::CloudWatch::Alarm": ("cloudwatch", "_alarms", "AlarmName", "{}"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", "_dashboards", "DashboardName", "{}"),
    "AWS::Events::Rule": ("eventbridge", "_rules", "Name", "default|{}"),
    "AWS::IAM::Role": ("iam", "_roles", "RoleName", "{}"),
    "AWS::Lambda::Function": ("lambda_svc", "_functions", "FunctionName", "{}"),
    "AWS::Logs::LogGroup": ("cloudwatch_logs", "_log_groups", "LogGroupName", "{}"),
    "AWS::SQS::Queue": ("sqs", "_queue_name_to_url", "QueueName", "{}"),
}


def _evaluate_functions_in_conditions() -> None:
    """Evaluate Fn::Join, Fn::Split and Fn::Sub in conditions."""
    modules = [ministack(f"services.cloudformation.{name}") for name in _USERS]
    engine: Any = ministack("services.cloudformation.engine")
    evaluate = engine._evaluate_conditions

    @functools.wraps(evaluate)
    def evaluate_compared_values(template: dict[str, Any], params: Mapping[str, Any]) -> dict[str, bool]:
        def resolved(node: Any) -> Any:
            if isinstance(node, list):
                return [resolved(each) for each in node]
            if not isinstance(node, dict):
                return node
            if "Fn::Equals" in node:
                return {"Fn::Equals": [value(each) for each in node["Fn::Equals"]]}
            return {key: resolved(each) for key, each in node.items()}

        def value(node: Any) -> Any:
            mappings = template.get("Mappings", {})
            return engine._resolve_refs(node, {}, params, {}, mappings, "", "")

        conditions = resolved(template.get("Conditions", {}))
        held: dict[str, bool] = evaluate({**template, "Conditions": conditions}, params)
        return held

    for module in modules:
        module._evaluate_conditions = evaluate_compared_values


def _refuse_functions_without_their_package() -> None:
    """Fail the stack of a function whose package is not in S3."""
    provisioners: Any = ministack("services.cloudformation.provisioners")
    functions: Any = ministack("services.lambda_svc")
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create = handlers["create"]

    @functools.wraps(create)
    def create_with_package(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        code = props.get("Code", {})
        if "S3Key" in code:
            version = code.get("S3ObjectVersion")
            if functions._fetch_code_from_s3(code.get("S3Bucket"), code["S3Key"], version_id=version) is None:
                raise ValueError(
                    "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
                    f"S3 Error Message: The specified key does not exist: {code['S3Key']}"
                )
        return create(logical_id, props, stack_name)

    handlers["create"] = create_with_package


def _keep_alarms_over_expressions() -> None:
    """Accept alarms over metric expressions. They never go off."""
    provisioners: Any = ministack("services.cloudformation.provisioners")
    record = provisioners._cw_metric_alarm_record

    @functools.wraps(record)
    def record_any(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        if not properties.get("Metrics"):
            alarm: dict[str, Any] = record(name, properties)
            return alarm
        if {"MetricName", "Namespace", "Statistic", "Period", "Dimensions"} & properties.keys():
            raise ValueError("Metrics cannot be specified together with the properties of a single metric.")
        single = {key: value for key, value in properties.items() if key != "Metrics"}
        alarm = record(name, {**single, "MetricName": "none", "Namespace": "none"})
        return {**alarm, "MetricName": "", "Namespace": "", "Metrics": properties["Metrics"]}

    provisioners._cw_metric_alarm_record = record_any


def _refuse_names_that_are_taken() -> None:
    """Fail a stack whose resource has the name of an existing resource."""
    provisioners: Any = ministack("services.cloudformation.provisioners")

    def refusing(resource_type: str, create: Callable[..., Any]) -> Callable[..., Any]:
        service, store, member, key = _NAMED[resource_type]

        @functools.wraps(create)
        def create_new(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
            kept: Any = getattr(ministack(f"services.{service}"), store)
            name = props.get(member)
            if name and key.format(name) in kept:
                raise ValueError(
                    f"Resource of type '{resource_type}' with identifier '{name}' already exists."
                )
            return create(logical_id, props, stack_name)

        return create_new

    for resource_type in _NAMED:
        handlers = provisioners._RESOURCE_HANDLERS[resource_type]
        handlers["create"] = refusing(resource_type, handlers["create"])


def _read_templates_of_virtual_hosts() -> None:
    """Accept template URLs with the bucket in the host name."""
    helpers = ministack("services.cloudformation.helpers")
    resolve = helpers._resolve_document

    @functools.wraps(resolve)
    def resolve_both_styles(params: dict[str, Any], body_key: str, url_key: str, label: str) -> Any:
        where = object_of(helpers._p(params, url_key))
        if where is not None:
            params = {**params, url_key: [f"http://localhost/{where[0]}/{where[1]}"]}
        return resolve(params, body_key, url_key, label)

    helpers._resolve_document = resolve_both_styles


CLOUDFORMATION_FIXES: Final[dict[str, Callable[[], None]]] = {
    "conditions": _evaluate_functions_in_conditions,
    "function-packages": _refuse_functions_without_their_package,
    "expression-alarms": _keep_alarms_over_expressions,
    "taken-names": _refuse_names_that_are_taken,
    "template-urls": _read_templates_of_virtual_hosts,
}
