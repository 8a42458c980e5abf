"""Tests that steps run in order, with resolved arguments."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from jobs import (
    BUCKET,
    DATA_WRANGLER,
    create_steps,
    ended_execution,
    job_log,
    job_name,
    request,
    s3_input,
    start_steps,
    steps_of,
    upload,
)
from local_aws import LocalAws
from waiting import until

INPUT = {"Name": "InputDataUrl", "Type": "String"}


def run_steps(server: LocalAws, *steps: dict[str, Any], **parameters: str) -> dict[str, Any]:
    declared = [{"Name": name, "Type": "String"} for name in parameters]
    sagemaker = create_steps(server, *steps, parameters=declared)
    return ended_execution(sagemaker, start_steps(sagemaker, **parameters))


def step(name: str, arguments: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "Processing", "Arguments": arguments, **members}


def failure(ended: dict[str, Any]) -> str:
    """Returns the reason of the only failed step of an execution."""
    assert ended["PipelineExecutionStatus"] == "Failed"
    assert ended["FailureReason"] == "Step failure: One or multiple steps failed."
    [only] = ended["Steps"]
    assert only["StepStatus"] == "Failed"
    return str(only["FailureReason"])


def test_execution_succeeds_when_job_succeeds(running_server: LocalAws) -> None:
    s3 = upload(running_server, **{"in/a.csv": "x"})
    arguments = request(
        "report.py",
        {"Get": "Parameters.InputDataUrl"},
        {"Get": "Execution.StartDateTime"},
        {"Std:Join": {"On": "/", "Values": ["s3:/", {"Get": "Execution.PipelineExecutionId"}, 1, 0.5, True]}},
        {"Get": "Execution.PipelineName"},
        inputs=[s3_input("data", {"Get": "Parameters.InputDataUrl"})],
    )
    named = step("ingest_abalone", arguments, DisplayName="Ingest", Description="of abalone")
    ended = run_steps(running_server, named, InputDataUrl=f"s3://{BUCKET}/in/a.csv")
    assert ended["PipelineExecutionStatus"] == "Succeeded", ended
    assert "FailureReason" not in ended
    [run] = ended["Steps"]
    assert (run["StepName"], run["StepDisplayName"], run["StepDescription"]) == (
        "ingest_abalone", "Ingest", "of abalone",
    )  # fmt: skip
    assert (run["StepStatus"], run["AttemptCount"]) == ("Succeeded", 1)
    assert run["StartTime"] <= run["EndTime"]
    execution_id = ended["PipelineExecutionArn"].rpartition("/")[2]
    assert re.fullmatch(f"pipelines-{execution_id}-ingest-abalone-[a-z0-9]{{10}}", job_name(run))
    seen = json.loads(s3.get_object(Bucket=BUCKET, Key="out/report.json")["Body"].read())
    url, time, joined, name = seen["arguments"]
    assert (url, name) == (f"s3://{BUCKET}/in/a.csv", "ingest")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ", time)
    assert joined == f"s3://{execution_id}/1/0.5/true"
    assert "processing/data/a.csv" in seen["files"]


def test_failed_job_fails_step_and_execution(running_server: LocalAws) -> None:
    upload(running_server)
    ended = run_steps(running_server, step("ingest", request("fail.sh")))
    assert failure(ended) == ("ClientError: AlgorithmError: See job logs for more information, exit code: 3")
    assert job_log(running_server, "pipelines-")[-1] == "the flow is broken"


def test_engine_runs_data_wrangler_step_and_says_so(running_server: LocalAws) -> None:
    upload(running_server, **{"flow/abalone.flow": "{}"})
    argument = """--output-config '{"1.default": {"content_type": "CSV"}}'"""
    output = {"OutputName": "1.default", "AppManaged": True, "FeatureStoreOutput": {"FeatureGroupName": "FG"}}
    arguments = request(
        "report.py",
        AppSpecification={"ImageUri": DATA_WRANGLER, "ContainerArguments": [argument]},
        ProcessingOutputConfig={"Outputs": [output]},
        ProcessingInputs=[s3_input("flow", f"s3://{BUCKET}/flow/")],
    )
    ended = run_steps(running_server, step("ingest", arguments))
    assert ended["PipelineExecutionStatus"] == "Succeeded", ended
    remark, expected = job_log(running_server, "pipelines-")
    assert remark.startswith("local-aws: NOT the Data Wrangler container")
    assert json.loads(expected) == {"arguments": [argument], "outputs": [output]}


def test_data_wrangler_step_without_engine_fails_with_hint(server: LocalAws) -> None:
    server.set_steps("run")
    upload(server)
    arguments = request("report.py", AppSpecification={"ImageUri": DATA_WRANGLER})
    reason = failure(run_steps(server, step("ingest", arguments)))
    assert "hint: start local-aws with --ingest-features PATH" in reason


def test_runs_steps_in_order_of_dependencies(running_server: LocalAws) -> None:
    upload(running_server)
    outputs = "Steps.first.ProcessingOutputConfig.Outputs"
    ended = run_steps(
        running_server,
        step("third", request("report.py"), DependsOn=["second"]),
        step("second", request("report.py", {"Get": f"{outputs}['out'].S3Output.S3Uri"},
                               inputs=[s3_input("data", {"Get": f"{outputs}[0].S3Output.S3Uri"})])),
        step("first", request("report.py")),
    )  # fmt: skip
    assert ended["PipelineExecutionStatus"] == "Succeeded", ended
    assert [run["StepName"] for run in ended["Steps"]] == ["first", "second", "third"]
    started = [run["StartTime"] for run in ended["Steps"]]
    assert all(run["EndTime"] <= later for run, later in zip(ended["Steps"], started[1:], strict=False))


def test_starts_no_step_after_failure(running_server: LocalAws) -> None:
    upload(running_server)
    later = step("later", request("report.py"), DependsOn=["ingest"])
    ended = run_steps(running_server, step("ingest", request("fail.sh")), later)
    assert "AlgorithmError" in failure(ended)


def test_cyclic_steps_fail_execution(running_server: LocalAws) -> None:
    steps = [
        step("a", request("report.py"), DependsOn=["b"]),
        step("b", request("report.py"), DependsOn=["a"]),
    ]
    ended = run_steps(running_server, *steps)
    assert ended["PipelineExecutionStatus"] == "Failed"
    assert ended["FailureReason"] == "These steps wait for each other: a, b."


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ({"Std:JsonGet": {"PropertyFile": "p"}}, "does not implement the function Std:JsonGet"),
        ({"Std:Join": {"On": 1, "Values": []}}, "Std:Join requires"),
        ({"Std:Join": {"On": "-", "Values": [{"a": 1}]}}, "strings and numbers only"),
        ({"Std:Join": {"Values": []}, "Get": "Execution.PipelineName"}, "the function Std:Join"),
        ({"Get": "Execution.Weather"}, "cannot resolve 'Execution.Weather'"),
        ({"Get": "Steps.before.Nothing"}, "is not a property"),
        (7, "Invalid type for parameter AppSpecification.ContainerArguments[0]"),
        ({"Mystery": 1}, "Invalid type for parameter AppSpecification.ContainerArguments[0]"),
    ],
)
def test_unresolvable_arguments_fail_step(running_server: LocalAws, argument: Any, says: str) -> None:
    upload(running_server)
    before = step("before", request("report.py"))
    ended = run_steps(
        running_server, before, step("ingest", request("report.py", argument), DependsOn=["before"])
    )
    assert [run["StepStatus"] for run in ended["Steps"]] == ["Succeeded", "Failed"]
    assert says in ended["Steps"][1]["FailureReason"]


def test_step_of_other_type_fails(running_server: LocalAws) -> None:
    ended = run_steps(running_server, {"Name": "train", "Type": "Training", "Arguments": {}})
    assert failure(ended) == (
        "ClientError: local-aws runs steps of type Processing only, not of type Training"
    )


def test_refused_arguments_fail_step(running_server: LocalAws) -> None:
    arguments = request("report.py") | {"RoleArn": "arn:aws:iam::1:role/x"}
    reason = failure(run_steps(running_server, step("ingest", arguments)))
    assert reason.startswith(
        "ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: 1 vali"
    )
    assert "roleArn" in reason


def test_concurrent_executions_are_isolated(running_server: LocalAws) -> None:
    upload(running_server)
    arguments = request("report.py", {"Get": "Parameters.Number"})
    output = arguments["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
    output["S3Uri"] = {
        "Std:Join": {"On": "", "Values": [f"s3://{BUCKET}/out/", {"Get": "Parameters.Number"}]}
    }
    sagemaker = create_steps(
        running_server, step("ingest", arguments), parameters=[{"Name": "Number", "Type": "String"}]
    )
    arns = [start_steps(sagemaker, number, Number=f"{number}") for number in range(6)]
    assert {ended_execution(sagemaker, arn)["PipelineExecutionStatus"] for arn in arns} == {"Succeeded"}
    s3 = running_server.client("s3")
    for number in range(6):
        body = s3.get_object(Bucket=BUCKET, Key=f"out/{number}/report.json")["Body"].read()
        assert json.loads(body)["arguments"] == [f"{number}"]


def test_stopping_execution_stops_job(running_server: LocalAws) -> None:
    upload(running_server)
    later = step("later", request("report.py"), DependsOn=["ingest"])
    sagemaker = create_steps(running_server, step("ingest", request("wait.sh")), later)
    arn = start_steps(sagemaker)
    until(lambda: [line for line in job_log(running_server, "pipelines-") if line.startswith("running ")])
    assert [run["StepStatus"] for run in steps_of(sagemaker, arn)] == ["Executing"]
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="s" * 32)
    ended = ended_execution(sagemaker, arn)
    assert ended["PipelineExecutionStatus"] == "Stopped"
    [run] = ended["Steps"]
    assert run["StepStatus"] == "Stopped"
    job = sagemaker.list_processing_jobs()["ProcessingJobSummaries"][0]
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Stopped", "stopped\n")


def test_stopping_a_job_fails_its_step(running_server: LocalAws) -> None:
    upload(running_server)
    sagemaker = create_steps(running_server, step("ingest", request("wait.sh")))
    arn = start_steps(sagemaker)
    until(lambda: [line for line in job_log(running_server, "pipelines-") if line.startswith("running ")])
    [job] = sagemaker.list_processing_jobs()["ProcessingJobSummaries"]
    sagemaker.stop_processing_job(ProcessingJobName=job["ProcessingJobName"])
    assert failure(ended_execution(sagemaker, arn)) == "ClientError: the processing job was stopped"


POLICY = [{"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 2, "IntervalSeconds": 1, "BackoffRate": 1.5}]


def test_retries_throttled_step_per_policy(running_server: LocalAws) -> None:
    upload(running_server)
    running_server.faults.throttle("CreateProcessingJob", times=2)
    ended = run_steps(running_server, step("ingest", request("report.py"), RetryPolicies=POLICY))
    assert ended["PipelineExecutionStatus"] == "Succeeded", ended
    assert ended["Steps"][0]["AttemptCount"] == 3


@pytest.mark.parametrize(
    ("fault", "policy", "attempts"),
    [("throttle", POLICY, 3), ("throttle", None, 1), ("server_error", POLICY, 1)],
)
def test_step_fails_when_retries_are_used_up(
    running_server: LocalAws, fault: str, policy: Any, attempts: int
) -> None:
    upload(running_server)
    getattr(running_server.faults, fault)("CreateProcessingJob", times=3)
    policies = {"RetryPolicies": policy} if policy else {}
    ended = run_steps(running_server, step("ingest", request("report.py"), **policies))
    assert "Failed to invoke sagemaker:CreateProcessingJob" in failure(ended)
    assert ended["Steps"][0]["AttemptCount"] == attempts


def test_lists_steps_latest_first_and_paged(running_server: LocalAws) -> None:
    upload(running_server)
    sagemaker = create_steps(
        running_server, step("a", request("report.py")), step("b", request("report.py"), DependsOn=["a"])
    )
    arn = start_steps(sagemaker)
    ended_execution(sagemaker, arn)
    pages = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arn, PaginationConfig={"PageSize": 1}
    )
    names = [run["StepName"] for page in pages for run in page["PipelineExecutionSteps"]]
    assert names == ["b", "a"]


def test_holds_executions(running_server: LocalAws) -> None:
    running_server.set_steps("hold")
    sagemaker = create_steps(running_server, step("ingest", request("report.py")))
    arn = start_steps(sagemaker)
    running_server.set_steps("run")
    described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionStatus"] == "Executing"
    assert steps_of(sagemaker, arn) == []
    assert running_server.calls("CreateProcessingJob") == []
