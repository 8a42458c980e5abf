"""The end of the road: what the executions did, and the features that came of it."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from project import FLOW
from terminal import RoadError
from wiring import ACCOUNT

GROUP: Final = "FG-abalone"
IDENTIFIER: Final = "record_id"
EVENT_TIME: Final = "record_time"
OFFLINE_PREFIX: Final = "feature-store"
_ANY_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/sagemaker-execution"
LOG_GROUP: Final = "/aws/sagemaker/ProcessingJobs"
WAIT_SECONDS: Final = 600.0
# Each upload writes its records anew, and the offline store keeps them all: the latest of each is meant.
LATEST: Final = (
    f"SELECT *, row_number() OVER (PARTITION BY {IDENTIFIER} ORDER BY {EVENT_TIME} DESC, write_time DESC) "
    "AS age FROM {table}"
)
SEX: Final = "CASE WHEN sex_M = 1 THEN 'male' WHEN sex_F = 1 THEN 'female' ELSE 'infant' END"


@dataclass(frozen=True)
class Ended:
    """An execution that has ended: its only step and that step's processing job."""

    status: str
    seconds: float
    reason: str
    exit_message: str
    log: list[str]

    def summary(self) -> dict[str, Any]:
        """The job's own summary, which is a line of its log; empty if it came to none."""
        for line in reversed(self.log):
            if line.startswith('{"status"'):
                found: dict[str, Any] = json.loads(line)
                return found
        return {}


class Clients(Protocol):
    """Whoever asks: the account, or a user in Studio."""

    def client(self, service: str) -> Any:
        """A boto3 client with their rights."""


