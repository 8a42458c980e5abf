"""Tests CodePipeline: a push starts a build, one at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from test_codebuild import ENVIRONMENT

from local_aws import LocalAws
from provisioning import ROLE, commit_and_push, create_stack
from waiting import until

BUILDSPEC = "version: 0.2\nphases: {build: {commands: [cat said.txt]}}\n"
# Runs until the file is in S3.
WAITING = """version: 0.2
phases: {build: {commands: ["until aws s3 ls s3://artifacts/go; do sleep 0.1; done"]}}
"""


def declaration(**changes: Any) -> dict[str, Any]:
    source = {
        "name": "Source",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"},
        "outputArtifacts": [{"name": "Code"}],
        "configuration": {"RepositoryName": "project", "BranchName": "main", "PollForSourceChanges": "false"},
    }
    build = {
        "name": "Build",
        "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
        "inputArtifacts": [{"name": "Code"}],
        "configuration": {"ProjectName": "build"},
    }
    return {
        "name": "push-to-build-pipeline",
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": [{"name": "Source", "actions": [source]}, {"name": "Build", "actions": [build]}],
        "executionMode": "SUPERSEDED",
        "pipelineType": "V2",
        **changes,
    }


@pytest.fixture
def pipeline(server: LocalAws, tmp_path: Path) -> Any:
    """Create a pipeline, and wait for its first execution. Returns a client."""
    server.client("s3").create_bucket(Bucket="artifacts")
    server.client("codecommit").create_repository(repositoryName="project")
    commit_and_push(server, tmp_path, "project", {"buildspec.yml": BUILDSPEC, "said.txt": "hello"})
    server.client("codebuild").create_project(
        name="build",
        source={"type": "CODEPIPELINE"},
        artifacts={"type": "CODEPIPELINE"},
        environment=ENVIRONMENT,
        serviceRole=ROLE,
    )
    client = server.client("codepipeline")
    client.create_pipeline(pipeline=declaration())
    ended(client, 1)
    return client


def ended(client: Any, count: int) -> list[dict[str, Any]]:
    """Wait until ``count`` executions have ended, and return them, latest first."""

    def look() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = client.list_pipeline_executions(pipelineName=declaration()["name"])[
            "pipelineExecutionSummaries"
        ]
        done = len(found) == count and all(each["status"] != "InProgress" for each in found)
        return found if done else None

    return until(look)


def test_pipeline_runs_when_created(server: LocalAws, pipeline: Any) -> None:
    [execution] = ended(pipeline, 1)
    assert (execution["status"], execution["trigger"]["triggerType"]) == ("Succeeded", "CreatePipeline")
    [key] = [item["Key"] for item in server.client("s3").list_objects_v2(Bucket="artifacts")["Contents"]]
    assert key.startswith("push-to-build-pipeli/Code/")
    state = pipeline.get_pipeline_state(name=declaration()["name"])["stageStates"]
    assert [stage["latestExecution"]["status"] for stage in state] == ["Succeeded", "Succeeded"]
    build_id = state[1]["actionStates"][0]["latestExecution"]["externalExecutionId"]
    [build] = server.client("codebuild").batch_get_builds(ids=[build_id])["builds"]
    assert build["initiator"] == "codepipeline/push-to-build-pipeline"
    logs = server.client("logs").get_log_events(
        logGroupName=build["logs"]["groupName"], logStreamName=build["logs"]["streamName"]
    )
    assert "hello" in [event["message"] for event in logs["events"]]


def test_rule_starts_pipeline_on_push(server: LocalAws, pipeline: Any, tmp_path: Path) -> None:
    arn = f"arn:aws:codepipeline:us-east-1:000000000000:{declaration()['name']}"
    events = server.client("events")
    events.put_rule(Name="pushes", EventPattern=json.dumps({"source": ["aws.codecommit"]}))
    events.put_targets(Rule="pushes", Targets=[{"Id": "build", "Arn": arn, "RoleArn": ROLE}])
    commit = commit_and_push(server, tmp_path, "project", {"said.txt": "again"})
    latest = ended(pipeline, 2)[0]
    assert (latest["status"], latest["trigger"]["triggerType"]) == ("Succeeded", "CloudWatchEvent")
    assert latest["sourceRevisions"][0]["revisionId"] == commit


def test_failed_build_fails_execution_with_reason(server: LocalAws, pipeline: Any, tmp_path: Path) -> None:
    commit_and_push(server, tmp_path, "project", {"buildspec.yml": BUILDSPEC.replace("said", "unsaid")})
    execution_id = pipeline.start_pipeline_execution(name=declaration()["name"])["pipelineExecutionId"]
    assert ended(pipeline, 2)[0]["status"] == "Failed"
    execution = pipeline.get_pipeline_execution(
        pipelineName=declaration()["name"], pipelineExecutionId=execution_id
    )["pipelineExecution"]
    assert "Error while executing command: cat unsaid.txt" in execution["statusSummary"]


def test_missing_branch_fails_source_by_name(pipeline: Any) -> None:
    changed = declaration()
    changed["stages"][0]["actions"][0]["configuration"]["BranchName"] = "missing"
    assert pipeline.update_pipeline(pipeline=changed)["pipeline"]["version"] == 2
    pipeline.start_pipeline_execution(name=changed["name"])
    latest = ended(pipeline, 2)[0]
    assert latest["status"] == "Failed"
    assert "Branch missing does not exist" in latest["statusSummary"]


def test_newest_waiting_execution_supersedes_others(server: LocalAws, pipeline: Any, tmp_path: Path) -> None:
    commit_and_push(server, tmp_path, "project", {"buildspec.yml": WAITING})
    name = declaration()["name"]

    def status(execution: str) -> str:
        answer = pipeline.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)
        return str(answer["pipelineExecution"]["status"])

    def builds_is_entered() -> bool:
        state = pipeline.get_pipeline_state(name=name)["stageStates"][1]["latestExecution"]
        return bool(state["pipelineExecutionId"] == first)

    first = pipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]
    until(builds_is_entered)
    second = pipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]
    until(lambda: len(server.client("s3").list_objects_v2(Bucket="artifacts")["Contents"]) == 3)
    third = pipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]
    until(lambda: status(second) == "Superseded")
    assert (status(first), status(third)) == ("InProgress", "InProgress")
    server.client("s3").put_object(Bucket="artifacts", Key="go", Body=b"")
    ended(pipeline, 4)
    assert (status(first), status(second), status(third)) == ("Succeeded", "Superseded", "Succeeded")


def test_same_token_starts_one_execution(pipeline: Any) -> None:
    first, second = (
        pipeline.start_pipeline_execution(name=declaration()["name"], clientRequestToken="t")[
            "pipelineExecutionId"
        ]
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"executionMode": "PARALLEL"}, "execution mode PARALLEL"),
        ({"stages": declaration()["stages"][:1]}, "at least 2 stages"),
        ({"variables": [{"name": "v"}]}, "does not implement variables"),
    ],
)
def test_refuses_unsupported_features_by_name(
    server: LocalAws, changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ClientError, match=expected):
        server.client("codepipeline").create_pipeline(pipeline=declaration(**changes))


def test_refuses_source_behind_connection_by_name(server: LocalAws) -> None:
    changed = declaration()
    changed["stages"][0]["actions"][0]["actionTypeId"]["provider"] = "CodeStarSourceConnection"
    with pytest.raises(ClientError, match="does not implement the provider CodeStarSourceConnection"):
        server.client("codepipeline").create_pipeline(pipeline=changed)


def test_cloudformation_creates_and_deletes_pipeline(server: LocalAws) -> None:
    properties = capitalised(declaration())
    made = create_stack(
        server, {"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}}
    )
    assert made == "CREATE_COMPLETE"
    client = server.client("codepipeline")
    assert [each["name"] for each in client.list_pipelines()["pipelines"]] == [declaration()["name"]]
    server.client("cloudformation").delete_stack(StackName="stack")
    until(lambda: client.list_pipelines()["pipelines"] == [])


def capitalised(value: Any) -> Any:
    """Returns members with the spelling of CloudFormation properties."""
    if isinstance(value, list):
        return [capitalised(item) for item in value]
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: capitalised(item) for name, item in value.items()}
    return value
