"""Processing jobs in AWS's Spark image, on local-aws: real Spark clusters on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from botocore.exceptions import WaiterError

from builds import ROOT
from local_aws.launcher import LocalAws

SPARK: Final = ROOT / "spark-engine/spark-engine"
IMAGE: Final = "173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5-cpu-py39-v1.0"
ENTRY_POINT: Final = [
    "/bin/bash",
    "-c",
    'python3 -m zipfile -e "$0" "${TMPDIR:-/tmp}/spark-engine" && '
    'exec /bin/bash "${TMPDIR:-/tmp}/spark-engine/processing-job.sh"',
    "/opt/ml/processing/code/spark-engine.zip",
]
DATA, ARTIFACTS = "spark-data", "spark-artifacts"
OUTPUT: Final = "executions/e-1/result"
# A key that Hadoop's paths cannot express, with characters that are patterns and encodings elsewhere.
ODD_KEY: Final = "in/a:b//c%20d*[1].csv"
CSV: Final = "id,zone,minutes\n1,a,20\n2,a,30\n3\n4,b,4,4\n5,c,5\n"
# Fails if a process of the job listens on an address that other machines reach.
LISTENS: Final = """
import os, pathlib
ours = set()
for fd in pathlib.Path('/proc').glob('[0-9]*/fd/*'):
    try:
        if os.getpgid(int(fd.parts[2])) == os.getpgid(0):
            ours.add(os.readlink(fd))
    except OSError:
        pass
for table in ('tcp', 'tcp6'):
    for line in pathlib.Path(f'/proc/net/{table}').read_text().splitlines()[1:]:
        cells = line.split()
        loopback = cells[1].startswith(('0100007F', '0000000000000000FFFF00000100007F'))
        if cells[3] == '0A' and f'socket:[{cells[9]}]' in ours and not loopback:
            raise RuntimeError(cells[1])
assert any(link.startswith('socket:') for link in ours)
df = df.withColumn('cluster', __import__('pyspark').sql.functions.lit(df.sparkSession.sparkContext.master))
"""
FORMULA: Final = {"output_column": "at", "formula": "unix_timestamp()"}
POLICY: Final = [
    {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": f"arn:aws:s3:::{DATA}/*",
    },
    {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        "Resource": f"arn:aws:s3:::{ARTIFACTS}/*",
    },
    {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": [f"arn:aws:s3:::{DATA}", f"arn:aws:s3:::{ARTIFACTS}"],
    },
    {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
]


def node(node_id: str, operator: str, reads: str, **parameters: Any) -> dict[str, Any]:
    """A node that reads the default output of another one."""
    return {
        "node_id": node_id,
        "type": "TRANSFORM",
        "operator": f"sagemaker.spark.{operator}_0.1",
        "parameters": parameters,
        "inputs": [{"name": "df", "node_id": reads, "output_name": "default"}],
        "outputs": [{"name": "default"}],
    }


def flow(*nodes: dict[str, Any]) -> bytes:
    """A flow that reads the dataset `rides`."""
    context = {"s3Uri": f"s3://{DATA}/other.csv", "s3ContentType": "csv", "s3HasHeader": True}
    definition = {"datasetSourceType": "S3", "name": "rides", "s3ExecutionContext": context}
    source = {
        **node("s", "source", "s", dataset_definition=definition),
        "type": "SOURCE",
        "operator": "sagemaker.s3_source_0.1",
        "inputs": [],
    }
    return json.dumps({"metadata": {"version": 1}, "nodes": [source, *nodes]}).encode()


def uploaded(key: str) -> dict[str, Any]:
    """The input with the uploaded object, which the job reads itself."""
    source = {"S3Uri": f"s3://{DATA}/{key}", "S3DataType": "S3Prefix"}
    return {"InputName": "rides", "AppManaged": True, "S3Input": source}


@dataclass(frozen=True)
class Jobs:
    """Runs jobs with a role that has only the permissions that the documentation lists."""

    aws: LocalAws
    role: str

    def run(self, name: str, *, instances: int = 1, version: str = "latest", key: str = ODD_KEY) -> Any:
        """Run a job to its end, and describe it."""
        sagemaker = self.aws.client("sagemaker")
        arguments = ["--flow", "/opt/ml/processing/flow"]
        arguments += ["--input-version", version, "--output", f"s3://{ARTIFACTS}/{OUTPUT}"]
        arguments += ["--event-time", "2026-01-01T00:00:00Z"]
        inputs = {"code": "code/spark-engine.zip", "flow": "flow/"}
        if "Contents" in self.aws.client("s3").list_objects_v2(Bucket=ARTIFACTS, Prefix="requirements/"):
            inputs["requirements"] = "requirements/requirements.txt"
        sagemaker.create_processing_job(
            ProcessingJobName=name,
            RoleArn=self.role,
            AppSpecification={
                "ImageUri": IMAGE,
                "ContainerEntrypoint": ENTRY_POINT,
                "ContainerArguments": arguments,
            },
            ProcessingResources={
                "ClusterConfig": {
                    "InstanceCount": instances,
                    "InstanceType": "ml.m5.xlarge",
                    "VolumeSizeInGB": 30,
                }
            },
            ProcessingInputs=[uploaded(key)]
            + [
                {
                    "InputName": place,
                    "S3Input": {
                        "S3Uri": f"s3://{ARTIFACTS}/{uri}",
                        "LocalPath": f"/opt/ml/processing/{place}",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
                for place, uri in inputs.items()
            ],
        )
        with contextlib.suppress(WaiterError):  # of a job that fails
            sagemaker.get_waiter("processing_job_completed_or_stopped").wait(
                ProcessingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 800}
            )
        return sagemaker.describe_processing_job(ProcessingJobName=name)

    def put(self, **objects: bytes | str) -> None:
        """Put objects into the bucket of artifacts."""
        for key, body in objects.items():
            self.aws.client("s3").put_object(Bucket=ARTIFACTS, Key=key, Body=body)

    def written(self) -> list[str]:
        """The objects below the output."""
        listed = self.aws.client("s3").list_objects_v2(Bucket=ARTIFACTS, Prefix=f"{OUTPUT}/")
        return [item["Key"].removeprefix(f"{OUTPUT}/") for item in listed.get("Contents", [])]

    def read(self, folder: str) -> bytes:
        """The content of the only part in a folder of the output."""
        [part] = [key for key in self.written() if key.startswith(f"{folder}/part-")]
        body: bytes = (
            self.aws.client("s3").get_object(Bucket=ARTIFACTS, Key=f"{OUTPUT}/{part}")["Body"].read()
        )
        return body

    def log(self, name: str) -> list[str]:
        """The lines of a job's log."""
        logs, group = self.aws.client("logs"), "/aws/sagemaker/ProcessingJobs"
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, logStreamNamePrefix=f"{name}/"
        )
        return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    archive = tmp_path_factory.mktemp("archive") / "spark-engine.zip"
    spec = importlib.util.spec_from_file_location("build", ROOT / "spark-engine/build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    # The stand-in's Python has the packages, so the archive needs no wheels.
    build.write(archive, build.code())
    with LocalAws(auth=True, spark_engine=SPARK) as aws:
        s3, iam = aws.client("s3"), aws.client("iam")
        for bucket in (DATA, ARTIFACTS):
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=DATA, VersioningConfiguration={"Status": "Enabled"})
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName="spark", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": POLICY})
        iam.put_role_policy(RoleName="spark", PolicyName="spark", PolicyDocument=policy)
        running = Jobs(aws, role)
        running.put(**{"code/spark-engine.zip": archive.read_bytes()})
        yield running


