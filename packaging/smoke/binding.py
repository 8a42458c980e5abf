"""Does the Data Wrangler container read the mounted input? Runs one job whose flow names a missing object.

The job is the one that the product's pipeline runs. Its request comes from the definition that
`ingestion-pipeline build` writes.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from smoke.claims import MOUNTED_INPUT
from smoke.cleanup import cli, is_gone
from smoke.context import Context, UndecidedError
from smoke.launching import flow_text
from smoke.report import Verdict, decide

HERE: Final = Path(__file__).resolve().parent
DATA: Final = HERE / "three-rows.csv"
ROWS: Final = ("1", "2", "3")
MISSING: Final = "missing/three-rows.csv"
LOG_GROUP: Final = "/aws/sagemaker/ProcessingJobs"
# SageMaker stops the job after this time, which limits the cost.
MAX_RUNTIME_SECONDS: Final = 1800


def check(context: Context) -> Iterator[Verdict]:
    """Runs the job, and looks for the three rows in the feature group."""
    request = job(context)
    context.make_bucket()
    context.put("flow/three-rows.flow", flow_text(context.bucket).encode())
    context.put("mounted/three-rows.csv", DATA.read_bytes())
    context.make_role(grants(context))
    make_feature_group(context)
    by_hand = cli("sagemaker", "StopProcessingJob", {"ProcessingJobName": context.name})
    context.cleanup.add(f"running job {context.name}", lambda: stop(context), by_hand)
    context.with_new_role(lambda: context.aws.call("sagemaker", "CreateProcessingJob", **request))
    ended = context.until(lambda: ended_job(context), "the job ended")
    yield verdict(context, ended)


def job(context: Context) -> dict[str, Any]:
    """The request for the job, from the product's pipeline definition."""
    definition = built(context)
    values = {each["Name"]: each["DefaultValue"] for each in definition["Parameters"]} | {
        "InputFlowUrl": f"s3://{context.bucket}/flow/three-rows.flow",
        "InputDataUrl": f"s3://{context.bucket}/mounted/three-rows.csv",
    }
    arguments: dict[str, Any] = resolved(definition["Steps"][0]["Arguments"], values)
    return {
        **arguments,
        "ProcessingJobName": context.name,
        "StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME_SECONDS},
        "Tags": context.tags,
    }


