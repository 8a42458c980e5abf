"""Fixes to ministack. Each is one function, which replaces functions of the pinned version.

UPSTREAM.md has a section for each fix, by its name: what is wrong upstream, and how to reproduce it.
``tests/test_upstream_reports.py`` fails when ministack no longer needs a fix.
"""

from __future__ import annotations

import contextvars
import functools
import json
import os
from collections.abc import Callable
from typing import Any, Final

from local_aws.ministack.cloudformation_fixes import CLOUDFORMATION_FIXES
from local_aws.ministack.function_output import read_whole_output
from local_aws.ministack.iam_fixes import IAM_FIXES
from local_aws.ministack.settings import ministack
from local_aws.services.aws_lambda.async_invocation import AsyncInvoker, send_to_dead_letter_queue
from local_aws.services.sqs.message_moves import install_message_moves

MAX_KEY_BYTES: Final = 1024
_version_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("version_id", default=None)
_target: contextvars.ContextVar[tuple[dict[str, Any], dict[str, Any]]] = contextvars.ContextVar("target")
_async_request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar(
    "async_request_id", default=None
)
_init_log: contextvars.ContextVar[str] = contextvars.ContextVar("init_log", default="")


def install_fixes(server_variables: frozenset[str]) -> None:
    """Apply all fixes, before serving. Functions do not inherit ``server_variables``."""
    install_message_moves()
    for fix in fixes(server_variables).values():
        fix()


def fixes(server_variables: frozenset[str]) -> dict[str, Callable[[], None]]:
    """Returns all fixes, by their names in UPSTREAM.md."""
    return {
        "s3-events": _name_the_version_and_whole_seconds_in_s3_events,
        "s3-keys": _refuse_keys_that_s3_refuses,
        "rule-invocations": _invoke_functions_from_rules_asynchronously,
        "function-output": lambda: read_whole_output(ministack("core.lambda_runtime").ProvidedWorker),
        "init-failures": _report_init_failures_as_the_runtime_did,
        "function-variables": lambda: _keep_the_servers_settings_from_functions(server_variables),
        "athena-results": _write_athena_results_where_executions_say,
        **IAM_FIXES,
        **CLOUDFORMATION_FIXES,
    }


