"""Do the features of an uploaded file arrive? Uses a project of the product, and one file, for each engine.

A second rule copies the events of the project's bucket to a queue of the check. The check sees what S3
sends, and can send it again.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from smoke import operating, project
from smoke.claims import (
    NATIVE_DUPLICATE,
    NATIVE_FEATURES,
    UPLOAD_EVENT,
    WRANGLER_DUPLICATE,
    WRANGLER_FEATURES,
    Claim,
)
from smoke.cleanup import StillThereError, is_gone
from smoke.context import Context, UndecidedError
from smoke.report import Verdict, decide

DATA: Final = Path(__file__).resolve().parent / "three-rows.csv"
# A space, a plus sign, and a letter of two bytes: the characters that URL encodings change.
KEY: Final = "landing/a b+ü.csv"
# A key that the project's rule does not match.
PROBE: Final = "probe"
EVENT_TIME: Final = 1_700_000_000.0
VALUES: Final = {"1": 0.5, "2": 1.5, "3": 2.5}
# A part of the URLs of objects that do not exist: the one that the stored flow names, and the check's flow.
MISSING: Final = "input-was-not-bound"
LOG_GROUP: Final = "/aws/sagemaker/ProcessingJobs"
RUNNING: Final = {"Executing", "Stopping"}


@dataclasses.dataclass(frozen=True)
class Upload:
    """The uploaded file."""

    version: str
    """The object's version."""
    event: dict[str, Any]
    """The event that S3 sent for it."""


def native(context: Context) -> Iterator[Verdict]:
    """Ingests a file with the engine `native`."""
    mine = with_form(context, "native")
    upload = uploaded(mine)
    yield event_verdict(upload)
    yield from ingested(mine, upload, NATIVE_FEATURES, NATIVE_DUPLICATE)
    yield from operating.check(mine)


def data_wrangler(context: Context) -> Iterator[Verdict]:
    """Ingests a file with the engine `data-wrangler`."""
    mine = with_form(context, "data-wrangler")
    upload = uploaded(mine)
    yield from ingested(mine, upload, WRANGLER_FEATURES, WRANGLER_DUPLICATE)


def with_form(context: Context, engine: str) -> Context:
    """The context with the form's values for this check. They replace the given ones."""
    others = {name: value for name, value in context.parameters.items() if name != "DataBucketName"}
    form = {
        "Engine": engine,
        "FeatureGroupName": context.name,
        "DataKeyPrefix": "landing/",
        "DataKeySuffix": ".csv",
    }
    return dataclasses.replace(context, parameters=others | form)


def uploaded(context: Context) -> Upload:
    """Makes a project and its feature group, and uploads the file."""
    provisioned = project.create(context)
    if provisioned["Status"] != "SUCCEEDED":
        raise UndecidedError(f"the product was not provisioned: {project.status_text(provisioned)}")
    make_feature_group(context)
    queue = copy_events(context)
    status = project.built(context)
    if status != "Succeeded":
        raise UndecidedError(f"the build's pipeline {project.build_pipeline(context)}: {status}")
    context.cleanup.add(
        f"running executions of {project.pipeline(context)}",
        lambda: stop_executions(context),
        f"aws sagemaker list-pipeline-executions --pipeline-name {project.pipeline(context)}, "
        "then aws sagemaker stop-pipeline-execution for each",
    )
    context.until(lambda: probe_arrives(context, queue), "S3 sent events of the project's bucket")
    version = put(context, KEY, DATA.read_bytes())
    event = context.until(lambda: event_of_file(context, queue), "S3 sent the event of the uploaded file")
    return Upload(version, event)


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


