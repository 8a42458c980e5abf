"""Does the Data Wrangler container read the mounted input? One job, whose flow names a missing object.

The job is the one that the product's own pipeline would run: its request is taken from the definition that
`ingestion-pipeline build` makes.
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
from smoke.launching import flow_text
from smoke.ledger import cli, is_gone
from smoke.report import Verdict, decide
from smoke.world import UndecidedError, World

HERE: Final = Path(__file__).resolve().parent
DATA: Final = HERE / "three-rows.csv"
ROWS: Final = ("1", "2", "3")
MISSING: Final = "missing/three-rows.csv"
LOG_GROUP: Final = "/aws/sagemaker/ProcessingJobs"
# The job is stopped then, and costs no more.
MAX_RUNTIME_SECONDS: Final = 1800


def check(world: World) -> Iterator[Verdict]:
    """Run the job, and look for the three rows in the feature group."""
    request = job(world)
    world.make_bucket()
    world.put("flow/three-rows.flow", flow_text(world.bucket).encode())
    world.put("mounted/three-rows.csv", DATA.read_bytes())
    world.make_role(grants(world))
    make_feature_group(world)
    by_hand = cli("sagemaker", "StopProcessingJob", {"ProcessingJobName": world.name})
    world.ledger.add(f"running job {world.name}", lambda: stop(world), by_hand)
    world.with_new_role(lambda: world.aws.call("sagemaker", "CreateProcessingJob", **request))
    ended = world.until(lambda: ended_job(world), "the job had ended")
    yield verdict(world, ended)


def job(world: World) -> dict[str, Any]:
    """The request for the job, from the product's own definition."""
    definition = built(world)
    values = {each["Name"]: each["DefaultValue"] for each in definition["Parameters"]} | {
        "InputFlowUrl": f"s3://{world.bucket}/flow/three-rows.flow",
        "InputDataUrl": f"s3://{world.bucket}/mounted/three-rows.csv",
    }
    arguments: dict[str, Any] = resolved(definition["Steps"][0]["Arguments"], values)
    return {
        **arguments,
        "ProcessingJobName": world.name,
        "StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME_SECONDS},
        "Tags": world.tags,
    }


def built(world: World) -> dict[str, Any]:
    """The definition of a pipeline for the flow, by the program that the project's build runs."""
    if not world.program.is_file():
        raise UndecidedError(f"there is no {world.program}: make build")
    with tempfile.TemporaryDirectory() as folder:
        flow = Path(folder) / "three-rows.flow"
        flow.write_text(flow_text(world.bucket), encoding="utf-8")
        settings = {
            "AWS_REGION": world.aws.region,
            "DW_FLOW_URL": str(flow),
            "EXECUTION_ROLE": world.role_arn,
            "FEATURE_GROUP_NAME": world.name,
            "ARTIFACTS_URL": f"s3://{world.bucket}",
            "PIPELINE_ENGINE": "data-wrangler",
            "PIPELINE_NAME_PREFIX": "smoke",
            "S3_DATA_PREFIX": f"s3://{world.bucket}/mounted/",
            "SAGEMAKER_PROJECT_ID": f"p-smoke{world.run_id}",
            "SAGEMAKER_PROJECT_NAME": "smoke",
        }
        done = subprocess.run(
            [str(world.program.resolve()), "build"],
            cwd=folder,
            env={"PATH": os.environ.get("PATH", "")} | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    if done.returncode != 0:
        raise UndecidedError(f"`{world.program} build` failed: {done.stderr.strip()}")
    definition: dict[str, Any] = json.loads(done.stdout)
    return definition


def resolved(value: Any, values: dict[str, Any]) -> Any:
    """The arguments with the parameters' values, as the pipeline would hand them to the job."""
    if isinstance(value, dict):
        if set(value) == {"Get"}:
            return values[value["Get"].removeprefix("Parameters.")]
        return {name: resolved(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner, values) for inner in value]
    return value


def grants(world: World) -> list[dict[str, Any]]:
    """What the job's role may do: as the product's own, but on the run's things."""
    bucket = f"arn:{world.aws.partition}:s3:::{world.bucket}"
    images = (
        f"arn:{world.aws.partition}:ecr:{world.aws.region}:*:repository/sagemaker-data-wrangler-container"
    )
    of_group = ["sagemaker:BatchWriteRecord", "sagemaker:DescribeFeatureGroup", "sagemaker:PutRecord"]
    of_images = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    of_logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    allowed: list[tuple[str | list[str], str]] = [
        ("s3:GetObject", f"{bucket}/*"),
        ("s3:ListBucket", bucket),
        (of_group, world.arn("sagemaker", f"feature-group/{world.name}")),
        (of_images, images),
        ("ecr:GetAuthorizationToken", "*"),
        (of_logs, world.arn("logs", f"log-group:{LOG_GROUP}*")),
    ]
    return [{"Effect": "Allow", "Action": action, "Resource": where} for action, where in allowed]


def make_feature_group(world: World) -> None:
    """An online feature group for the three rows."""
    group = {"FeatureGroupName": world.name}
    world.ledger.will_make_feature_group(world.name, world.poll_seconds)
    world.aws.call(
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
        Tags=world.tags,
        **group,
    )

    def created() -> bool:
        status = world.aws.call("sagemaker", "DescribeFeatureGroup", **group)["FeatureGroupStatus"]
        if status == "CreateFailed":
            raise UndecidedError("the feature group could not be made")
        return bool(status == "Created")

    world.until(created, "the feature group was made")


def stop(world: World) -> None:
    """Stop the job, if it runs."""
    try:
        running = ended_job(world) is None
    except ClientError as error:
        if is_gone(error):
            return
        raise
    if running:
        world.aws.call("sagemaker", "StopProcessingJob", ProcessingJobName=world.name)


def ended_job(world: World) -> dict[str, Any] | None:
    """The job, once it has ended."""
    found = world.aws.call("sagemaker", "DescribeProcessingJob", ProcessingJobName=world.name)
    return found if found["ProcessingJobStatus"] in {"Completed", "Failed", "Stopped"} else None


def verdict(world: World, ended: dict[str, Any]) -> Verdict:
    """By what the feature group holds, and by what the log of a job that failed names."""
    status = ended["ProcessingJobStatus"]
    if status == "Completed":
        found = [row for row in ROWS if row_is_there(world, row)]
        return decide(MOUNTED_INPUT, len(found) == len(ROWS), f"Completed, {len(found)} of 3 rows are there")
    reason = f"{status}: {ended.get('FailureReason', '')} {ended.get('ExitMessage', '')}".strip()
    if MISSING in reason or log_names_it(world):
        return decide(MOUNTED_INPUT, holds=False, seen=f"it asked for the flow's own object; {reason}")
    return Verdict(MOUNTED_INPUT, "undecided", f"{reason}; see {LOG_GROUP}, stream {world.name}")


def row_is_there(world: World, row: str) -> bool:
    """Whether a record has arrived."""
    answer = world.aws.call(
        "sagemaker-featurestore-runtime",
        "GetRecord",
        FeatureGroupName=world.name,
        RecordIdentifierValueAsString=row,
    )
    return bool(answer.get("Record"))


def log_names_it(world: World) -> bool:
    """Whether a line of the job's log names the missing object."""
    answer = world.aws.call(
        "logs",
        "FilterLogEvents",
        logGroupName=LOG_GROUP,
        logStreamNamePrefix=f"{world.name}/",
        filterPattern=f'"{MISSING}"',
    )
    return bool(answer.get("events"))
