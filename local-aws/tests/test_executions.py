"""Tests the operations on executions."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import DEFINITION, INPUT, ROLE, create_pipeline, send, start, token
from in_process import InProcess
from local_aws import LocalAws
from local_aws.protocol.errors import AwsError
from local_aws.services.sagemaker import executions
from waiting import until


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


def statuses(client: Any) -> list[str]:
    summaries = client.list_pipeline_executions(PipelineName="ingest")["PipelineExecutionSummaries"]
    return [item["PipelineExecutionStatus"] for item in summaries]


def test_describes_execution_as_started(server: LocalAws) -> None:
    client = create_pipeline(server, ParallelismConfiguration={"MaxParallelExecutionSteps": 2})
    arn = start(
        client,
        1,
        PipelineExecutionDisplayName="abalone-20261122",
        PipelineExecutionDescription="in/전복 1.csv",
    )
    described = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionStatus"] == "Executing"
    assert described["PipelineExecutionDisplayName"] == "abalone-20261122"
    assert described["PipelineExecutionDescription"] == "in/전복 1.csv"
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 2}
    assert described["PipelineArn"] == arn.partition("/execution/")[0]
    given = client.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
    assert given == [
        *INPUT,
        {"Name": "InstanceCount", "Value": "1"},
        {"Name": "Threshold", "Value": "0.5"},
        {"Name": "Verbose", "Value": "false"},
        {"Name": "Engine", "Value": "native"},
    ]


def test_held_execution_stays_executing_and_lists_no_steps(server: LocalAws) -> None:
    client = create_pipeline(server)
    arn = start(client, 1)
    assert client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"] == []
    assert statuses(client) == ["Executing"]


def test_unnamed_execution_gets_a_name(server: LocalAws) -> None:
    client = create_pipeline(server)
    described = client.describe_pipeline_execution(PipelineExecutionArn=start(client, 1))
    assert described["PipelineExecutionDisplayName"].startswith("execution-")


def test_token_starts_one_execution(server: LocalAws) -> None:
    client = create_pipeline(server)
    first = start(client, "a")
    assert start(client, "a") == first
    assert start(client, "a", "INGEST") == first
    assert start(client, "b") != first
    started = [call.started_execution for call in server.calls("StartPipelineExecution")]
    assert started[:3] == [first, None, None]
    assert len(statuses(client)) == 2


def test_token_is_scoped_to_pipeline(server: LocalAws) -> None:
    client = create_pipeline(server)
    create_pipeline(server, "other")
    assert start(client, "a") != start(client, "a", "other")


def test_reused_token_ignores_request_and_call_log_notes_it(server: LocalAws) -> None:
    client = create_pipeline(server)
    first = start(client, "a", PipelineExecutionDisplayName="one")
    assert start(client, "a", PipelineExecutionDisplayName="two") == first
    assert server.calls("StartPipelineExecution")[-1].notes == [
        "The token was first used with another PipelineExecutionDisplayName."
    ]
    assert (
        client.describe_pipeline_execution(PipelineExecutionArn=first)["PipelineExecutionDisplayName"]
        == "one"
    )


def test_concurrent_identical_requests_start_one_execution(server: LocalAws) -> None:
    create_pipeline(server)
    request = {"PipelineName": "ingest", "ClientRequestToken": token("same"), "PipelineParameters": INPUT}
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: send(server, "StartPipelineExecution", request), range(64)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["PipelineExecutionArn"] for answer in answers}) == 1
    assert sum(call.started_execution is not None for call in server.calls("StartPipelineExecution")) == 1


def test_refused_start_does_not_use_up_token(server: LocalAws) -> None:
    client = create_pipeline(server)
    with refused("ValidationException"):
        start(client, "a", PipelineParameters=[])
    assert start(client, "a")


def test_refuses_unknown_parameters_by_name(server: LocalAws) -> None:
    client = create_pipeline(server)
    extra = [*INPUT, {"Name": "InputDataURL", "Value": "x"}, {"Name": "Colour", "Value": "y"}]
    with refused("ValidationException") as error:
        start(client, 1, PipelineParameters=extra)
    assert "[InputDataURL, Colour]" in str(error.value)
    assert statuses(client) == []


def test_requires_parameter_without_default(server: LocalAws) -> None:
    client = create_pipeline(server)
    with refused("ValidationException") as error:
        start(client, 1, PipelineParameters=[{"Name": "InstanceCount", "Value": "2"}])
    assert "[InputDataUrl]" in str(error.value)


def test_refuses_duplicate_parameter(server: LocalAws) -> None:
    client = create_pipeline(server)
    with refused("ValidationException") as error:
        start(client, 1, PipelineParameters=[*INPUT, *INPUT])
    assert "[InputDataUrl] are given more than once" in str(error.value)


@pytest.mark.parametrize(
    ("name", "legal", "illegal"),
    [
        ("InstanceCount", ["0", "-3", "+7", "007"], ["", "one", "1.0", "1e3", " 1", "1\n", "٣"]),
        ("Threshold", ["0", "-0.5", ".5", "5.", "1e-3"], ["", "half", "NaN", "Infinity", "1,5", "0x1"]),
        ("Verbose", ["true", "false", "True"], ["", "yes", "1", "truee"]),
        ("Engine", ["native", "data-wrangler"], ["", "Native", "spark"]),
        ("InputDataUrl", ["", "s3://b/키 +%20😀"], []),
    ],
)
def test_refuses_value_of_wrong_type(
    server: LocalAws, name: str, legal: list[str], illegal: list[str]
) -> None:
    client = create_pipeline(server)

    def with_value(value: str) -> list[dict[str, str]]:
        others = [] if name == "InputDataUrl" else INPUT
        return [*others, {"Name": name, "Value": value}]

    for value in legal:
        arn = start(client, f"{name}{legal.index(value)}", PipelineParameters=with_value(value))
        given = client.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
        assert {"Name": name, "Value": value} in given
    for value in illegal:
        with refused("ValidationException") as error:
            start(client, "x", PipelineParameters=with_value(value))
        assert f"[{name}]" in str(error.value)


def test_limits_concurrent_executions(server: LocalAws) -> None:
    client = create_pipeline(server)
    server.set_max_executions(2)
    first, _ = start(client, 1), start(client, 2)
    with pytest.raises(client.exceptions.ResourceLimitExceeded) as error:
        start(client, 3)
    assert "is 2 Executions, with current utilization of 2 Executions and a request delta of 1" in str(
        error.value
    )
    # A repeated request with the same token does not count.
    assert start(client, 1) == first
    client.stop_pipeline_execution(PipelineExecutionArn=first)
    wait_for(client, first, "Stopped")
    assert start(client, 3)


def test_default_limit_is_twenty(server: LocalAws) -> None:
    client = create_pipeline(server)
    for number in range(20):
        start(client, number)
    with refused("ResourceLimitExceeded"):
        start(client, 20)
    # The limit applies to all pipelines of a region.
    create_pipeline(server, "other")
    with refused("ResourceLimitExceeded"):
        start(client, 20, "other")
    server.set_max_executions(21)
    assert start(client, 20, "other")


def wait_for(client: Any, arn: str, wanted: str) -> None:
    until(
        lambda: (
            client.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"] == wanted
        )
    )


def test_stopping_execution_counts_until_stopped(
    sagemaker: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executions, "STOPPING_SECONDS", 3600)
    store = sagemaker.backend.store
    store.max_concurrent_executions = 1
    sagemaker("CreatePipeline", PipelineName="ingest", PipelineDefinition=DEFINITION, RoleArn=ROLE,
              ClientRequestToken=token())  # fmt: skip
    request = {"PipelineName": "ingest", "PipelineParameters": INPUT}
    arn = sagemaker("StartPipelineExecution", **request, ClientRequestToken=token(1))["PipelineExecutionArn"]

    def status() -> Any:
        described = sagemaker("DescribePipelineExecution", PipelineExecutionArn=arn)
        return described["PipelineExecutionStatus"]

    sagemaker("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=token("s"))
    executions.settle(store, time.time())
    assert status() == "Stopping"
    with pytest.raises(AwsError) as limit:
        sagemaker("StartPipelineExecution", **request, ClientRequestToken=token(2))
    assert limit.value.code == "ResourceLimitExceeded"
    executions.settle(store, time.time() + 3600)
    assert status() == "Stopped"
    assert sagemaker("StartPipelineExecution", **request, ClientRequestToken=token(2))


def test_stop_completes_and_happens_once(server: LocalAws) -> None:
    client = create_pipeline(server)
    arn = start(client, 1)
    stopped = client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=token("s"))
    assert stopped["PipelineExecutionArn"] == arn
    wait_for(client, arn, "Stopped")
    # The same token is the same request. Another one stops an execution that does not run.
    client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=token("s"))
    with refused("ConflictException") as error:
        client.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert "Stopped" in str(error.value)


def test_renames_execution(server: LocalAws) -> None:
    client = create_pipeline(server)
    arn = start(client, 1)
    client.update_pipeline_execution(PipelineExecutionArn=arn, PipelineExecutionDisplayName="renamed")
    described = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionDisplayName"] == "renamed"


def test_pages_and_sorts_executions(server: LocalAws) -> None:
    client = create_pipeline(server)
    arns = [start(client, number) for number in range(5)]

    def listed(**request: Any) -> list[str]:
        pages = client.get_paginator("list_pipeline_executions").paginate(PipelineName="ingest", **request)
        return [item["PipelineExecutionArn"] for page in pages for item in page["PipelineExecutionSummaries"]]

    assert listed(PaginationConfig={"PageSize": 2}) == arns[::-1]
    assert listed(SortOrder="Ascending", PaginationConfig={"PageSize": 3}) == arns
    by_arn = listed(SortBy="PipelineExecutionArn", SortOrder="Ascending", PaginationConfig={"PageSize": 1})
    assert by_arn == sorted(arns)
    assert listed(CreatedBefore=0.0) == []


def test_pages_parameters(server: LocalAws) -> None:
    client = create_pipeline(server)
    arn = start(client, 1)
    pages = client.get_paginator("list_pipeline_parameters_for_execution").paginate(
        PipelineExecutionArn=arn, PaginationConfig={"PageSize": 2}
    )
    names = [[item["Name"] for item in page["PipelineParameters"]] for page in pages]
    assert names == [["InputDataUrl", "InstanceCount"], ["Threshold", "Verbose"], ["Engine"]]


def test_adds_and_removes_tags(server: LocalAws) -> None:
    client = create_pipeline(server, Tags=[{"Key": "sagemaker:project-name", "Value": "전복"}])
    arn = client.describe_pipeline(PipelineName="ingest")["PipelineArn"]
    added = client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    assert {tag["Key"] for tag in added["Tags"]} == {"sagemaker:project-name", "a", "b"}
    client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    client.delete_tags(ResourceArn=arn, TagKeys=["b", "none"])
    assert client.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "a", "Value": "2"},
        {"Key": "sagemaker:project-name", "Value": "전복"},
    ]


def test_enforces_limits_of_tags(server: LocalAws) -> None:
    client = create_pipeline(server, Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])
    arn = client.describe_pipeline(PipelineName="ingest")["PipelineArn"]
    for tags in (
        [{"Key": "one more", "Value": ""}],
        [{"Key": "aws:x", "Value": ""}],
        [{"Key": "k*", "Value": ""}],
    ):
        with refused("ValidationException"):
            client.add_tags(ResourceArn=arn, Tags=tags)
    with refused("ValidationException"):
        client.add_tags(ResourceArn=arn, Tags=[{"Key": "k1", "Value": "a"}, {"Key": "k1", "Value": "b"}])
    with refused("ValidationException"):
        client.list_tags(ResourceArn=f"{arn}-none")
