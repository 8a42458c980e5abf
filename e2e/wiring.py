"""Creates the event path on local-aws, as the product does on AWS.

bucket -> rule -> start-pipeline -> pipeline, and failed events -> retry queue -> start-pipeline-retry -> dead
letters. The pipeline is a placeholder with one processing step.
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local_aws.launcher import LocalAws

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
FUNCTION: Final = "sagemaker-p-demo-start-pipeline"
RETRY_FUNCTION: Final = "sagemaker-p-demo-start-pipeline-retry"
PREFIX: Final = "landing/"
SUFFIX: Final = ".csv"
# Long enough for a batch in which every message is slow.
FUNCTION_TIMEOUT_SECONDS: Final = 30
PIPELINE_DEFINITION: Final = (Path(__file__).parent / "pipeline.json").read_text()


@dataclass(frozen=True)
class Wiring:
    """The created resources."""

    bucket: str
    pipeline: str
    retry_queue: str
    dead_letters: str
    tap: str
    """A queue that receives a copy of each event that matches the rule."""


def create_pipeline(aws: LocalAws, name: str) -> None:
    """Creates the placeholder pipeline."""
    aws.client("sagemaker").create_pipeline(
        PipelineName=name,
        PipelineDefinition=PIPELINE_DEFINITION,
        ClientRequestToken=f"create-{name}".ljust(32, "-"),
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/sagemaker-execution",
    )


def wire(
    aws: LocalAws,
    package: Path,
    *,
    bucket: str = "sagemaker-p-demo-data",
    suffix: str = SUFFIX,
    pipeline: str = "ingest-abalone",
    started_pipeline: str | None = None,
    make_pipeline: bool = True,
    retry_seconds: int = 60,
    environment: dict[str, str] | None = None,
    versioned: bool = False,
) -> Wiring:
    """Creates the function in `package`, and all resources around it.

    The function's role may start only `pipeline`, even if `started_pipeline` configures another one.
    `retry_seconds` is the retry delay, which is 15 minutes in the product.
    """
    if make_pipeline:
        create_pipeline(aws, pipeline)
    dead_letters = queue(aws, "sagemaker-p-demo-dead-letters", {})
    redrive = {
        "deadLetterTargetArn": arn("sqs", "sagemaker-p-demo-dead-letters"),
        "maxReceiveCount": 100,
    }
    retry_queue = queue(
        aws,
        "sagemaker-p-demo-retry",
        {"VisibilityTimeout": str(retry_seconds), "RedrivePolicy": json.dumps(redrive)},
    )
    tap = queue(aws, "sagemaker-p-demo-tap", {})
    role = create_role(aws, pipeline)
    variables = {"SM_PIPELINE_NAME": started_pipeline or pipeline, **(environment or {})}
    create_function(aws, FUNCTION, package, role, variables, timeout=FUNCTION_TIMEOUT_SECONDS)
    # AWS rejects a mapping if the queue's visibility timeout is shorter than the function's timeout.
    retry_timeout = min(FUNCTION_TIMEOUT_SECONDS, retry_seconds)
    create_function(aws, RETRY_FUNCTION, package, role, variables, timeout=retry_timeout)
    retry_through_queue(aws)
    make_bucket(aws, bucket, versioned=versioned)
    make_rule(aws, bucket, suffix)
    return Wiring(bucket, pipeline, retry_queue, dead_letters, tap)


def arn(service: str, resource: str) -> str:
    """Returns an ARN in the local account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def queue(aws: LocalAws, name: str, attributes: dict[str, str]) -> str:
    """Creates a queue. Returns its URL."""
    return str(aws.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def create_role(aws: LocalAws, pipeline: str) -> str:
    """Creates the functions' role, with least privilege. Returns its ARN."""
    iam = aws.client("iam")
    trust = statement("sts:AssumeRole", None) | {"Principal": {"Service": "lambda.amazonaws.com"}}
    role = iam.create_role(
        RoleName="AmazonSageMakerServiceCatalogProductsDemo",
        Path="/service-role/",
        AssumeRolePolicyDocument=policy(trust),
    )["Role"]
    queue_actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"]
    iam.put_role_policy(
        RoleName=role["RoleName"],
        PolicyName="start-pipeline",
        PolicyDocument=policy(
            statement("sagemaker:StartPipelineExecution", arn("sagemaker", f"pipeline/{pipeline.lower()}")),
            statement(queue_actions, arn("sqs", "sagemaker-p-demo-retry")),
            statement(
                ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                arn("logs", "log-group:/aws/lambda/sagemaker-p-demo-*"),
            ),
        ),
    )
    return str(role["Arn"])


def statement(action: str | list[str], resource: str | None) -> dict[str, Any]:
    """Returns a statement that allows the action."""
    return {"Effect": "Allow", "Action": action} | ({"Resource": resource} if resource else {})


def policy(*statements: dict[str, Any]) -> str:
    """Returns a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def create_function(
    aws: LocalAws, name: str, package: Path, role: str, variables: dict[str, str], *, timeout: int
) -> None:
    """Creates a function from the shipped package."""
    aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Architectures=["arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"],
        Handler="bootstrap",
        Role=role,
        Code={"ZipFile": package.read_bytes()},
        Timeout=timeout,
        MemorySize=128,
        Environment={"Variables": variables},
    )


def retry_through_queue(aws: LocalAws) -> None:
    """Turns off Lambda's retries. Sends failed events to the queue, and from there to the retry function."""
    functions = aws.client("lambda")
    functions.put_function_event_invoke_config(
        FunctionName=FUNCTION,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn("sqs", "sagemaker-p-demo-retry")}},
    )
    functions.create_event_source_mapping(
        FunctionName=RETRY_FUNCTION,
        EventSourceArn=arn("sqs", "sagemaker-p-demo-retry"),
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )


def make_bucket(aws: LocalAws, bucket: str, *, versioned: bool) -> None:
    """Creates a bucket that sends its events to EventBridge."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    if versioned:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def make_rule(aws: LocalAws, bucket: str, suffix: str) -> None:
    """Creates the rule that sends uploads with the prefix and suffix to the function."""
    events = aws.client("events")
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [bucket]},
            # One wildcard, because a list of a prefix and a suffix matches either of them.
            "object": {"key": [{"wildcard": f"{PREFIX}*{suffix}"}]},
        },
    }
    rule = events.put_rule(Name="sagemaker-p-demo-uploads", EventPattern=json.dumps(pattern))
    aws.client("lambda").add_permission(
        FunctionName=FUNCTION,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule["RuleArn"],
    )
    events.put_targets(
        Rule="sagemaker-p-demo-uploads",
        Targets=[
            {"Id": "start-pipeline", "Arn": arn("lambda", f"function:{FUNCTION}")},
            {"Id": "tap", "Arn": arn("sqs", "sagemaker-p-demo-tap")},
        ],
    )