def copy_events(context: Context) -> str:
    """Copies the events of the project's bucket to a queue. Returns the queue's URL."""
    name = f"{context.name}-events"
    queue, rule = context.arn("sqs", name), context.arn("events", f"rule/{name}")
    send = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [project.data_bucket(context)]}},
    }
    context.cleanup.register_queue(name)
    answer = context.aws.call(
        "sqs",
        "CreateQueue",
        QueueName=name,
        Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [send]})},
        tags={tag["Key"]: tag["Value"] for tag in context.tags},
    )
    context.cleanup.register(f"rule {name}", "events", "DeleteRule", Name=name)
    context.aws.call("events", "PutRule", Name=name, EventPattern=json.dumps(pattern), Tags=context.tags)
    context.cleanup.register(f"target of rule {name}", "events", "RemoveTargets", Rule=name, Ids=["queue"])
    context.aws.call("events", "PutTargets", Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
    return str(answer["QueueUrl"])


def probe_arrives(context: Context, queue: str) -> bool:
    """Uploads a probe. Returns whether the event of any probe arrived.

    A bucket sends events only some minutes after they were turned on.
    """
    put(context, PROBE, b"probe")
    return bool(events(context, queue))


def event_of_file(context: Context, queue: str) -> dict[str, Any] | None:
    """The event of the uploaded file, if it arrived. Late events of probes are skipped."""
    files = [event for event in events(context, queue) if event["detail"]["object"]["key"] != PROBE]
    return files[0] if files else None


def events(context: Context, queue: str) -> list[dict[str, Any]]:
    """Takes events from the queue."""
    answer = context.aws.call(
        "sqs", "ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=10
    )
    messages = answer.get("Messages", [])
    for message in messages:
        context.aws.call("sqs", "DeleteMessage", QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in messages]


def put(context: Context, key: str, body: bytes) -> str:
    """Uploads an object to the project's bucket. Returns its version."""
    answer = context.aws.call(
        "s3",
        "PutObject",
        Bucket=project.data_bucket(context),
        Key=key,
        Body=body,
        ExpectedBucketOwner=context.aws.account,
    )
    return str(answer["VersionId"])


def event_verdict(upload: Upload) -> Verdict:
    """Whether the event names the object as it was uploaded."""
    found = upload.event["detail"]["object"]
    version, sequencer = found.get("version-id"), found.get("sequencer")
    holds = found["key"] == KEY and version == upload.version and bool(sequencer)
    seen = f"key {found['key']!r} of {KEY!r}, version {version} of {upload.version}, sequencer {sequencer}"
    return decide(UPLOAD_EVENT, holds, seen)


def ingested(context: Context, upload: Upload, features: Claim, duplicate: Claim) -> Iterator[Verdict]:
    """Follows the upload's execution, and sends its event a second time."""
    first = context.until(lambda: executions(context), "the upload started an execution")[0]
    again = invoke(context, upload.event)
    arns = {execution["PipelineExecutionArn"] for execution in executions(context)}
    holds = {again.get("execution_arn"), *arns} == {first["PipelineExecutionArn"]}
    yield decide(duplicate, holds, f"the function answered {json.dumps(again)}; executions: {len(arns)}")
    yield features_verdict(context, features, context.until(lambda: ended(context), "the execution ended"))


def executions(context: Context) -> list[dict[str, Any]]:
    """The executions of the project's pipeline, earliest first."""
    found = context.aws.call(
        "sagemaker",
        "ListPipelineExecutions",
        PipelineName=project.pipeline(context),
        SortBy="CreationTime",
        SortOrder="Ascending",
    )
    return list(found["PipelineExecutionSummaries"])


def ended(context: Context) -> dict[str, Any] | None:
    """The first execution, once it has ended."""
    first = executions(context)[0]
    return None if first["PipelineExecutionStatus"] in RUNNING else first


def invoke(context: Context, event: dict[str, Any]) -> dict[str, Any]:
    """Sends the event to the project's function, as a second delivery does. Returns the answer."""
    answer = context.aws.call(
        "lambda",
        "Invoke",
        FunctionName=project.function(context),
        Payload=json.dumps(event, ensure_ascii=False).encode(),
    )
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    return said


def features_verdict(context: Context, claim: Claim, execution: dict[str, Any]) -> Verdict:
    """Whether the three rows are in the feature group, or why the execution failed."""
    status = execution["PipelineExecutionStatus"]
    if status != "Succeeded":
        return decide(claim, holds=False, seen=f"{status}: {'; '.join(reasons(context, execution))}")
    found = {row: record(context, row) for row in VALUES}
    expected = {
        row: {"record_id": float(row), "value": value, "event_time": EVENT_TIME}
        for row, value in VALUES.items()
    }
    return decide(claim, found == expected, f"{status}, records {json.dumps(found)}")


def record(context: Context, row: str) -> dict[str, float]:
    """The row's record. Empty if it is not in the feature group."""
    answer = context.aws.call(
        "sagemaker-featurestore-runtime",
        "GetRecord",
        FeatureGroupName=context.name,
        RecordIdentifierValueAsString=row,
    )
    return {each["FeatureName"]: float(each["ValueAsString"]) for each in answer.get("Record", [])}


def reasons(context: Context, execution: dict[str, Any]) -> list[str]:
    """Why the execution failed: its own reason, and what its failed steps and their jobs say."""
    found = [execution.get("PipelineExecutionFailureReason", "")]
    steps = context.aws.call(
        "sagemaker", "ListPipelineExecutionSteps", PipelineExecutionArn=execution["PipelineExecutionArn"]
    )
    for step in steps["PipelineExecutionSteps"]:
        if step["StepStatus"] == "Failed":
            found.append(f"{step['StepName']}: {step.get('FailureReason', '')}")
            arn = step.get("Metadata", {}).get("ProcessingJob", {}).get("Arn", "")
            found += of_job(context, arn.rpartition("/")[2]) if arn else []
    return [reason for reason in found if reason]


def of_job(context: Context, name: str) -> list[str]:
    """The job's exit message, and whether the job asked for the flow's own source object."""
    job = context.aws.call("sagemaker", "DescribeProcessingJob", ProcessingJobName=name)
    asked = f"its log names {MISSING}: it asked for the flow's source, not for the upload"
    found = [asked] if log_names_source(context, name) else []
    return [job.get("ExitMessage", ""), *found, f"log {LOG_GROUP}, {name}"]


def log_names_source(context: Context, job: str) -> bool:
    """Whether a line of the job's log names the flow's own source object. A job may have no log."""
    try:
        answer = context.aws.call(
            "logs",
            "FilterLogEvents",
            logGroupName=LOG_GROUP,
            logStreamNamePrefix=f"{job}/",
            filterPattern=f'"{MISSING}"',
        )
    except ClientError as error:
        if is_gone(error):
            return False
        raise
    return bool(answer.get("events"))


def stop_executions(context: Context) -> None:
    """Stops all executions, and waits until none runs. SageMaker deletes no pipeline with a running one."""
    for look in range(project.REMOVAL_LOOKS):
        if look:
            context.aws.pause(context.poll_seconds)
        try:
            running = [each for each in executions(context) if each["PipelineExecutionStatus"] in RUNNING]
        except ClientError as error:
            if is_gone(error):
                return
            raise
        if not running:
            return
        for execution in running:
            if execution["PipelineExecutionStatus"] == "Executing":
                stop(context, execution["PipelineExecutionArn"])
    raise StillThereError(project.pipeline(context))


def stop(context: Context, arn: str) -> None:
    """Asks SageMaker to stop an execution."""
    context.aws.call(
        "sagemaker",
        "StopPipelineExecution",
        PipelineExecutionArn=arn,
        ClientRequestToken=context.token(f"stop-{arn.rpartition('/')[2]}"),
    )
