"""`make demo`: a file lands in S3 and its features end up in a feature group, through what is shipped.

Uploads a file, uploads it again, then delivers the first event once more, and shows each hop as it happens:
the pipeline is started once for each upload. Then it waits for the executions, and reads what they wrote.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from demo_data import DemoError, Upload, abalone, own_file
from features import EVENT_TIME, GROUP, IDENTIFIER, Ended, Features, as_table
from local_aws.launcher import LocalAws, LocalAwsError
from project import PIPELINE, build, checkout, stage, variables
from wiring import FUNCTION, Wiring, wire

LOG: Final = Path("target/demo/local-aws.log")
WAIT_SECONDS: Final = 120.0
LAST_LINES: Final = 20
T = TypeVar("T")


@dataclass(frozen=True)
class Started:
    """One upload's way: the event as the rule sent it, and the function's own line of log about it."""

    event: dict[str, Any]
    log_line: dict[str, Any]


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


@contextmanager
def part(title: str) -> Iterator[None]:
    """A part of the demo: its title, and at its end how long it took."""
    say(f"\n{title}")
    begin = time.monotonic()
    yield
    say(f"   ({time.monotonic() - begin:.1f} s)")


def show_starts(demo: Demo, upload: Upload) -> list[str]:
    """Two uploads and three deliveries; gives the executions that they started."""
    with part(f"1. Upload {upload.description}"):
        first = demo.upload(upload)
        check(len(demo.executions()) == 1, "one upload starts one execution")
    with part("2. Upload it again: a new version of the object, so a new execution"):
        second = demo.upload(upload)
        arns = [first.log_line["execution_arn"], second.log_line["execution_arn"]]
        check(len(set(arns)) == 2 == len(demo.executions()), "a second upload starts a second execution")
    with part("3. Deliver the first event again, as EventBridge may: nothing new starts"):
        again = demo.deliver_again(first.event)
        same = again.log_line["execution_arn"] == first.log_line["execution_arn"]
        check(same, "a redelivery finds the execution of its first delivery")
        check(len(demo.executions()) == 2, "a redelivery starts nothing")
        say("   That is the execution of 1., found again by its token.")
    return arns


def show_executions(features: Features, arns: list[str]) -> None:
    """What the executions did. Fails if one of them has failed, with what its job said."""
    with part("4. The executions run the flow on the data"):
        for number, arn in enumerate(arns, start=1):
            ended = features.ended(arn)
            say(f"   execution {number} is {ended.status}; its processing job took {ended.seconds:.1f} s")
            show_job(ended)
            if ended.status != "Succeeded":
                raise DemoError(f"execution {number} is {ended.status}: {ended.reason}")


def show_job(ended: Ended) -> None:
    """What a job said: what became of the rows, and why it failed, if it did."""
    summary = ended.summary()
    for what in ("read", "written", "rejected"):
        if f"rows_{what}" in summary:
            say(f"     rows {what:<9}{summary[f'rows_{what}']:>9,}")
    if ended.status != "Succeeded":
        for line in ended.exit_message.splitlines() or ended.log[-LAST_LINES:]:
            say(f"     {line}")


def show_features(features: Features, upload: Upload) -> None:
    """The records: how many, one of them, and a query over all."""
    with part(f"5. The feature group {GROUP}"):
        count = features.count()
        say(f"   records     {count:,}")
        check(count == upload.records or upload.records is None, f"there are {upload.records} records")
        record = features.first()
        say(f"   GetRecord   {IDENTIFIER} {record[IDENTIFIER]}")
        for name, value in record.items():
            say(f"     {name:<15} {value}")
        say("   Athena      mean rings by sex")
        for line in as_table(features.rings_by_sex()):
            say(f"     {line}")


def run(package: Path, program: Path, engine: Path, upload: Upload) -> None:
    """The whole demo."""
    begin = time.monotonic()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LocalAws(log_file=LOG, ingest_features=engine) as aws:
        say(f"local-aws runs at {aws.endpoint}")
        make_pipeline(aws, program)
        say(f"made the pipeline {PIPELINE}, by the build of the project's seed code")
        wiring = wire(aws, package, pipeline=PIPELINE, make_pipeline=False, suffix="")
        size = package.stat().st_size / 1e6
        say(f"made a bucket, a rule and a function from {package} ({size:.2f} MB)")
        features = Features(aws, wiring.bucket)
        number = make_group(features, engine)
        say(f"made the feature group {GROUP} of {number} features, {EVENT_TIME} its event time")
        arns = show_starts(Demo(aws, wiring), upload)
        show_executions(features, arns)
        show_features(features, upload)
    say("\n2 uploads, 3 deliveries, 2 executions: each upload started its pipeline once.")
    say(f"This took {time.monotonic() - begin:.1f} s; the log of it all is {LOG}.")


def make_group(features: Features, engine: Path) -> int:
    """The feature group, as the flow's output on the Abalone data needs it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "abalone.csv"
        data.write_bytes(abalone().content)
        return features.create_group(engine, data)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description="Upload a file and watch its features being made.")
    parser.add_argument("--package", type=Path, required=True, help="the Lambda's zip")
    parser.add_argument("--cli", type=Path, required=True, help="the program ingestion-pipeline")
    parser.add_argument(
        "--ingest-features", type=Path, required=True, help="the program ingest-features, which runs the flow"
    )
    parser.add_argument("--file", type=Path, help="what to upload; by default the Abalone data")
    options = parser.parse_args()
    try:
        upload = own_file(options.file) if options.file else abalone()
        run(options.package, options.cli, options.ingest_features, upload)
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
