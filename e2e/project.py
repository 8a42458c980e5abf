"""A project's build: the seed code, and the environment variables that CodeBuild sets."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

from builds import ROOT
from local_aws.launcher import LocalAws
from wiring import ACCOUNT

SEED: Final = ROOT / "project-seed-code/s3-fs-ingestion"
FLOW: Final = ROOT / "flows/abalone.flow"
ARTIFACTS: Final = "sagemaker-p-demo-artifacts"
PIPELINE: Final = "ingest-p-demo"
PROGRAM_KEY: Final = "ingestion-pipeline"


def variables(aws: LocalAws, **changes: str) -> dict[str, str]:
    """Returns this shell's variables without AWS settings, and those that CodeBuild sets in the build."""
    shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    project = {
        "SAGEMAKER_PROJECT_NAME": "demo",
        "SAGEMAKER_PROJECT_ID": "p-demo",
        "PIPELINE_NAME_PREFIX": "ingest",
        "PIPELINE_DESCRIPTION": "Ingests what lands under the prefix",
        "S3_DATA_PREFIX": "s3://sagemaker-p-demo-data/landing/",
        "FEATURE_GROUP_NAME": "FG-abalone",
        "EXECUTION_ROLE": f"arn:aws:iam::{ACCOUNT}:role/sagemaker-execution",
        "ARTIFACTS_URL": f"s3://{ARTIFACTS}/p-demo",
    }
    return shell | aws.environment() | project | changes


def checkout(folder: Path) -> Path:
    """Creates a clone of the project's repository: the seed code, and a flow."""
    shutil.copytree(SEED, folder, dirs_exist_ok=True)
    shutil.copy(FLOW, folder / "abalone.flow")
    with (folder / "pipeline.yaml").open("a") as settings:
        settings.write("\nflow: abalone.flow\n")
    return folder


def stage(aws: LocalAws, program: Path) -> dict[str, str]:
    """Uploads the program for the build. Returns the variables with its URL and hash."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=ARTIFACTS)
    s3.put_object(Bucket=ARTIFACTS, Key=PROGRAM_KEY, Body=program.read_bytes())
    return {
        "INGESTION_PIPELINE_URL": f"s3://{ARTIFACTS}/{PROGRAM_KEY}",
        "INGESTION_PIPELINE_SHA256": hashlib.sha256(program.read_bytes()).hexdigest(),
    }


def build(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs the buildspec's commands in order, as CodeBuild does, until one fails."""
    phases = yaml.safe_load((folder / "buildspec.yml").read_text())["phases"]
    output = ""
    for command in [command for phase in phases.values() for command in phase["commands"]]:
        result = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        output += result.stdout
        if result.returncode != 0:
            break
    return subprocess.CompletedProcess(result.args, result.returncode, output, "")


def deployed(aws: LocalAws) -> dict[str, Any]:
    """Returns the deployed pipeline, with its definition parsed."""
    pipeline: dict[str, Any] = aws.client("sagemaker").describe_pipeline(PipelineName=PIPELINE)
    return pipeline | {"Definition": json.loads(pipeline["PipelineDefinition"])}


def defaults(definition: dict[str, Any]) -> dict[str, Any]:
    """Returns the default values of a definition's parameters."""
    return {parameter["Name"]: parameter["DefaultValue"] for parameter in definition["Parameters"]}
