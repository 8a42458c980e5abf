"""Tests the operations on pipelines."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import DEFINITION, FIXTURES, ROLE, create_pipeline, send, start, token
from local_aws import LocalAws
from local_aws.protocol.errors import AwsError
from local_aws.services.sagemaker.definition import parse_definition
from waiting import until

ARN = "arn:aws:sagemaker:us-east-1:000000000000:pipeline"


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


def test_arn_is_lower_case_and_name_is_not(server: LocalAws) -> None:
    client = create_pipeline(server, "Ingest-Abalone")
    for name in ("Ingest-Abalone", "ingest-abalone", f"{ARN}/ingest-abalone", f"{ARN}/Ingest-Abalone"):
        described = client.describe_pipeline(PipelineName=name)
        assert described["PipelineArn"] == f"{ARN}/ingest-abalone"
        assert described["PipelineName"] == "Ingest-Abalone"
    assert start(client, 1, f"{ARN}/ingest-abalone").startswith(f"{ARN}/ingest-abalone/execution/")


def test_describes_pipeline_as_created(server: LocalAws) -> None:
    client = create_pipeline(
        server,
        PipelineDisplayName="Abalone",
        PipelineDescription="전복",
        ParallelismConfiguration={"MaxParallelExecutionSteps": 3},
    )
    described = client.describe_pipeline(PipelineName="ingest")
    assert described["PipelineDefinition"] == DEFINITION
    assert described["PipelineDisplayName"] == "Abalone"
    assert described["PipelineDescription"] == "전복"
    assert described["RoleArn"] == ROLE
    assert described["PipelineStatus"] == "Active"
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 3}
    assert described["CreatedBy"]["IamIdentity"]["Arn"] == "arn:aws:iam::000000000000:root"
    assert "LastRunTime" not in described
    start(client, 1)
    assert "LastRunTime" in client.describe_pipeline(PipelineName="ingest")


def test_answers_have_only_modelled_members(server: LocalAws) -> None:
    create_pipeline(server)
    body = send(server, "DescribePipeline", {"PipelineName": "ingest"}).body
    assert isinstance(body["CreationTime"], float)
    assert set(body) <= {
        "PipelineArn", "PipelineName", "PipelineDisplayName", "PipelineDefinition", "RoleArn",
        "PipelineStatus", "CreationTime", "LastModifiedTime", "CreatedBy", "LastModifiedBy",
    }  # fmt: skip


def test_refuses_duplicate_name_ignoring_case(server: LocalAws) -> None:
    create_pipeline(server, "Ingest")
    for name in ("Ingest", "ingest"):
        with refused("ValidationException") as error:
            create_pipeline(server, name)
        assert "Pipeline names must be unique within an AWS account and region" in str(error.value)
        assert "already exists" in str(error.value)


def test_create_with_same_token_returns_same_answer(server: LocalAws) -> None:
    first = {
        "PipelineName": "a",
        "PipelineDefinition": DEFINITION,
        "RoleArn": ROLE,
        "ClientRequestToken": token(),
    }
    assert send(server, "CreatePipeline", first).body == send(server, "CreatePipeline", first).body
    other = send(server, "CreatePipeline", {**first, "PipelineDescription": "another"})
    assert other.code == "ValidationException"


def test_reads_definition_from_s3(server: LocalAws) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="definitions")
    s3.put_object(Bucket="definitions", Key="정의/pipeline.json", Body=DEFINITION)
    client = server.client("sagemaker")
    location = {"Bucket": "definitions", "ObjectKey": "정의/pipeline.json"}
    client.create_pipeline(PipelineName="ingest", PipelineDefinitionS3Location=location, RoleArn=ROLE)
    assert client.describe_pipeline(PipelineName="ingest")["PipelineDefinition"] == DEFINITION
    with refused("ValidationException"):
        client.update_pipeline(
            PipelineName="ingest", PipelineDefinitionS3Location={"Bucket": "definitions", "ObjectKey": "none"}
        )


def test_requires_one_definition(server: LocalAws) -> None:
    client = server.client("sagemaker")
    with refused("ValidationException"):
        client.create_pipeline(PipelineName="ingest", RoleArn=ROLE)
    with refused("ValidationException"):
        client.create_pipeline(
            PipelineName="ingest",
            RoleArn=ROLE,
            PipelineDefinition=DEFINITION,
            PipelineDefinitionS3Location={"Bucket": "definitions", "ObjectKey": "k"},
        )


def test_update_changes_given_members_and_version(server: LocalAws) -> None:
    client = create_pipeline(server, PipelineDescription="first")
    execution = start(client, 1)
    changed = DEFINITION.replace('"Ingest"', '"Renamed"')
    updated = client.update_pipeline(PipelineName="ingest", PipelineDefinition=changed)
    assert updated["PipelineVersionId"] == 2
    described = client.describe_pipeline(PipelineName="ingest")
    assert described["PipelineDefinition"] == changed
    assert described["PipelineDescription"] == "first"
    assert described["LastModifiedTime"] > described["CreationTime"]
    # A running execution keeps its definition.
    started_with = client.describe_pipeline_definition_for_execution(PipelineExecutionArn=execution)
    assert started_with["PipelineDefinition"] == DEFINITION


def test_invalid_update_changes_nothing(server: LocalAws) -> None:
    client = create_pipeline(server)
    with refused("ValidationException"):
        client.update_pipeline(PipelineName="ingest", PipelineDefinition="{}", PipelineDescription="new")
    assert "PipelineDescription" not in client.describe_pipeline(PipelineName="ingest")


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("describe_pipeline", {"PipelineName": "none"}),
        ("update_pipeline", {"PipelineName": "none"}),
        ("delete_pipeline", {"PipelineName": "none"}),
        ("list_pipeline_executions", {"PipelineName": "none"}),
        ("start_pipeline_execution", {"PipelineName": "none"}),
        ("describe_pipeline_execution", {"PipelineExecutionArn": f"{ARN}/none/execution/abc"}),
        ("stop_pipeline_execution", {"PipelineExecutionArn": f"{ARN}/none/execution/abc"}),
        ("describe_pipeline", {"PipelineName": "arn:aws:sagemaker:eu-west-1:000000000000:pipeline/ingest"}),
        ("describe_pipeline", {"PipelineName": "arn:aws:sagemaker:us-east-1:111111111111:pipeline/ingest"}),
        (
            "describe_pipeline",
            {"PipelineName": "arn:aws-cn:sagemaker:us-east-1:000000000000:pipeline/ingest"},
        ),
    ],
)
def test_unknown_resources_are_not_found(server: LocalAws, operation: str, arguments: dict[str, str]) -> None:
    client = create_pipeline(server)
    with pytest.raises(client.exceptions.ResourceNotFound, match="does not exist"):
        getattr(client, operation)(**arguments)


def test_regions_are_separate(server: LocalAws) -> None:
    create_pipeline(server)
    elsewhere = server.client("sagemaker", region_name="ap-northeast-2")
    assert elsewhere.list_pipelines()["PipelineSummaries"] == []
    with refused("ResourceNotFound"):
        elsewhere.describe_pipeline(PipelineName="ingest")


def test_deletes_pipeline_only_when_nothing_runs(server: LocalAws) -> None:
    client = create_pipeline(server)
    execution = start(client, 1)
    with pytest.raises(client.exceptions.ConflictException, match=execution):
        client.delete_pipeline(PipelineName="ingest")
    client.stop_pipeline_execution(PipelineExecutionArn=execution)
    until(
        lambda: (
            client.describe_pipeline_execution(PipelineExecutionArn=execution)["PipelineExecutionStatus"]
            == "Stopped"
        )
    )
    deleted = client.delete_pipeline(PipelineName="Ingest", ClientRequestToken=token("d"))
    assert deleted["PipelineArn"] == f"{ARN}/ingest"
    # The same token is the same deletion. Another one deletes a missing pipeline.
    assert client.delete_pipeline(PipelineName="Ingest", ClientRequestToken=token("d"))["PipelineArn"]
    with refused("ResourceNotFound"):
        client.delete_pipeline(PipelineName="Ingest")
    with refused("ResourceNotFound"):
        client.describe_pipeline_execution(PipelineExecutionArn=execution)


def test_pages_sorts_and_filters_lists(server: LocalAws) -> None:
    client = server.client("sagemaker")
    for name in ("b1", "a1", "c1", "a2", "A3"):
        create_pipeline(server, name)

    def names(**request: Any) -> list[str]:
        pages = client.get_paginator("list_pipelines").paginate(**request)
        return [item["PipelineName"] for page in pages for item in page["PipelineSummaries"]]

    assert names() == ["A3", "a2", "c1", "a1", "b1"]
    assert names(SortOrder="Ascending", PaginationConfig={"PageSize": 2}) == ["b1", "a1", "c1", "a2", "A3"]
    by_name = names(SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 1})
    assert by_name == ["a1", "a2", "A3", "b1", "c1"]
    assert names(PipelineNamePrefix="a", SortBy="Name", PaginationConfig={"PageSize": 2}) == [
        "A3",
        "a2",
        "a1",
    ]
    created = client.describe_pipeline(PipelineName="c1")["CreationTime"]
    assert names(CreatedAfter=created + timedelta(milliseconds=1)) == ["A3", "a2"]
    assert names(CreatedBefore=created - timedelta(milliseconds=1)) == ["a1", "b1"]
    assert names(CreatedAfter=datetime(2100, 1, 1)) == []


def test_page_continues_after_items_are_added_and_removed(server: LocalAws) -> None:
    client = server.client("sagemaker")
    for name in ("p1", "p2", "p3", "p4"):
        create_pipeline(server, name)
    first = client.list_pipelines(MaxResults=2)
    assert [item["PipelineName"] for item in first["PipelineSummaries"]] == ["p4", "p3"]
    create_pipeline(server, "p5")
    client.delete_pipeline(PipelineName="p3")
    second = client.list_pipelines(MaxResults=2, NextToken=first["NextToken"])
    assert [item["PipelineName"] for item in second["PipelineSummaries"]] == ["p2", "p1"]
    assert "NextToken" not in second


@pytest.mark.parametrize("next_token", ["nonsense", "", "WzFd", "bnVsbA=="])
def test_refuses_invalid_page_token(server: LocalAws, next_token: str) -> None:
    create_pipeline(server)
    with refused("ValidationException"):
        server.client("sagemaker").list_pipelines(NextToken=next_token)


def test_refuses_page_token_of_other_request(server: LocalAws) -> None:
    client = server.client("sagemaker")
    for name in ("a1", "a2"):
        create_pipeline(server, name)
    next_token = client.list_pipelines(MaxResults=1)["NextToken"]
    with refused("ValidationException"):
        client.list_pipelines(MaxResults=1, NextToken=next_token, SortBy="Name")


BAD_DEFINITIONS = json.loads((FIXTURES / "bad_definitions.json").read_text())


@pytest.mark.parametrize("case", BAD_DEFINITIONS, ids=lambda case: case["why"])
def test_refuses_invalid_definition(case: dict[str, Any]) -> None:
    definition = case["definition"]
    text = definition if isinstance(definition, str) else json.dumps(definition)
    with pytest.raises(AwsError) as refusal:
        parse_definition(text)
    assert refusal.value.code == "ValidationException"
    assert refusal.value.message.startswith("Unable to parse pipeline definition. ")
    assert case["says"] in refusal.value.message


@pytest.mark.parametrize("depth", [100, 400, 900, 5000])
def test_limits_nesting_of_definition(depth: int) -> None:
    nested = '{"a": ' * depth + '{"Get": "Parameters.None"}' + "}" * depth
    step = f'{{"Name": "a", "Type": "Processing", "Arguments": {nested}}}'
    with pytest.raises(AwsError, match="Unable to parse pipeline definition"):
        parse_definition(f'{{"Version": "2020-12-01", "Steps": [{step}]}}')


def test_counts_steps_in_branches(server: LocalAws) -> None:
    step = {"Name": "Ingest", "Type": "Processing", "Arguments": {}}
    branches = {"Conditions": [], "IfSteps": [step], "ElseSteps": [{**step, "Name": "Other"}]}
    definition = {
        "Version": "2020-12-01",
        "Steps": [{"Name": "Check", "Type": "Condition", "Arguments": branches}],
    }
    assert parse_definition(json.dumps(definition)).step_names == ("Check", "Ingest", "Other")
    create_pipeline(server, PipelineDefinition=json.dumps(definition))
