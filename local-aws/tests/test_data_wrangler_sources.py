"""What the stand-in for the Data Wrangler container reads."""

import json
from pathlib import Path
from typing import Any

import pytest

from jobs import DATA_WRANGLER, s3_input
from local_aws.services.processing.data_wrangler import Reads, bind_sources, engine_arguments
from local_aws.services.processing.ml_dir import MlDir
from local_aws.services.processing.model import JobError, ProcessingJob

STAGED = "s3://artifacts/executions/a/input/data.csv"
MOUNTED = s3_input("abalone.csv", STAGED)
OVERRIDE = f"""--parameter-override '{{"upload": "{STAGED}"}}'"""


def source(dataset: str, uri: str) -> dict[str, Any]:
    """A source node."""
    definition = {"name": dataset, "datasetSourceType": "S3", "s3ExecutionContext": {"s3Uri": uri}}
    return {"type": "SOURCE", "parameters": {"dataset_definition": definition}}


def job(inputs: list[dict[str, Any]], arguments: list[str]) -> ProcessingJob:
    """A job of the Data Wrangler container."""
    request = {
        "AppSpecification": {"ImageUri": DATA_WRANGLER, "ContainerArguments": arguments},
        "ProcessingInputs": [s3_input("flow", "s3://artifacts/flow"), *inputs],
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large"}},
        "RoleArn": "arn:aws:iam::123456789012:role/job",
    }
    return ProcessingJob("job", "arn", "123456789012", "eu-west-1", request, {}, 0.0, 0.0)


def read(
    folder: Path,
    reads: Reads,
    nodes: list[dict[str, Any]],
    inputs: list[dict[str, Any]],
    arguments: list[str] | None = None,
) -> dict[str, str]:
    """Returns where the engine reads each dataset: a folder in the container, or an address in S3."""
    ml_dir = MlDir(folder / "ml")
    created = job(inputs, arguments or [])
    ml_dir.prepare(created)
    flow = folder / "ml/processing/flow"
    flow.mkdir()
    (flow / "a.flow").write_text(json.dumps({"nodes": nodes}))
    bind_sources(created, ml_dir, reads)
    config = json.loads((folder / "ml/config/processingjobconfig.json").read_text())
    named = {item["InputName"]: item for item in config["ProcessingInputs"] if item["InputName"] != "flow"}
    return {
        name: item["S3Input"]["S3Uri"] if item.get("AppManaged") else item["S3Input"]["LocalPath"]
        for name, item in named.items()
    }


def test_mounted_input_replaces_the_dataset_of_its_name(tmp_path: Path) -> None:
    nodes = [source("abalone.csv", "s3://b/gone"), source("codes", "s3://b/codes/")]
    assert read(tmp_path, "mount", nodes, [MOUNTED]) == {
        "abalone.csv": "/opt/ml/processing/abalone.csv",
        "codes": "s3://b/codes/",
    }


@pytest.mark.parametrize(
    "mounted",
    [s3_input("other", STAGED), s3_input("abalone.csv", STAGED, LocalPath="/opt/ml/processing/data")],
)
def test_input_under_another_name_or_path_replaces_nothing(tmp_path: Path, mounted: dict[str, Any]) -> None:
    found = read(tmp_path, "mount", [source("abalone.csv", "s3://b/gone")], [mounted])
    assert found["abalone.csv"] == "s3://b/gone"


def test_container_that_ignores_mounts_reads_the_flows_addresses(tmp_path: Path) -> None:
    found = read(tmp_path, "source", [source("abalone.csv", STAGED)], [MOUNTED])
    assert found == {"abalone.csv": STAGED}


@pytest.mark.parametrize("reads", ["mount", "source"])
def test_parameter_override_sets_the_address(tmp_path: Path, reads: Reads) -> None:
    nodes = [source("abalone.csv", "{{upload}}")]
    assert read(tmp_path, reads, nodes, [], [OVERRIDE]) == {"abalone.csv": STAGED}


def test_parameter_without_a_value_fails(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="the flow's parameter 'upload' has no value"):
        read(tmp_path, "mount", [source("abalone.csv", "{{upload}}")], [])


@pytest.mark.parametrize("value", ["", "'{'", '\'{"upload": "it\'s.csv"}\''])
def test_parameter_override_must_be_json_in_quotes(tmp_path: Path, value: str) -> None:
    with pytest.raises(JobError, match="--parameter-override needs a JSON object"):
        read(tmp_path, "mount", [source("a", "s3://b/a")], [], [f"--parameter-override {value}"])


def test_engine_gets_no_parameter_override() -> None:
    assert engine_arguments(["--output-config '{}'", OVERRIDE]) == ["--output-config '{}'"]


@pytest.mark.parametrize("content", ["", "[]", '{"nodes": {}}', '{"nodes": [1, {"type": "SOURCE"}]}'])
def test_leaves_an_unreadable_flow_to_the_engine(tmp_path: Path, content: str) -> None:
    ml_dir = MlDir(tmp_path / "ml")
    created = job([MOUNTED], [])
    ml_dir.prepare(created)
    (tmp_path / "ml/processing/flow").mkdir()
    (tmp_path / "ml/processing/flow/a.flow").write_text(content)
    bind_sources(created, ml_dir, "mount")
    config = json.loads((tmp_path / "ml/config/processingjobconfig.json").read_text())
    assert config["ProcessingInputs"] == created.inputs