def _name_the_version_and_whole_seconds_in_s3_events() -> None:
    """Add the object's version to S3 events, and send their times in whole seconds."""
    s3, eventbridge = ministack("services.s3"), ministack("services.eventbridge")
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event

    @functools.wraps(fire)
    def fire_naming_version(*args: Any, version_id: str | None = None, **kwargs: Any) -> None:
        _version_id.set(version_id)
        fire(*args, version_id=version_id, **kwargs)

    @functools.wraps(dispatch)
    def dispatch_as_s3_does(event: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        if event.get("Source") == "aws.s3":
            event = {**event, "Time": f"{event['Time'].partition('.')[0].removesuffix('Z')}Z"}
            version_id = _version_id.get()
            if version_id:
                detail = json.loads(event["Detail"])
                detail["object"]["version-id"] = version_id
                event["Detail"] = json.dumps(detail)
        dispatch(event, *args, **kwargs)

    s3._fire_s3_event = fire_naming_version
    eventbridge._dispatch_event = dispatch_as_s3_does


def _refuse_keys_that_s3_refuses() -> None:
    """Refuse keys over 1,024 bytes."""
    s3 = ministack("services.s3")
    handle = s3.handle_request

    @functools.wraps(handle)
    async def handle_legal_keys(
        method: str, path: str, headers: dict[str, str], *args: Any, **kwargs: Any
    ) -> Any:
        _, key = s3._parse_bucket_key(path, headers)
        if key and len(key.encode("utf-8", errors="surrogateescape")) > MAX_KEY_BYTES:
            return s3._error("KeyTooLongError", "Your key is too long", 400)
        return await handle(method, path, headers, *args, **kwargs)

    s3.handle_request = handle_legal_keys


def _invoke_functions_from_rules_asynchronously() -> None:
    """Invoke the functions of rules asynchronously: with retries, and a destination for failures."""
    eventbridge, functions = ministack("services.eventbridge"), ministack("services.lambda_svc")
    invoke_target = eventbridge._invoke_target
    invoker = AsyncInvoker(
        _execute_with_request_id(functions), ministack("core.lambda_runtime").execution_credentials
    )

    @functools.wraps(invoke_target)
    def invoke_target_remembering_it(
        target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None
    ) -> None:
        _target.set((target, rule))
        invoke_target(target, event, rule, view)

    def dispatch_to_function(arn: str, payload: str) -> None:
        target, rule = _target.get()
        function, config, _ = functions._get_func_record_for_ref(arn)
        if not function or not config:
            send_to_dead_letter_queue(target, rule, payload, "NO_RESOURCE", f"Function not found: {arn}")
        elif not _rule_may_invoke(function, arn, rule):
            message = f"{arn} has no permission for events.amazonaws.com and the rule {rule.get('Arn')}."
            send_to_dead_letter_queue(target, rule, payload, "NO_PERMISSIONS", message)
        else:
            event = json.loads(payload)
            invoker.invoke(functions._execution_record_for_config(function, config), event)

    reset = functions.reset

    @functools.wraps(reset)
    def reset_forgetting_events() -> None:
        invoker.forget()
        reset()

    functions.reset = reset_forgetting_events
    eventbridge._invoke_target = invoke_target_remembering_it
    eventbridge._dispatch_to_lambda = dispatch_to_function
    functions.invoke_async_with_retry = invoker.invoke


def invoke_pipelines_from_rules(start: Callable[[dict[str, Any], dict[str, Any]], str | None]) -> None:
    """Let rules start pipelines of CodePipeline."""
    # ministack has no CodePipeline, and drops events for such a target.
    eventbridge = ministack("services.eventbridge")
    invoke_target = eventbridge._invoke_target

    @functools.wraps(invoke_target)
    def invoke_pipeline_or_other(
        target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None
    ) -> None:
        if not str(target.get("Arn", "")).startswith("arn:aws:codepipeline:"):
            invoke_target(target, event, rule, view)
            return
        refused = start(target, rule)
        if refused is not None:
            send_to_dead_letter_queue(target, rule, json.dumps(event, default=str), "NO_PERMISSIONS", refused)

    eventbridge._invoke_target = invoke_pipeline_or_other


def _execute_with_request_id(functions: Any) -> Callable[[dict[str, Any], Any, str], dict[str, Any]]:
    dispatch = functions._execute_function_dispatch

    @functools.wraps(dispatch)
    def dispatch_with_given_id(
        function: Any, config: Any, event: Any, request_id: str, started: float
    ) -> dict[str, Any]:
        result: dict[str, Any] = dispatch(
            function, config, event, _async_request_id.get() or request_id, started
        )
        return result

    def execute(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        _async_request_id.set(request_id)
        result: dict[str, Any] = functions._execute_function_with_config_scope(function, event)
        return result

    functions._execute_function_dispatch = dispatch_with_given_id
    return execute


def _rule_may_invoke(function: dict[str, Any], arn: str, rule: dict[str, Any]) -> bool:
    """Whether the function's resource policy allows the rule. Checked only while IAM is enforced."""
    if not ministack("app").AUTH:
        return True
    evaluator, responses = ministack("core.iam_evaluator"), ministack("core.responses")
    context = evaluator.EvalContext(
        principal_arn="events.amazonaws.com",
        principal_type="Service",
        principal_account=responses.get_account_id(),
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=responses.get_region(),
        service_context={
            "aws:sourcearn": rule.get("Arn", ""),
            "aws:sourceaccount": responses.get_account_id(),
        },
    )
    decision = evaluator.evaluate_resource_policy(
        function.get("policy"), context, service="events.amazonaws.com"
    )
    return bool(decision.decision == "Allow")


def _report_init_failures_as_the_runtime_did() -> None:
    """Report a runtime that fails to start with its own error and log."""
    runtime, functions = ministack("core.lambda_runtime"), ministack("services.lambda_svc")
    await_init = runtime.ProvidedWorker._await_init
    execute = functions._execute_function_provided_warm

    @functools.wraps(await_init)
    def await_init_keeping_the_reason(worker: Any, init_timeout: float | None = None) -> None:
        _init_log.set("")
        try:
            await_init(worker, init_timeout)
        except runtime.ProvidedInitTimeout:
            raise
        except RuntimeError as error:
            _init_log.set(worker._drain_stderr_bounded() or _after_colon(str(error)))
            reported = worker._init_error
            if isinstance(reported, dict):
                raise runtime.ProvidedRuntimeError(
                    reported.get("errorMessage", ""), reported.get("errorType", "Runtime.Unknown")
                ) from error
            code = worker._proc.poll() if worker._proc is not None else None
            raise runtime.ProvidedRuntimeError(
                f"Error: Runtime exited with error: exit status {code}", "Runtime.ExitError"
            ) from error

    @functools.wraps(execute)
    def execute_keeping_the_log(*args: Any, **kwargs: Any) -> dict[str, Any]:
        _init_log.set("")
        result: dict[str, Any] = execute(*args, **kwargs)
        if result.get("error") and not result.get("log"):
            result["log"] = _init_log.get()
        return result

    runtime.ProvidedWorker._await_init = await_init_keeping_the_reason
    functions._execute_function_provided_warm = execute_keeping_the_log


def _after_colon(text: str) -> str:
    return text.partition(": ")[2]


def _keep_the_servers_settings_from_functions(server_variables: frozenset[str]) -> None:
    """Give a function its own variables and those of Lambda only."""
    functions = ministack("services.lambda_svc")
    build: Callable[..., dict[str, str]] = functions._provided_worker_env

    @functools.wraps(build)
    def build_as_lambda_does(config: dict[str, Any], *args: Any, **kwargs: Any) -> dict[str, str]:
        own = (config.get("Environment") or {}).get("Variables") or {}
        environment = {
            name: value
            for name, value in build(config, *args, **kwargs).items()
            if name in own or name not in server_variables
        }
        if not environment.get("AWS_SESSION_TOKEN"):
            environment.pop("AWS_SESSION_TOKEN", None)
        group = (config.get("LoggingConfig") or {}).get("LogGroup")
        environment["AWS_LAMBDA_LOG_GROUP_NAME"] = group or f"/aws/lambda/{config['FunctionName']}"
        environment["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
        environment["AWS_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT_URL"]
        return environment

    functions._provided_worker_env = build_as_lambda_does


def _write_athena_results_where_executions_say() -> None:
    """Write Athena's result file to the OutputLocation of the execution."""
    athena = ministack("services.athena")
    start, save = athena._start_query_execution, athena._save_query_results

    @functools.wraps(start)
    def start_below_a_folder(data: dict[str, Any]) -> Any:
        given = data.get("ResultConfiguration") or {}
        location = given.get("OutputLocation")
        if location and not location.endswith("/"):
            data = {**data, "ResultConfiguration": {**given, "OutputLocation": f"{location}/"}}
        return start(data)

    @functools.wraps(save)
    async def save_at_the_location(query_id: str) -> None:
        configuration = athena._executions[query_id]["ResultConfiguration"]
        location = configuration["OutputLocation"]
        configuration["OutputLocation"] = location.rpartition("/")[0]
        try:
            await save(query_id)
        finally:
            configuration["OutputLocation"] = location

    athena._start_query_execution = start_below_a_folder
    athena._save_query_results = save_at_the_location