def built(context: Context) -> dict[str, Any]:
    """The pipeline definition for the flow, written by the program that the project's build runs."""
    if not context.program.is_file():
        raise UndecidedError(f"{context.program} does not exist; run make build")
    with tempfile.TemporaryDirectory() as folder:
        flow = Path(folder) / "three-rows.flow"
        flow.write_text(flow_text(context.bucket), encoding="utf-8")
        settings = {
            "AWS_REGION": context.aws.region,
            "DW_FLOW_URL": str(flow),
            "EXECUTION_ROLE": context.role_arn,
            "FEATURE_GROUP_NAME": context.name,
            "ARTIFACTS_URL": f"s3://{context.bucket}",
            "PIPELINE_ENGINE": "data-wrangler",
            "PIPELINE_NAME_PREFIX": "smoke",
            "S3_DATA_PREFIX": f"s3://{context.bucket}/mounted/",
            "SAGEMAKER_PROJECT_ID": f"p-smoke{context.run_id}",
            "SAGEMAKER_PROJECT_NAME": "smoke",
        }
        done = subprocess.run(
            [str(context.program.resolve()), "build"],
            cwd=folder,
            env={"PATH": os.environ.get("PATH", "")} | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    if done.returncode != 0:
        raise UndecidedError(f"`{context.program} build` failed: {done.stderr.strip()}")
    definition: dict[str, Any] = json.loads(done.stdout)
    return definition


def resolved(value: Any, values: dict[str, Any]) -> Any:
    """The arguments with the parameters' values filled in, as the pipeline does it."""
    if isinstance(value, dict):
        if set(value) == {"Get"}:
            return values[value["Get"].removeprefix("Parameters.")]
        return {name: resolved(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner, values) for inner in value]
    return value


def grants(context: Context) -> list[dict[str, Any]]:
    """The policy of the job's role: the same actions as the product's role, on the check's resources."""
    bucket = f"arn:{context.aws.partition}:s3:::{context.bucket}"
    images = (
        f"arn:{context.aws.partition}:ecr:{context.aws.region}:*:repository/sagemaker-data-wrangler-container"
    )
    of_group = ["sagemaker:BatchWriteRecord", "sagemaker:DescribeFeatureGroup", "sagemaker:PutRecord"]
    of_images = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    of_logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    allowed: list[tuple[str | list[str], str]] = [
        ("s3:GetObject", f"{bucket}/*"),
        ("s3:ListBucket", bucket),
        (of_group, context.arn("sagemaker", f"feature-group/{context.name}")),
        (of_images, images),
        ("ecr:GetAuthorizationToken", "*"),
        (of_logs, context.arn("logs", f"log-group:{LOG_GROUP}*")),
    ]
    return [{"Effect": "Allow", "Action": action, "Resource": where} for action, where in allowed]


def make_feature_group(context: Context) -> None:
    """Creates an online feature group for the three rows."""
    group = {"FeatureGroupName": context.name}
    context.cleanup.register_feature_group(context.name, context.poll_seconds)
    context.aws.call(
        "sagemaker",
        "CreateFeatureGroup",
        RecordIdentifierFeatureName="record_id",
        EventTimeFeatureName="event_time",
        FeatureDefinitions=[
            {"FeatureName": "record_id", "FeatureType": "Integral"},
            {"FeatureName": "value", "FeatureType": "Fractional"},
            {"FeatureName": "event_time", "FeatureType": "Fractional"},
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
        Tags=context.tags,
        **group,
    )

    def created() -> bool:
        status = context.aws.call("sagemaker", "DescribeFeatureGroup", **group)["FeatureGroupStatus"]
        if status == "CreateFailed":
            raise UndecidedError("creating the feature group failed")
        return bool(status == "Created")

    context.until(created, "the feature group was created")


def stop(context: Context) -> None:
    """Stops the job if it is running."""
    try:
        running = ended_job(context) is None
    except ClientError as error:
        if is_gone(error):
            return
        raise
    if running:
        context.aws.call("sagemaker", "StopProcessingJob", ProcessingJobName=context.name)


def ended_job(context: Context) -> dict[str, Any] | None:
    """The job, once it has ended."""
    found = context.aws.call("sagemaker", "DescribeProcessingJob", ProcessingJobName=context.name)
    return found if found["ProcessingJobStatus"] in {"Completed", "Failed", "Stopped"} else None


def verdict(context: Context, ended: dict[str, Any]) -> Verdict:
    """Decides by the records in the feature group, or by the log of a failed job."""
    status = ended["ProcessingJobStatus"]
    if status == "Completed":
        found = [row for row in ROWS if row_is_there(context, row)]
        return decide(MOUNTED_INPUT, len(found) == len(ROWS), f"Completed, {len(found)} of 3 rows arrived")
    reason = f"{status}: {ended.get('FailureReason', '')} {ended.get('ExitMessage', '')}".strip()
    if MISSING in reason or log_names_it(context):
        return decide(MOUNTED_INPUT, holds=False, seen=f"it requested the flow's source object; {reason}")
    return Verdict(MOUNTED_INPUT, "undecided", f"{reason}; see {LOG_GROUP}, stream {context.name}")


def row_is_there(context: Context, row: str) -> bool:
    """Whether the record is in the feature group."""
    answer = context.aws.call(
        "sagemaker-featurestore-runtime",
        "GetRecord",
        FeatureGroupName=context.name,
        RecordIdentifierValueAsString=row,
    )
    return bool(answer.get("Record"))


def log_names_it(context: Context) -> bool:
    """Whether a line of the job's log names the missing object."""
    answer = context.aws.call(
        "logs",
        "FilterLogEvents",
        logGroupName=LOG_GROUP,
        logStreamNamePrefix=f"{context.name}/",
        filterPattern=f'"{MISSING}"',
    )
    return bool(answer.get("events"))
