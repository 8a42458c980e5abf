"""The results of executions, and queries of the features."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from builds import ROOT
from project import FLOW
from terminal import WalkthroughError
from wiring import ACCOUNT

GROUP: Final = "FG-abalone"
IDENTIFIER: Final = "record_id"
EVENT_TIME: Final = "record_time"
OFFLINE_PREFIX: Final = "feature-store"
_ANY_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/sagemaker-execution"
LOG_GROUP: Final = "/aws/sagemaker/ProcessingJobs"
WAIT_SECONDS: Final = 600.0
# The offline store keeps the records of every upload. Queries use the latest one of each identifier.
LATEST: Final = (
    f"SELECT *, row_number() OVER (PARTITION BY {IDENTIFIER} ORDER BY {EVENT_TIME} DESC, write_time DESC) "
    "AS age FROM {table}"
)
SPARK: Final = ROOT / "spark-engine/spark-engine"
SEX: Final = "CASE WHEN sex_M = 1 THEN 'male' WHEN sex_F = 1 THEN 'female' ELSE 'infant' END"


@dataclass(frozen=True)
class Keys:
    """The features that identify a record."""

    identifier: str
    event_time: str


@dataclass(frozen=True)
class ExecutionResult:
    """The result of an execution, of the step that started last, and of that step's processing job."""

    status: str
    seconds: float
    reason: str
    exit_message: str
    log: list[str]

    def summary(self) -> dict[str, Any]:
        """Returns the job's summary, which is a line of its log. Empty if the job wrote none."""
        for line in reversed(self.log):
            if line.startswith('{"status"'):
                found: dict[str, Any] = json.loads(line)
                return found
        return {}


class Clients(Protocol):
    """Creates boto3 clients for the account or for a Studio user."""

    def client(self, service: str) -> Any:
        """Returns a boto3 client with the caller's permissions."""


