"""A dry run: prints every call with its parameters, validates it against AWS's service model, and sends none.

The responses are those of an account where every call succeeds at once, so that each check runs to its end.
"""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from smoke.aws import Answer

ACCOUNT: Final = "111122223333"
_DATA: Final = Path(__file__).resolve().parent / "three-rows.csv"
# More pauses mean that a check waits for a response that never comes.
_MOST_PAUSES: Final = 20


class DryRunError(Exception):
    """A check sends an invalid request, or never ends."""


class DryRun:
    """Replaces AWS in a dry run."""

    def __init__(self, region: str, say: Callable[[str], None]) -> None:
        self.account: str = ACCOUNT
        self.region: str = region
        self.partition: str = "aws"
        self.caller: str = f"arn:aws:sts::{ACCOUNT}:assumed-role/you/session"
        self._say = say
        self._last_line = ""
        self._pauses = 0
        self._metrics = 0
        self._deleted: set[str] = set()
        self._uploaded: dict[str, Any] = {}

    def call(self, service: str, operation: str, **parameters: Any) -> Answer:
        """Prints the call. The response is invented."""
        shape = _model(service).operation_model(operation).input_shape
        report = ParamValidator().validate(parameters, shape)
        if report.has_errors():
            raise DryRunError(f"{service}:{operation}: {report.generate_report()}")
        line = f"{service}:{operation} {json.dumps(parameters, ensure_ascii=False, default=_shown)}"
        if line != self._last_line:
            self._say(line)
            self._last_line = line
        return self.answer(operation, parameters)

    def now(self) -> float:
        """A time that advances only with each pause, so that two dry runs print the same."""
        return 1_800_000_000.0 + 60 * self._pauses

    def pause(self, seconds: float) -> None:
        """Returns at once. Raises `DryRunError` after too many pauses."""
        del seconds
        self._pauses += 1
        if self._pauses > _MOST_PAUSES:
            raise DryRunError(f"a check waits forever after {self._last_line}")

    def answer(self, operation: str, given: dict[str, Any]) -> Answer:
        """The invented response."""
        arn = f"arn:aws:sagemaker:{self.region}:{ACCOUNT}"
        if operation == "StartPipelineExecution":
            token = given["ClientRequestToken"].strip("-")
            return {"PipelineExecutionArn": f"{arn}:pipeline/smoke/execution/<of {token}>"}
        if operation == "GetMetricData":
            return {"MetricDataResults": [self._metric(query) for query in given["MetricDataQueries"]]}
        if operation == "DeleteFeatureGroup":
            self._deleted.add(given["FeatureGroupName"])
        if operation == "DescribeFeatureGroup" and given["FeatureGroupName"] in self._deleted:
            gone = {"Error": {"Code": "ResourceNotFound", "Message": "Resource Not Found"}}
            raise ClientError(gone, operation)
        if operation == "PutObject":
            self._uploaded = given
        if operation == "ReceiveMessage" and given["QueueUrl"].endswith("-events"):
            return {"Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": self._event()}]}
        if operation == "Invoke":
            return {"Payload": io.BytesIO(json.dumps({"execution_arn": _STARTED}).encode())}
        if operation == "GetRecord":
            return {"Record": _record(given["RecordIdentifierValueAsString"])}
        if operation in {"CreateQueue", "GetQueueUrl"}:
            return {"QueueUrl": f"https://sqs.{self.region}.amazonaws.com/{ACCOUNT}/{given['QueueName']}"}
        return ANSWERS.get(operation, {})

    def _event(self) -> str:
        """The event of the latest upload."""
        uploaded = {"key": self._uploaded["Key"], "version-id": _VERSION, "sequencer": "0"}
        return json.dumps({"detail": {"bucket": {"name": self._uploaded["Bucket"]}, "object": uploaded}})

    def _metric(self, query: dict[str, Any]) -> dict[str, Any]:
        received = any(
            dimension["Value"].endswith("-received")
            for dimension in query["MetricStat"]["Metric"]["Dimensions"]
        )
        return {"Id": query["Id"], "Timestamps": [], "Values": [0.0 if received else 600.0]}


_STARTED: Final = f"arn:aws:sagemaker:region:{ACCOUNT}:pipeline/<the project's>/execution/<the upload's>"
_VERSION: Final = "<the object's version>"
ANSWERS: Final[dict[str, Answer]] = {
    "CreatePipeline": {"PipelineArn": "arn:aws:sagemaker:region:account:pipeline/smoke"},
    "DescribePipelineExecution": {"PipelineExecutionStatus": "Failed"},
    "ReceiveMessage": {"Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": "{}"}]},
    "GetQueueAttributes": {
        "Attributes": {"ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "1"}
    },
    "DescribeAlarms": {"MetricAlarms": [{"StateValue": "ALARM"}]},
    "ListMessageMoveTasks": {
        "Results": [{"Status": "COMPLETED", "StartedTimestamp": 1, "ApproximateNumberOfMessagesMoved": 1}]
    },
    "DescribeStacks": {
        "Stacks": [
            {
                "Outputs": [
                    {"OutputKey": "PortfolioId", "OutputValue": "port-<of the stack>"},
                    {"OutputKey": "ProductId", "OutputValue": "prod-<of the stack>"},
                    {"OutputKey": "ProductLaunchRoleArn", "OutputValue": "arn:<the launch role>"},
                ]
            }
        ]
    },
    "GetRole": {"Role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/you"}},
    "ListPrincipalsForPortfolio": {"Principals": []},
    "ListProvisioningArtifacts": {
        "ProvisioningArtifactDetails": [{"Id": "pa-<the newest>", "Name": "1.0.0", "Active": True}]
    },
    "ProvisionProduct": {"RecordDetail": {"RecordId": "rec-<of provisioning>"}},
    "TerminateProvisionedProduct": {"RecordDetail": {"RecordId": "rec-<of termination>"}},
    "DescribeRecord": {"RecordDetail": {"Status": "SUCCEEDED"}},
    "ListPipelineExecutions": {
        "pipelineExecutionSummaries": [{"status": "Succeeded"}] * 2,  # CodePipeline's
        "PipelineExecutionSummaries": [  # SageMaker's
            {"PipelineExecutionArn": _STARTED, "PipelineExecutionStatus": "Succeeded"}
        ],
    },
    "GetBranch": {"branch": {"commitId": "<of the seed code>"}},
    "PutObject": {"VersionId": _VERSION},
    "DescribeFeatureGroup": {"FeatureGroupStatus": "Created"},
}


def _record(row: str) -> list[dict[str, str]]:
    """The record of a row of three-rows.csv."""
    [values] = [each for each in csv.DictReader(_DATA.open(encoding="utf-8")) if each["record_id"] == row]
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _shown(value: Any) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)
