"""Tests CodeBuild."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws
from provisioning import ROLE, create_stack, failures
from waiting import until

ENVIRONMENT = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}


def create(server: LocalAws, buildspec: str, **members: Any) -> Any:
    client = server.client("codebuild")
    request = {
        "name": "build",
        "source": {"type": "NO_SOURCE", "buildspec": textwrap.dedent(buildspec)},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": ENVIRONMENT,
        "serviceRole": ROLE,
        **members,
    }
    client.create_project(**request)
    return client


def ended(client: Any, build_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        [build] = client.batch_get_builds(ids=[build_id])["builds"]
        return build if build["buildComplete"] else None

    return until(look)


def run(server: LocalAws, buildspec: str, **members: Any) -> tuple[dict[str, Any], list[str]]:
    """Returns the build and the lines of its log, without those of CodeBuild."""
    client = create(server, buildspec, **members)
    build = ended(client, client.start_build(projectName="build")["build"]["id"])
    events = server.client("logs").get_log_events(
        logGroupName=build["logs"]["groupName"], logStreamName=build["logs"]["streamName"]
    )["events"]
    lines = [event["message"] for event in events]
    return build, [line for line in lines if not line.startswith("[Container]")]


def statuses(build: dict[str, Any]) -> dict[str, str]:
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}


def test_commands_share_shell_state(server: LocalAws) -> None:
    build, lines = run(
        server,
        """
        version: 0.2
        env: {variables: {GREETING: hello, OWN: from-the-buildspec}}
        phases:
          install:
            commands:
              - later="$GREETING $OWN"
              - greet() { echo "$later"; }
              - mkdir inside && cd inside
          build:
            commands:
              - greet
              - basename "$PWD"
              - |
                if true; then
                  echo "$AWS_REGION $AWS_DEFAULT_REGION"
                fi
        """,
        environment={**ENVIRONMENT, "environmentVariables": [{"name": "OWN", "value": "from-the-project"}]},
    )
    assert build["buildStatus"] == "SUCCEEDED"
    assert lines[:2] == ["hello from-the-project", "inside"]
    assert lines[-1] == "us-east-1 us-east-1"


def test_aws_cli_uses_this_server(server: LocalAws) -> None:
    server.client("s3").create_bucket(Bucket="found-by-the-build")
    spec = """
        version: 0.2
        phases: {build: {commands: [aws s3 ls]}}
        """
    build, lines = run(server, spec)
    assert build["buildStatus"] == "SUCCEEDED"
    assert lines[0].endswith("found-by-the-build")


@pytest.mark.parametrize(
    ("on_failure", "reached"),
    [("on-failure: ABORT", False), ("on-failure: CONTINUE", True), ("finally: [echo cleaned]", False)],
)
def test_failed_install_phase_ends_build_unless_it_continues(
    server: LocalAws, on_failure: str, reached: bool
) -> None:
    build, lines = run(
        server,
        f"""
        version: 0.2
        phases:
          install:
            {on_failure}
            commands:
              - echo before; exit 3
              - echo never
          build:
            commands: [echo build]
        """,
    )
    assert build["buildStatus"] == "FAILED"
    assert statuses(build)["INSTALL"] == "FAILED"
    [context] = next(phase for phase in build["phases"] if phase["phaseType"] == "INSTALL")["contexts"]
    assert context["message"].endswith("exit status 3")
    assert lines == [
        "before",
        *(["cleaned"] if "finally" in on_failure else []),
        *(["build"] if reached else []),
    ]


def test_runs_post_build_after_failed_build_phase(server: LocalAws) -> None:
    build, lines = run(
        server,
        """
        version: 0.2
        phases:
          build: {commands: ["false"]}
          post_build: {commands: ["echo succeeding: $CODEBUILD_BUILD_SUCCEEDING"]}
        """,
    )
    assert (build["buildStatus"], lines) == ("FAILED", ["succeeding: 0"])


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("version: 0.1\nphases: {build: {commands: [ls]}}", "version must be 0.2"),
        ("version: 0.2\nphases: {build: {commands: ls}}", "must be a list of strings"),
        ("version: 0.2\nphases: {deploy: {commands: [ls]}}", "unknown phases: deploy"),
        (
            "version: 0.2\nreports: {}\nphases: {build: {commands: [ls]}}",
            "does not implement the section reports",
        ),
        (
            "version: 0.2\nphases: {build: {on-failure: RETRY, commands: [ls]}}",
            "does not implement on-failure RETRY",
        ),
        ("version: [\nphases", "YAML_FILE_ERROR"),
    ],
)
def test_unsupported_buildspec_fails_build_with_reason(server: LocalAws, spec: str, expected: str) -> None:
    build, _ = run(server, f"{spec}\n")
    assert build["buildStatus"] == "FAILED"
    [context] = next(phase for phase in build["phases"] if phase["phaseType"] == "DOWNLOAD_SOURCE")[
        "contexts"
    ]
    assert expected in f"{context['statusCode']}: {context['message']}"


def test_stopping_a_build_ends_its_children(server: LocalAws) -> None:
    spec = """
        version: 0.2
        phases: {build: {commands: ["(sleep 3600 &) ; sleep 3600"]}}
        """
    client = create(server, spec)
    build_id = client.start_build(projectName="build")["build"]["id"]
    until(lambda: client.batch_get_builds(ids=[build_id])["builds"][0]["currentPhase"] == "BUILD")
    client.stop_build(id=build_id)
    assert ended(client, build_id)["buildStatus"] == "STOPPED"
    assert client.list_builds_for_project(projectName="build")["ids"] == [build_id]


def test_refuses_unimplemented_features_by_name(server: LocalAws) -> None:
    client = server.client("codebuild")
    with pytest.raises(ClientError, match="does not implement codebuild:ListReports"):
        client.list_reports()
    with pytest.raises(ClientError, match="does not implement the member cache"):
        create(server, "version: 0.2\n", cache={"type": "NO_CACHE"})
    with pytest.raises(ClientError, match="source type GITHUB"):
        create(server, "version: 0.2\n", source={"type": "GITHUB", "location": "https://x.example/y"})


def test_service_role_must_trust_codebuild(auth_server: LocalAws) -> None:
    iam = auth_server.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="service", AssumeRolePolicyDocument=document)
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        create(auth_server, "version: 0.2\n")


def test_cloudformation_creates_updates_and_deletes_project(server: LocalAws) -> None:
    properties = {
        "Name": "build",
        "ServiceRole": ROLE,
        "Source": {"Type": "NO_SOURCE", "BuildSpec": "version: 0.2\nphases: {build: {commands: [ls]}}\n"},
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "TimeoutInMinutes": "15",
        "Environment": {
            "Type": "LINUX_CONTAINER",
            "Image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "EnvironmentVariables": [{"Name": "NUMBER", "Value": 7}],
        },
    }
    assert create_stack(server, {"Build": {"Type": "AWS::CodeBuild::Project", "Properties": properties}}) == (
        "CREATE_COMPLETE"
    )
    [project] = server.client("codebuild").batch_get_projects(names=["build"])["projects"]
    assert project["timeoutInMinutes"] == 15
    assert project["environment"]["environmentVariables"][0]["value"] == "7"


def test_unknown_property_fails_stack_by_name(server: LocalAws) -> None:
    properties = {"Name": "build", "VpcConfig": {"VpcId": "vpc-1"}}
    create_stack(server, {"Build": {"Type": "AWS::CodeBuild::Project", "Properties": properties}})
    assert "does not implement the properties VpcConfig of AWS::CodeBuild::Project" in failures(server)