class Features:
    """A feature group. Its offline store and the query results are in `bucket`."""

    def __init__(
        self,
        clients: Clients,
        bucket: str,
        *,
        role: str = _ANY_ROLE,
        group: str = GROUP,
        keys: Keys = Keys(IDENTIFIER, EVENT_TIME),
    ) -> None:
        self._clients = clients
        self._keys = keys
        self._bucket = bucket
        self._role = role
        self._name = group
        self._sagemaker = clients.client("sagemaker")

    def create_group(self, definitions: list[dict[str, str]]) -> None:
        """Creates a feature group with these features."""
        self._sagemaker.create_feature_group(
            FeatureGroupName=self._name,
            RecordIdentifierFeatureName=self._keys.identifier,
            EventTimeFeatureName=self._keys.event_time,
            FeatureDefinitions=definitions,
            OnlineStoreConfig={"EnableOnlineStore": True},
            OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{self._bucket}/{OFFLINE_PREFIX}"}},
            RoleArn=self._role,
        )
        deadline = time.monotonic() + WAIT_SECONDS
        while (status := self._group()["FeatureGroupStatus"]) == "Creating" and time.monotonic() < deadline:
            time.sleep(0.05)
        if status != "Created":
            raise WalkthroughError(f"the feature group is {status}: {self._group().get('FailureReason', '')}")

    def wait_for_execution(self, execution: str) -> ExecutionResult:
        """Waits until an execution ends, and returns its result."""
        request = {"PipelineExecutionArn": execution}
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = self._sagemaker.describe_pipeline_execution(**request)
            if found["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
                break
            if time.monotonic() > deadline:
                raise WalkthroughError(f"the execution did not end within {WAIT_SECONDS:.0f} s")
            time.sleep(0.1)
        steps = self._sagemaker.list_pipeline_execution_steps(**request)["PipelineExecutionSteps"]
        step = max(steps, key=lambda each: each["StartTime"])
        arn = step["Metadata"].get("ProcessingJob", {}).get("Arn")
        job = self._job(arn.rpartition("/")[2]) if arn else {}
        return ExecutionResult(
            status=found["PipelineExecutionStatus"],
            seconds=(step["EndTime"] - step["StartTime"]).total_seconds(),
            reason=step.get("FailureReason", ""),
            exit_message=job.get("ExitMessage", ""),
            log=self._log(job["ProcessingJobName"]) if job else [],
        )

    def count(self) -> int:
        """Returns the number of records."""
        [[number]] = self.query(f'SELECT count(DISTINCT "{self._keys.identifier}") FROM {self.table}')[1:]
        return int(number)

    def first(self) -> dict[str, str]:
        """Returns the record with the lowest identifier, from the online store."""
        [[lowest]] = self.query(f'SELECT min("{self._keys.identifier}") FROM {self.table}')[1:]
        record = self._clients.client("sagemaker-featurestore-runtime").get_record(
            FeatureGroupName=self._name, RecordIdentifierValueAsString=lowest
        )["Record"]
        return {feature["FeatureName"]: feature["ValueAsString"] for feature in record}

    def rings_by_sex(self) -> list[list[str]]:
        """Queries columns that the flow computed. Returns the header and the rows."""
        return self.query(
            f"SELECT {SEX} AS sex, count(*) AS records, round(avg(rings), 2) AS mean_rings "
            f"FROM ({LATEST.format(table=self.table)}) WHERE age = 1 GROUP BY 1 ORDER BY 1"
        )

    @property
    def table(self) -> str:
        """The name of the group's table in queries."""
        catalog = self._group()["OfflineStoreConfig"]["DataCatalogConfig"]
        return f'"{catalog["Database"]}"."{catalog["TableName"]}"'

    def query(self, sql: str) -> list[list[str]]:
        """Runs an Athena query. Returns the header and the rows."""
        athena = self._clients.client("athena")
        output = {"OutputLocation": f"s3://{self._bucket}/athena/"}
        started = athena.start_query_execution(QueryString=sql, ResultConfiguration=output)
        request = {"QueryExecutionId": started["QueryExecutionId"]}
        deadline = time.monotonic() + WAIT_SECONDS
        status = {"State": "QUEUED"}
        while status["State"] in ("QUEUED", "RUNNING") and time.monotonic() < deadline:
            time.sleep(0.02)
            status = athena.get_query_execution(**request)["QueryExecution"]["Status"]
        if status["State"] != "SUCCEEDED":
            raise WalkthroughError(f"the query is {status['State']}: {status.get('StateChangeReason', '')}")
        rows = athena.get_query_results(**request)["ResultSet"]["Rows"]
        return [[value.get("VarCharValue", "") for value in row["Data"]] for row in rows]

    def _group(self) -> dict[str, Any]:
        found: dict[str, Any] = self._sagemaker.describe_feature_group(FeatureGroupName=self._name)
        return found

    def _job(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._sagemaker.describe_processing_job(ProcessingJobName=name)
        return found

    def _log(self, job: str) -> list[str]:
        logs = self._clients.client("logs")
        request = {"logGroupName": LOG_GROUP}
        try:
            [stream] = logs.describe_log_streams(**request, logStreamNamePrefix=f"{job}/")["logStreams"]
        except (logs.exceptions.ResourceNotFoundException, ValueError):
            # A job that never ran has no log.
            return []
        messages: list[str] = []
        token: dict[str, str] = {}
        while True:
            # A Studio user may call get_log_events, but not filter_log_events.
            page = logs.get_log_events(
                **request, logStreamName=stream["logStreamName"], startFromHead=True, **token
            )
            messages += [event["message"] for event in page["events"]]
            if not page["events"] or page["nextForwardToken"] == token.get("nextToken"):
                return messages
            token = {"nextToken": page["nextForwardToken"]}


def definitions_from(engine: Path, data: Path, flow: Path = FLOW) -> list[dict[str, str]]:
    """Returns the feature definitions of the flow's output, as printed by the engine."""
    command = [engine.resolve(), "--flow", flow, "--input", data, "--spark-engine", SPARK]
    result = subprocess.run(
        [*map(str, command), "--print-feature-definitions"],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise WalkthroughError(
            f"{engine.name} cannot print the feature definitions of {flow.name}:\n{result.stderr}"
        )
    definitions: list[dict[str, str]] = json.loads(result.stdout)["FeatureDefinitions"]
    return definitions


def as_table(rows: list[list[str]]) -> list[str]:
    """Formats rows as lines with aligned columns. The first row is the header."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]
