"""A project's build: the buildspec's commands in a clean folder, with CodeBuild's variables."""

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


def test_first_build_creates_the_pipeline_and_second_build_changes_nothing(
    aws: LocalAws, cli: Path, folder: Path
) -> None:
    environment = variables(aws, **stage(aws, cli))
    first = build(folder, environment)
    assert first.returncode == 0, first.stdout
    pipeline = deployed(aws)
    assert defaults(pipeline["Definition"])["FeatureGroupName"] == "FG-abalone"
    [step] = pipeline["Definition"]["Steps"]
    names = [each["InputName"] for each in step["Arguments"]["ProcessingInputs"]]
    assert names == ["flow", "abalone.csv"]
    tags = aws.client("sagemaker").list_tags(ResourceArn=pipeline["PipelineArn"])["Tags"]
    assert {"Key": "sagemaker:project-id", "Value": "p-demo"} in tags
    aws.clear_calls()
    second = build(folder, environment)
    assert second.returncode == 0, second.stdout
    changes = {call.operation for call in aws.calls()} & {"CreatePipeline", "UpdatePipeline", "AddTags"}
    assert changes == set()


def test_pushed_settings_change_updates_the_pipeline(aws: LocalAws, cli: Path, folder: Path) -> None:
    environment = variables(aws, **stage(aws, cli))
    assert build(folder, environment).returncode == 0
    with (folder / "pipeline.yaml").open("a") as settings:
        settings.write("instance_type: ml.c5.xlarge\nfeature_group: FG-other\n")
    pushed = build(folder, environment)
    assert pushed.returncode == 0, pushed.stdout
    # The build log shows the changes.
    assert "ml.c5.xlarge" in pushed.stdout
    assert defaults(deployed(aws)["Definition"])["ProcessingInstanceType"] == "ml.c5.xlarge"
    assert defaults(deployed(aws)["Definition"])["FeatureGroupName"] == "FG-other"


def test_pushed_flow_change_updates_the_pipeline(aws: LocalAws, cli: Path, folder: Path) -> None:
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
    ("file", "content", "message"),
    [
        ("pipeline.yaml", "instance_typ: ml.m5.xlarge\n", "instance_type"),
        ("pipeline.yaml", "flow: [unclosed\n", "pipeline.yaml"),
        ("pipeline.yaml", "flow: none.flow\n", "none.flow"),
        ("abalone.flow", "{}", "abalone.flow"),
    ],
)
def test_invalid_file_fails_the_build_and_leaves_the_pipeline_unchanged(
    aws: LocalAws, cli: Path, folder: Path, file: str, content: str, message: str
) -> None:
    environment = variables(aws, **stage(aws, cli))
    assert build(folder, environment).returncode == 0
    before = deployed(aws)
    (folder / file).write_text(content)
    broken = build(folder, environment)
    assert broken.returncode != 0
    assert message in broken.stdout
    assert "hint: " in broken.stdout
    assert deployed(aws)["LastModifiedTime"] == before["LastModifiedTime"]
    assert deployed(aws)["Definition"] == before["Definition"]


def test_does_not_run_a_program_with_another_hash(aws: LocalAws, cli: Path, folder: Path) -> None:
    environment = variables(aws, **stage(aws, cli)) | {"INGESTION_PIPELINE_SHA256": "0" * 64}
    failed = build(folder, environment)
    assert failed.returncode != 0
    assert "SHA-256" in failed.stdout
    assert "hint: " in failed.stdout
    assert not (folder / "ingestion-pipeline").exists()
    assert aws.calls() == []


@pytest.mark.parametrize("name", ["INGESTION_PIPELINE_URL", "INGESTION_PIPELINE_SHA256"])
def test_error_names_a_missing_variable(aws: LocalAws, cli: Path, folder: Path, name: str) -> None:
    failed = build(folder, variables(aws, **stage(aws, cli)) | {name: ""})
    assert failed.returncode != 0
    assert name in failed.stdout
    assert "hint: " in failed.stdout


def test_error_names_the_url_of_a_missing_program(aws: LocalAws, cli: Path, folder: Path) -> None:
    missing = {"INGESTION_PIPELINE_URL": "s3://sagemaker-p-demo-artifacts/nope"}
    failed = build(folder, variables(aws, **stage(aws, cli)) | missing)
    assert failed.returncode != 0
    assert "error: cannot download s3://sagemaker-p-demo-artifacts/nope" in failed.stdout
    assert "hint: " in failed.stdout


def test_upload_starts_the_pipeline_that_the_build_created(
    aws: LocalAws, cli: Path, package: Path, folder: Path
) -> None:
    environment = variables(aws, **stage(aws, cli))
    assert build(folder, environment).returncode == 0
    wiring = wire(aws, package, pipeline=PIPELINE, make_pipeline=False)
    aws.client("s3").put_object(Bucket=wiring.bucket, Key="landing/a.csv", Body=b"x")
    [execution] = eventually(lambda: executions(aws, PIPELINE), "the execution")
    assert input_url(aws, execution) == f"s3://{wiring.bucket}/landing/a.csv"


def test_cli_starts_lists_waits_and_deletes(aws: LocalAws, cli: Path, folder: Path) -> None:
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
    failed = run("start", "NoSuchParameter=1")
    assert failed.returncode != 0
    assert "NoSuchParameter" in failed.stderr
    aws.client("sagemaker").stop_pipeline_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"], ClientRequestToken="s" * 32
    )
    waited = run("wait", execution["PipelineExecutionArn"])
    assert waited.returncode != 0
    assert "Stopped" in waited.stderr
    deleted = run("delete", "--yes")
    assert deleted.returncode == 0, deleted.stderr
    assert aws.client("sagemaker").list_pipelines()["PipelineSummaries"] == []
