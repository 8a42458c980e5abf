"""A dry run: prints every call with its parameters, holds it against AWS's service model, and makes none.

The answers are those of an account in which everything goes well at once, so that a check goes all its way.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Final

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from smoke.aws import Answer

ACCOUNT: Final = "111122223333"
# More of them would mean that a check waits for something that the answers never say.
_MOST_PAUSES: Final = 20


class RehearsalError(Exception):
    """A check that AWS would not have understood, or that would never end."""


class Rehearsal:
    """Stands in for AWS in a dry run."""

    def __init__(self, region: str, tell: Callable[[str], None]) -> None:
        self.account: str = ACCOUNT
        self.region: str = region
        self.partition: str = "aws"
        self.caller: str = f"arn:aws:sts::{ACCOUNT}:assumed-role/you/session"
        self._tell = tell
        self._told = ""
        self._pauses = 0
        self._metrics = 0
        self._deleted: set[str] = set()

    def call(self, service: str, operation: str, **parameters: Any) -> Answer:
        """Print it; the answer is made up."""
        shape = _model(service).operation_model(operation).input_shape
        report = ParamValidator().validate(parameters, shape)
        if report.has_errors():
            raise RehearsalError(f"{service}:{operation}: {report.generate_report()}")
        told = f"{service}:{operation} {json.dumps(parameters, ensure_ascii=False, default=_shown)}"
        if told != self._told:
            self._tell(told)
            self._told = told
        return self.answer(operation, parameters)

    def now(self) -> float:
        """A time that goes on with each pause only, so that two dry runs print the same."""
        return 1_800_000_000.0 + 60 * self._pauses

    def pause(self, seconds: float) -> None:
        """Not long."""
        del seconds
        self._pauses += 1
        if self._pauses > _MOST_PAUSES:
            raise RehearsalError(f"a check waits for ever after {self._told}")

    def answer(self, operation: str, given: dict[str, Any]) -> Answer:
        """What AWS would say."""
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
        if operation in {"CreateQueue", "GetQueueUrl"}:
            return {"QueueUrl": f"https://sqs.{self.region}.amazonaws.com/{ACCOUNT}/{given['QueueName']}"}
        return ANSWERS.get(operation, {})

    def _metric(self, query: dict[str, Any]) -> dict[str, Any]:
        received = any(
            dimension["Value"].endswith("-received")
            for dimension in query["MetricStat"]["Metric"]["Dimensions"]
        )
        return {"Id": query["Id"], "Timestamps": [], "Values": [0.0 if received else 600.0]}


ANSWERS: Final[dict[str, Answer]] = {
    "CreatePipeline": {"PipelineArn": "arn:aws:sagemaker:region:account:pipeline/smoke"},
    "DescribePipelineExecution": {"PipelineExecutionStatus": "Failed"},
    "ReceiveMessage": {"Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": "{}"}]},
    "GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "1"}},
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
    "ListPipelineExecutions": {"pipelineExecutionSummaries": [{"status": "Succeeded"}]},
    "DescribeFeatureGroup": {"FeatureGroupStatus": "Created"},
    "DescribeProcessingJob": {"ProcessingJobStatus": "Completed"},
    "GetRecord": {"Record": [{"FeatureName": "record_id", "ValueAsString": "1"}]},
}


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _shown(value: Any) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)
