"""The stand-in for AWS's Spark image. `e2e/test_spark_jobs.py` runs whole jobs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs import request, run_job, upload
from local_aws import LocalAws
from local_aws.services.processing import smspark_submit, spark_container
from local_aws.services.processing.container import Engines, command_of
from local_aws.services.processing.ml_dir import MlDir
from local_aws.services.processing.model import JobError, ProcessingJob

IMAGE = "173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5-cpu-py39-v1.0"


def job(count: int = 1) -> ProcessingJob:
    """A job in the Spark image."""
    application = {"ImageUri": IMAGE, "ContainerEntrypoint": ["/bin/run", "/opt/ml/processing/code"]}
    cluster = {"InstanceCount": count, "InstanceType": "ml.m5.xlarge"}
    resources = {"AppSpecification": application, "ProcessingResources": {"ClusterConfig": cluster}}
    created = {**resources, "RoleArn": "arn:aws:iam::123456789012:role/job"}
    return ProcessingJob("job", "arn", "123456789012", "eu-west-1", created, {}, 0.0, 0.0)


def test_entry_point_runs_with_the_spark_engine(tmp_path: Path) -> None:
    engine = tmp_path / "spark-engine"
    command = command_of(job(), MlDir(tmp_path / "ml"), Engines(spark=engine))
    assert command.arguments == ["/bin/run", f"{tmp_path}/ml/processing/code"]
    assert command.spark == engine
    with pytest.raises(JobError, match="requires the Spark engine, which is not set"):
        command_of(job(), MlDir(tmp_path / "ml"), Engines())


def test_configuration_lists_all_hosts(tmp_path: Path) -> None:
    MlDir(tmp_path).prepare(job(count=3))
    resources = json.loads((tmp_path / "config" / "resourceconfig.json").read_text())
    assert resources["hosts"] == ["algo-1", "algo-2", "algo-3"]


def test_python_is_the_one_of_the_engine(tmp_path: Path) -> None:
    engine = tmp_path / "an engine"
    engine.write_text(f"#!/bin/sh\n[ \"$1\" = --python ] && echo '{sys.executable}'\n")
    engine.chmod(0o755)
    variables = spark_container.environment(engine, tmp_path / "bin", os.environ["PATH"])
    code = "import sys; print(sys.prefix, sys.argv[1])"
    ran = subprocess.run(
        ["python3", "-c", code, "a b"], env=variables, capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"{sys.prefix} a b\n"


@pytest.mark.parametrize(
    ("arguments", "cluster", "problem"),
    [
        (["--conf", "a=b", "app.py"], {}, "no such option: --conf"),
        (["--py-files", "a.py", "app.py"], {}, "local-aws does not implement the option --py-files"),
        (["-v"], {}, "missing parameter: app"),
        (["app.py"], {"InstancePreferences": [{"InstanceType": "ml.m5.large"}]}, "KeyError: 'InstanceType'"),
    ],
)
def test_submit_refuses_what_the_image_or_local_aws_lacks(
    tmp_path: Path, arguments: list[str], cluster: dict[str, object], problem: str
) -> None:
    (tmp_path / "config").mkdir()
    config = {"ProcessingResources": {"ClusterConfig": cluster}}
    (tmp_path / "config" / "processingjobconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-I", smspark_submit.__file__, *arguments]
    environment = {"SPARK_ENGINE_ML_DIR": str(tmp_path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert problem in ran.stderr


def test_only_spark_jobs_have_more_than_one_instance(running_server: LocalAws) -> None:
    upload(running_server)
    created = request("report.py")
    created["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    created["AppSpecification"]["ImageUri"] = IMAGE
    found = run_job(running_server, created)
    assert found["FailureReason"].startswith(f"ClientError: {IMAGE} requires the Spark engine")
