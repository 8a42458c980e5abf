"""Creates, awaits and describes jobs and executions."""

from __future__ import annotations

import json
from typing import Any

from conftest import FIXTURES, NO_RETRIES, ROLE, token
from local_aws import LocalAws
from waiting import until

BUCKET = "data"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
DATA_WRANGLER = "663277389841.dkr.ecr.us-east-1.amazonaws.com/sagemaker-data-wrangler-container:3.x"
SHELL = [
    "/bin/sh",
    "-c",
    'copy="${TMPDIR:-/tmp}/program" && cp "$0" "$copy" && chmod +x "$copy" && exec "$copy" "$@"',
]


def upload(server: LocalAws, **objects: bytes | str) -> Any:
    """Create a bucket with all programs and these objects. Returns an S3 client."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for program in (FIXTURES / "programs").iterdir():
        s3.put_object(Bucket=BUCKET, Key=f"code/{program.name}", Body=program.read_bytes())
    for key, body in objects.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return s3


def s3_input(name: str, uri: Any, **members: Any) -> dict[str, Any]:
    """A processing input."""
    source = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{name}", "S3DataType": "S3Prefix", **members}
    return {"InputName": name, "S3Input": {"S3InputMode": "File", **source}}


def request(program: str, *arguments: Any, **members: Any) -> dict[str, Any]:
    """Returns a CreateProcessingJob request without the name. The program runs like the native engine."""
    inputs = [s3_input("code", f"s3://{BUCKET}/code/{program}"), *members.pop("inputs", [])]
    application: dict[str, Any] = {
        "ImageUri": IMAGE,
        "ContainerEntrypoint": [*SHELL, f"/opt/ml/processing/code/{program}"],
    }
    output = {
        "S3Uri": f"s3://{BUCKET}/out/",
        "LocalPath": "/opt/ml/processing/out",
        "S3UploadMode": "EndOfJob",
    }
    return {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
        },
        "AppSpecification": application | ({"ContainerArguments": list(arguments)} if arguments else {}),
        "RoleArn": ROLE,
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": output}]},
        **members,
    }


def run_job(server: LocalAws, created: dict[str, Any], name: str = "job") -> dict[str, Any]:
    """Create a job, wait for its end, and describe it."""
    sagemaker = server.client("sagemaker", config=NO_RETRIES)
    sagemaker.create_processing_job(ProcessingJobName=name, **created)
    return ended_job(sagemaker, name)


def ended_job(sagemaker: Any, name: str = "job") -> dict[str, Any]:
    """Wait for a job's end, and describe it."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = sagemaker.describe_processing_job(ProcessingJobName=name)
        return found if found["ProcessingJobStatus"] in ("Completed", "Failed", "Stopped") else None

    return until(look)


def job_log(server: LocalAws, name: str = "job") -> list[str]:
    """The lines of a job's log."""
    logs, group = server.client("logs"), "/aws/sagemaker/ProcessingJobs"
    try:
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=name)["logStreams"]
        lines: list[str] = []
        for stream in streams:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, logStreamNames=[stream["logStreamName"]]
            )
            lines += [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return lines


def create_steps(server: LocalAws, *steps: dict[str, Any], parameters: Any = (), role: str = ROLE) -> Any:
    """Create the pipeline ``ingest`` with these steps. Returns a SageMaker client."""
    sagemaker = server.client("sagemaker", config=NO_RETRIES)
    definition = {"Version": "2020-12-01", "Parameters": list(parameters), "Steps": list(steps)}
    sagemaker.create_pipeline(PipelineName="ingest", PipelineDefinition=json.dumps(definition), RoleArn=role)
    return sagemaker


def start_steps(sagemaker: Any, seed: object = 1, **parameters: str) -> str:
    """Start an execution. Returns its ARN."""
    given = [{"Name": name, "Value": value} for name, value in parameters.items()]
    started = sagemaker.start_pipeline_execution(
        PipelineName="ingest", ClientRequestToken=token(seed), PipelineParameters=given
    )
    return str(started["PipelineExecutionArn"])


def ended_execution(sagemaker: Any, arn: str) -> dict[str, Any]:
    """Wait for an execution's end, and describe it, with ``Steps`` in the order of their start."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        return found if found["PipelineExecutionStatus"] not in ("Executing", "Stopping") else None

    return until(look) | {"Steps": steps_of(sagemaker, arn)}


def steps_of(sagemaker: Any, arn: str) -> list[dict[str, Any]]:
    """An execution's steps in the order of their start."""
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
    return list(listed["PipelineExecutionSteps"])


def job_name(of_step: dict[str, Any]) -> str:
    """Returns the name of a step's job, in lower case as in its ARN."""
    return str(of_step["Metadata"]["ProcessingJob"]["Arn"]).rpartition("/")[2]
