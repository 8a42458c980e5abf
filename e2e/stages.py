"""The stages that an upload passes: the event, the function's invocation, and the execution."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from account import StudioUser
from demo_data import Upload
from local_aws.launcher import LocalAws
from reporter import Reporter
from studio import Project
from terminal import WalkthroughError, wait_for
from wiring import ACCOUNT, REGION

TAP: Final = "demo-tap"
_REPORT: Final = "REPORT RequestId: "


@dataclass(frozen=True)
class Delivery:
    """An event as the rule delivered it, and the execution that it started or found."""

    event: dict[str, Any]
    execution: str


class Stages:
    """Follows the uploads to a project and reports each stage."""

    def __init__(self, aws: LocalAws, user: StudioUser, project: Project, reporter: Reporter) -> None:
        self._aws = aws
        self._user = user
        self._project = project
        self._reporter = reporter
        self._function = project.outputs["FunctionName"]
        self._seen: set[str] = set()
        self._tap = ""

    def watch(self) -> None:
        """Copies each event that starts the function to a queue, so that it can be shown."""
        events = self._aws.client("events")
        uploads = events.describe_rule(Name=f"sagemaker-{self._project.id}-uploads")
        self._tap = self._aws.client("sqs").create_queue(QueueName=TAP)["QueueUrl"]
        events.put_rule(Name=TAP, EventPattern=uploads["EventPattern"])
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{TAP}"
        events.put_targets(Rule=TAP, Targets=[{"Id": "tap", "Arn": queue}])

    def stop_watching(self) -> None:
        """Deletes the queue and its rule."""
        events = self._aws.client("events")
        events.remove_targets(Rule=TAP, Ids=["tap"])
        events.delete_rule(Name=TAP)
        self._aws.client("sqs").delete_queue(QueueUrl=self._tap)

    def upload(self, upload: Upload) -> Delivery:
        """Uploads an object, and follows the event to its execution."""
        bucket = self._project.bucket
        self._user.client("s3").put_object(Bucket=bucket, Key=upload.key, Body=upload.content)
        self._reporter.line("upload", f"s3://{bucket}/{upload.key}", f"{len(upload.content):,} bytes")
        event = wait_for("the event", self._next_event)
        self._reporter.line("event", event["detail-type"], f"at {event['time']}")
        self._reporter.line("", f"sequencer {event['detail']['object']['sequencer']}")
        return Delivery(event, self._follow())

    def deliver_again(self, event: dict[str, Any]) -> Delivery:
        """Delivers an event again, as EventBridge may do."""
        self._aws.client("lambda").invoke(
            FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event)
        )
        self._reporter.line("event", f"sequencer {event['detail']['object']['sequencer']}, as before")
        return Delivery(event, self._follow())

    def executions(self) -> int:
        """Returns the number of the pipeline's executions."""
        listed = self._user.client("sagemaker").list_pipeline_executions(PipelineName=self._project.pipeline)
        return len(listed["PipelineExecutionSummaries"])

    def _follow(self) -> str:
        line = wait_for("the function's log line", self._next_line)
        self._reporter.line("function", self._function)
        self._reporter.line("invocation", f"{line['request_id']}: {line['message']}")
        if "execution_arn" not in line:
            raise WalkthroughError(f"the function reported: {line.get('error') or line.get('reason')}")
        arn = str(line["execution_arn"])
        sagemaker = self._user.client("sagemaker")
        execution = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        parameters = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
        status = execution["PipelineExecutionStatus"]
        self._reporter.line("execution", f"{execution['PipelineExecutionDisplayName']} is {status}")
        self._reporter.line("  id", arn.rpartition("/")[2])
        self._reporter.line("  token", line["token"])
        for parameter in parameters["PipelineParameters"]:
            if parameter["Name"] == "InputDataUrl":
                self._reporter.line("  input", f"InputDataUrl = {parameter['Value']}")
        return arn

    def _next_event(self) -> dict[str, Any] | None:
        sqs = self._aws.client("sqs")
        received = sqs.receive_message(QueueUrl=self._tap, MaxNumberOfMessages=1)
        for message in received.get("Messages", []):
            sqs.delete_message(QueueUrl=self._tap, ReceiptHandle=message["ReceiptHandle"])
            event: dict[str, Any] = json.loads(message["Body"])
            return event
        return None

    def _next_line(self) -> dict[str, Any] | None:
        """Returns the next log line about an event. Raises WalkthroughError if an invocation logged none."""
        logs = self._aws.client("logs")
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{self._function}")["events"]
        texts = [event["message"] for event in found]
        logged = set()
        for text in texts:
            if not text.startswith('{"timestamp"'):
                continue
            line: dict[str, Any] = json.loads(text)
            logged.add(line.get("request_id"))
            if text not in self._seen and "request_id" in line:
                self._seen.add(text)
                return line
        for text in texts:
            request = text.removeprefix(_REPORT).split()[:1] if text.startswith(_REPORT) else []
            if request and request[0] not in logged:
                raise WalkthroughError("the function failed without a log line:\n" + "\n".join(texts))
        return None