class Features:
    """A feature group, whose offline store and queries' results are in a bucket."""

    def __init__(self, asking: Clients, bucket: str, *, role: str = _ANY_ROLE, group: str = GROUP) -> None:
        self._asking = asking
        self._bucket = bucket
        self._role = role
        self._name = group
        self._sagemaker = asking.client("sagemaker")

    def create_group(self, engine: Path, data: Path) -> int:
        """Make the feature group as the flow's output needs it; gives the number of its features."""
        definitions = definitions_by(engine, data)
        self._sagemaker.create_feature_group(
            FeatureGroupName=self._name,
            RecordIdentifierFeatureName=IDENTIFIER,
            EventTimeFeatureName=EVENT_TIME,
            FeatureDefinitions=definitions,
            OnlineStoreConfig={"EnableOnlineStore": True},
            OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{self._bucket}/{OFFLINE_PREFIX}"}},
            RoleArn=self._role,
        )
        deadline = time.monotonic() + WAIT_SECONDS
        while (status := self._group()["FeatureGroupStatus"]) == "Creating" and time.monotonic() < deadline:
            time.sleep(0.05)
        if status != "Created":
            raise RoadError(f"the feature group is {status}: {self._group().get('FailureReason', '')}")
        return len(definitions)

    def ended(self, execution: str) -> Ended:
        """What became of an execution, once it has ended."""
        asked = {"PipelineExecutionArn": execution}
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = self._sagemaker.describe_pipeline_execution(**asked)
            if found["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
                break
            if time.monotonic() > deadline:
                raise RoadError(f"the execution did not end within {WAIT_SECONDS:.0f} s")
            time.sleep(0.1)
        [step] = self._sagemaker.list_pipeline_execution_steps(**asked)["PipelineExecutionSteps"]
        arn = step["Metadata"].get("ProcessingJob", {}).get("Arn")
        job = self._job(arn.rpartition("/")[2]) if arn else {}
        return Ended(
            status=found["PipelineExecutionStatus"],
            seconds=(step["EndTime"] - step["StartTime"]).total_seconds(),
            reason=step.get("FailureReason", ""),
            exit_message=job.get("ExitMessage", ""),
            log=self._log(job["ProcessingJobName"]) if job else [],
        )

    def count(self) -> int:
        """How many records there are."""
        [[number]] = self.query(f"SELECT count(DISTINCT {IDENTIFIER}) FROM {self.table}")[1:]
        return int(number)

    def first(self) -> dict[str, str]:
        """The record with the lowest identifier, out of the online store."""
        [[lowest]] = self.query(f"SELECT min({IDENTIFIER}) FROM {self.table}")[1:]
        record = self._asking.client("sagemaker-featurestore-runtime").get_record(
            FeatureGroupName=self._name, RecordIdentifierValueAsString=lowest
        )["Record"]
        return {feature["FeatureName"]: feature["ValueAsString"] for feature in record}

    def rings_by_sex(self) -> list[list[str]]:
        """The header and the rows of a query that only the flow's output can answer."""
        return self.query(
            f"SELECT {SEX} AS sex, count(*) AS records, round(avg(rings), 2) AS mean_rings "
            f"FROM ({LATEST.format(table=self.table)}) WHERE age = 1 GROUP BY 1 ORDER BY 1"
        )

    @property
    def table(self) -> str:
        """The group's table, as a query names it."""
        catalog = self._group()["OfflineStoreConfig"]["DataCatalogConfig"]
        return f'"{catalog["Database"]}"."{catalog["TableName"]}"'

    def query(self, sql: str) -> list[list[str]]:
        """The header and the rows of an Athena query."""
        athena = self._asking.client("athena")
        place = {"OutputLocation": f"s3://{self._bucket}/athena/"}
        started = athena.start_query_execution(QueryString=sql, ResultConfiguration=place)
        asked = {"QueryExecutionId": started["QueryExecutionId"]}
        deadline = time.monotonic() + WAIT_SECONDS
        status = {"State": "QUEUED"}
        while status["State"] in ("QUEUED", "RUNNING") and time.monotonic() < deadline:
            time.sleep(0.02)
            status = athena.get_query_execution(**asked)["QueryExecution"]["Status"]
        if status["State"] != "SUCCEEDED":
            raise RoadError(f"the query is {status['State']}: {status.get('StateChangeReason', '')}")
        rows = athena.get_query_results(**asked)["ResultSet"]["Rows"]
        return [[value.get("VarCharValue", "") for value in row["Data"]] for row in rows]

    def _group(self) -> dict[str, Any]:
        found: dict[str, Any] = self._sagemaker.describe_feature_group(FeatureGroupName=self._name)
        return found

    def _job(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._sagemaker.describe_processing_job(ProcessingJobName=name)
        return found

    def _log(self, job: str) -> list[str]:
        logs = self._asking.client("logs")
        asked = {"logGroupName": LOG_GROUP}
        try:
            [stream] = logs.describe_log_streams(**asked, logStreamNamePrefix=f"{job}/")["logStreams"]
        except (logs.exceptions.ResourceNotFoundException, ValueError):
            # A job that did not come to run has none.
            return []
        messages: list[str] = []
        token: dict[str, str] = {}
        while True:
            # What a user in Studio may call, who may not filter.
            page = logs.get_log_events(
                **asked, logStreamName=stream["logStreamName"], startFromHead=True, **token
            )
            messages += [event["message"] for event in page["events"]]
            if not page["events"] or page["nextForwardToken"] == token.get("nextToken"):
                return messages
            token = {"nextToken": page["nextForwardToken"]}


def definitions_by(engine: Path, data: Path) -> list[dict[str, str]]:
    """The feature definitions that the flow's output needs, as the engine itself says."""
    done = subprocess.run(
        [str(engine.resolve()), "--flow", str(FLOW), "--input", str(data), "--print-feature-definitions"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RoadError(f"{engine.name} has no feature definitions of {FLOW.name}:\n{done.stderr}")
    definitions: list[dict[str, str]] = json.loads(done.stdout)["FeatureDefinitions"]
    return definitions


def as_table(rows: list[list[str]]) -> list[str]:
    """Rows as lines with aligned columns, the first one a header."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]