def test_reads_exactly_the_upload_and_writes_rows_rejected_rows_and_the_account(
    jobs: Jobs, tmp_path: Path
) -> None:
    s3 = jobs.aws.client("s3")
    jobs.put(
        **{
            "flow/rides.flow": flow(
                node("code", "custom_pyspark", "s", code=LISTENS),
                node("at", "custom_formula", "code", **FORMULA),
            ),
            f"{OUTPUT}/rows/part-of-a-former-run.parquet": b"no Parquet",
        }
    )
    version = s3.put_object(Bucket=DATA, Key=ODD_KEY, Body=CSV)["VersionId"]
    s3.put_object(Bucket=DATA, Key=ODD_KEY, Body="id,zone,minutes\n9,z,9\n")
    job = jobs.run("two-workers", instances=2, version=version)
    assert job["ProcessingJobStatus"] == "Completed", "\n".join(jobs.log("two-workers"))
    assert "ExitMessage" not in job
    part = tmp_path / "part.parquet"
    part.write_bytes(jobs.read("rows"))
    assert duckdb.read_parquet(str(part)).fetchall() == [
        (number, zone, minutes, "local-cluster[2,1,1024]", 1767225600)
        for number, zone, minutes in [("1", "a", "20"), ("2", "a", "30"), ("5", "c", "5")]
    ]
    assert json.loads(jobs.read("account")) == {
        "rows_read": 5,
        "rows_malformed": 2,
        "rows_rejected": 2,
        "rows_dropped": 0,
        "rows_written": 3,
        "values_lost": [],
    }
    rejected = [json.loads(line) for line in jobs.read("rejected").splitlines()]
    assert rejected[0] == {
        "file": f"s3://{DATA}/{ODD_KEY}",
        "row_sha256": hashlib.sha256(b"3").hexdigest(),
        "status": "rejected",
        "reason": "1 of 3 fields",
        "text": "3",
    }
    assert [row["text"] for row in rejected] == ["3", "4,b,4,4"]
    assert not [key for key in jobs.written() if key.startswith("input/")]
    log = jobs.log("two-workers")
    assert any("stands in for YARN" in line for line in log)
    assert not any("4,b,4" in line for line in log)


def test_failure_names_the_node_and_the_missing_module(jobs: Jobs, tmp_path: Path) -> None:
    jobs.put(**{"flow/rides.flow": flow(node("code", "custom_pandas", "s", code="import own_module"))})
    jobs.aws.client("s3").put_object(Bucket=DATA, Key="in/a.csv", Body=CSV)
    job = jobs.run("missing", key="in/a.csv")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["ExitMessage"] == (
        "node code (sagemaker.spark.custom_pandas_0.1): the code failed in line 1 (`import own_module`): "
        "ModuleNotFoundError: No module named 'own_module'; add its package to `requirements.txt` next to "
        "`pipeline.yaml`"
    )
    # A package index without the package.
    jobs.put(**{"requirements/requirements.txt": f"--no-index\n--find-links {tmp_path}\nown_module==1\n"})
    job = jobs.run("no-package", key="in/a.csv")
    assert "No matching distribution found for own_module==1" in job["ExitMessage"]
    assert "the job's subnets" in job["ExitMessage"]
