"""A project's build: the buildspec's own commands in a clean folder, with CodeBuild's variables."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from local_aws.launcher import LocalAws
from observe import eventually, executions, input_url
from project import PIPELINE, build, checkout, defaults, deployed, stage, variables
from wiring import wire


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return checkout(tmp_path / "repository with a space")


def test_the_first_build_makes_the_pipeline_and_a_second_one_changes_nothing(
    aws: LocalAws, cli: Path, folder: Path
) -> None:
    environment = variables(aws, **stage(aws, cli))
    first = build(folder, environment)
    assert first.returncode == 0, first.stdout
    pipeline = deployed(aws)
    assert defaults(pipeline["Definition"])["FeatureGroupName"] == "FG-abalone"
    [step] = pipeline["Definition"]["Steps"]
    names = [given["InputName"] for given in step["Arguments"]["ProcessingInputs"]]
    assert names == ["flow", "abalone.csv"]
    tags = aws.client("sagemaker").list_tags(ResourceArn=pipeline["PipelineArn"])["Tags"]
    assert {"Key": "sagemaker:project-id", "Value": "p-demo"} in tags
    aws.clear_calls()
    second = build(folder, environment)
    assert second.returncode == 0, second.stdout
    changes = {call.operation for call in aws.calls()} & {"CreatePipeline", "UpdatePipeline", "AddTags"}
    assert changes == set()


def test_a_pushed_change_of_the_settings_updates_the_pipeline(aws: LocalAws, cli: Path, folder: Path) -> None:
    environment = variables(aws, **stage(aws, cli))
    assert build(folder, environment).returncode == 0
    with (folder / "pipeline.yaml").open("a") as settings:
        settings.write("instance_type: ml.c5.xlarge\nfeature_group: FG-other\n")
    pushed = build(folder, environment)
    assert pushed.returncode == 0, pushed.stdout
    # The log of the build shows what changed.
    assert "ml.c5.xlarge" in pushed.stdout
    assert defaults(deployed(aws)["Definition"])["ProcessingInstanceType"] == "ml.c5.xlarge"
    assert defaults(deployed(aws)["Definition"])["FeatureGroupName"] == "FG-other"


def test_a_pushed_change_of_the_flow_is_a_change_of_the_pipeline(
    aws: LocalAws, cli: Path, folder: Path
) -> None:
    environment = variables(aws, **stage(aws, cli))
    assert build(folder, environment).returncode == 0
    before = defaults(deployed(aws)["Definition"])["InputFlowUrl"]
    flow = json.loads((folder / "abalone.flow").read_text())
    flow["metadata"]["comment"] = "another"
    (folder / "abalone.flow").write_text(json.dumps(flow))
    assert build(folder, environment).returncode == 0
    after = defaults(deployed(aws)["Definition"])["InputFlowUrl"]
    assert after != before
    for url in (before, after):
        bucket, key = url.removeprefix("s3://").split("/", 1)
        aws.client("s3").head_object(Bucket=bucket, Key=key)


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("pipeline.yaml", "instance_typ: ml.m5.xlarge\n", "instance_type"),
        ("pipeline.yaml", "flow: [unclosed\n", "pipeline.yaml"),
        ("pipeline.yaml", "flow: none.flow\n", "none.flow"),
        ("abalone.flow", "{}", "abalone.flow"),
    ],
)
def test_what_cannot_be_used_stops_the_build_and_leaves_the_pipeline(
    aws: LocalAws, cli: Path, folder: Path, file: str, content: str, told: str
) -> None:
    environment = variables(aws, **stage(aws, cli))
    assert build(folder, environment).returncode == 0
    before = deployed(aws)
    (folder / file).write_text(content)
    broken = build(folder, environment)
    assert broken.returncode != 0
    assert told in broken.stdout
    assert "hint: " in broken.stdout
    assert deployed(aws)["LastModifiedTime"] == before["LastModifiedTime"]
    assert deployed(aws)["Definition"] == before["Definition"]


def test_a_program_that_is_not_what_was_staged_is_not_run(aws: LocalAws, cli: Path, folder: Path) -> None:
    environment = variables(aws, **stage(aws, cli)) | {"INGESTION_PIPELINE_SHA256": "0" * 64}
    refused = build(folder, environment)
    assert refused.returncode != 0
    assert "SHA-256" in refused.stdout
    assert "hint: " in refused.stdout
    assert not (folder / "ingestion-pipeline").exists()
    assert aws.calls() == []


@pytest.mark.parametrize("name", ["INGESTION_PIPELINE_URL", "INGESTION_PIPELINE_SHA256"])
def test_a_missing_variable_is_named(aws: LocalAws, cli: Path, folder: Path, name: str) -> None:
    refused = build(folder, variables(aws, **stage(aws, cli)) | {name: ""})
    assert refused.returncode != 0
    assert name in refused.stdout
    assert "hint: " in refused.stdout


def test_a_program_that_is_not_there_is_named(aws: LocalAws, cli: Path, folder: Path) -> None:
    gone = {"INGESTION_PIPELINE_URL": "s3://sagemaker-p-demo-artifacts/nope"}
    refused = build(folder, variables(aws, **stage(aws, cli)) | gone)
    assert refused.returncode != 0
    assert "error: s3://sagemaker-p-demo-artifacts/nope cannot be fetched" in refused.stdout
    assert "hint: " in refused.stdout


def test_an_upload_starts_the_pipeline_that_the_build_made(
    aws: LocalAws, cli: Path, package: Path, folder: Path
) -> None:
    environment = variables(aws, **stage(aws, cli))
    assert build(folder, environment).returncode == 0
    wiring = wire(aws, package, pipeline=PIPELINE, make_pipeline=False)
    aws.client("s3").put_object(Bucket=wiring.bucket, Key="landing/a.csv", Body=b"x")
    [execution] = eventually(lambda: executions(aws, PIPELINE), "the execution")
    assert input_url(aws, execution) == f"s3://{wiring.bucket}/landing/a.csv"


def test_the_program_starts_lists_and_deletes(aws: LocalAws, cli: Path, folder: Path) -> None:
    environment = variables(aws, **stage(aws, cli))
    assert build(folder, environment).returncode == 0

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(cli), *arguments]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
        )

    started = run("start", "InputDataUrl=s3://sagemaker-p-demo-data/landing/a.csv")
    assert started.returncode == 0, started.stderr
    [execution] = executions(aws, PIPELINE)
    assert started.stdout.strip() == execution["PipelineExecutionArn"]
    listed = json.loads(run("list", "--json").stdout)
    assert execution["PipelineExecutionArn"] in json.dumps(listed)
    refused = run("start", "NoSuchParameter=1")
    assert refused.returncode != 0
    assert "NoSuchParameter" in refused.stderr
    aws.client("sagemaker").stop_pipeline_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"], ClientRequestToken="s" * 32
    )
    waited = run("wait", execution["PipelineExecutionArn"])
    assert waited.returncode != 0
    assert "Stopped" in waited.stderr
    deleted = run("delete", "--yes")
    assert deleted.returncode == 0, deleted.stderr
    assert aws.client("sagemaker").list_pipelines()["PipelineSummaries"] == []
