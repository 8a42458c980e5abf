"""The parts of a processing job that run without a cluster. `e2e/test_spark_jobs.py` runs whole jobs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import flows
from spark_engine import arguments, inputs, memory, packages
from spark_engine.errors import InvalidFlowError
from spark_engine.files import File
from spark_engine.message import MOST_BYTES, Message
from spark_engine.prepare import is_primary

OUTPUT = ["--output", "s3://artifacts/e/result/"]


def ml_dir(folder: Path, *given: str, hosts: int = 1, data: dict[str, str] | None = None) -> Path:
    """Write what SageMaker writes. `data` has the URLs of the inputs that the job itself reads."""
    config = folder / "config"
    config.mkdir(parents=True)
    own = {"AppManaged": True}
    inputs = [{"InputName": name, **own, "S3Input": {"S3Uri": url}} for name, url in (data or {}).items()]
    mounted = {"InputName": "flow", "AppManaged": False, "S3Input": {"S3Uri": "s3://artifacts/flow"}}
    job = {
        "AppSpecification": {"ContainerArguments": list(given)},
        "ProcessingInputs": [mounted, *inputs],
    }
    (config / "processingjobconfig.json").write_text(json.dumps(job))
    names = [f"algo-{number}" for number in range(1, hosts + 1)]
    (config / "resourceconfig.json").write_text(json.dumps({"current_host": names[-1], "hosts": names}))
    return folder


def test_reads_inputs_with_their_versions(tmp_path: Path) -> None:
    given = ["--flow", "/opt/ml/processing/flow", "--input-version", "v1", *OUTPUT]
    data = {"a=b.csv": "s3://data/x=y"}
    read = arguments.read(ml_dir(tmp_path, *given, "--event-time", "0", "--requester-pays", data=data))
    assert read.inputs == [("a=b.csv", "s3://data/x=y", "v1")]
    assert (read.output, read.requester_pays, read.refit) == ("s3://artifacts/e/result", True, False)


@pytest.mark.parametrize("wrong", [["--unknown"], ["--input-version", "v1"], ["--event-time", "noon"]])
def test_refuses_wrong_arguments(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(arguments.ArgumentError, match="the job's arguments are wrong"):
        arguments.read(ml_dir(tmp_path, "--flow", "f", *OUTPUT, *wrong))


def test_flow_must_be_the_only_one_in_its_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidFlowError, match="/opt/ml/processing/flow has 0 files"):
        arguments.read_flow(tmp_path, "/opt/ml/processing/flow")
    folder = tmp_path / "processing" / "flow"
    folder.mkdir(parents=True)
    flows.write(folder, flows.source("s", "a.csv"))
    assert list(arguments.read_flow(tmp_path, "/opt/ml/processing/flow").nodes) == ["s"]


def test_code_of_the_flow_gets_a_part_of_the_memory(tmp_path: Path) -> None:
    memory.configure(tmp_path, megabytes=32_000)
    file = tmp_path / "processing" / "input" / "conf" / "configuration.json"
    [classification] = json.loads(file.read_text())
    assert classification["Classification"] == "spark-defaults"
    assert classification["Properties"] == {
        "spark.driver.maxResultSize": "0",
        "spark.driver.memory": "8000m",
        "spark.executor.memory": "12800m",
    }


def test_only_the_first_host_prepares(tmp_path: Path) -> None:
    assert is_primary(ml_dir(tmp_path / "one"))
    assert not is_primary(ml_dir(tmp_path / "two", hosts=2))


class Found:
    """Objects that all exist."""

    def files(self, url: str, version: str | None, *, nested: bool) -> list[File]:
        return [File(f"{url} {version} {nested}", url)]


def test_other_datasets_are_read_from_the_flows_own_urls(tmp_path: Path) -> None:
    nested = {"s3DirIncludesNested": True}
    sources = [flows.source("s", "a.csv"), flows.source("t", "b.csv", **nested)]
    flows.write(tmp_path, *sources, flows.node("c", "sagemaker.spark.concatenate_0.1", "s", "t"))
    given = ["--flow", str(tmp_path), *OUTPUT]
    read = arguments.read(ml_dir(tmp_path / "ml", *given, data={"a.csv": "s3://data/up.csv"}))
    flow = arguments.read_flow(tmp_path, str(tmp_path))
    objects: Any = Found()
    found = inputs.find(flow, read, objects)
    assert {name: file.path for name, [file] in found.items()} == {
        "a.csv": "s3://data/up.csv latest False",
        "b.csv": "s3://bucket/b.csv None True",
    }
    read = arguments.read(ml_dir(tmp_path / "other", *given, data={"c.csv": "s3://data/up.csv"}))
    with pytest.raises(InvalidFlowError, match=r"does not read the dataset c\.csv"):
        inputs.find(flow, read, objects)


def test_message_is_cut_between_characters(tmp_path: Path) -> None:
    message = Message(tmp_path)
    message.write("é" * MOST_BYTES)
    written = (tmp_path / "output" / "message").read_bytes()
    assert len(written) <= MOST_BYTES
    assert written.decode().endswith("é…")
    message.remove()
    assert not (tmp_path / "output" / "message").exists()


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """The folder of an engine without wheels, whose packages are installed."""
    folder = tmp_path / "engine"
    (folder / "wheels").mkdir(parents=True)
    lock = Path(packages.__file__).parents[1] / packages.LOCK
    (folder / packages.LOCK).write_text(lock.read_text())
    return folder


def test_installs_nothing_if_all_versions_are_there(engine: Path) -> None:
    packages.install(engine, engine / "packages", engine / "no requirements.txt")
    assert not (engine / "packages").exists()


def test_refuses_another_python_than_that_of_the_wheels(
    engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (engine / packages.LOCK).write_text("pandas==0.1 \\\n")
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    with pytest.raises(
        packages.InstallError, match=r"this image has 3\.12; use an image .* tag 3\.5-cpu-py39"
    ):
        packages.install(engine, engine / "packages", engine / "no requirements.txt")
