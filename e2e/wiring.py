"""The event path on local-aws, as the product wires it on AWS.

bucket -> rule -> start-pipeline -> pipeline, and failed events -> retry queue -> start-pipeline-retry -> dead
letters. The pipeline, if it is made here, is a placeholder of one processing step.
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
# Long enough for a batch of which every message meets a slow service.
FUNCTION_TIMEOUT_SECONDS: Final = 30
PIPELINE_DEFINITION: Final = (Path(__file__).parent / "pipeline.json").read_text()


@dataclass(frozen=True)
class Wiring:
    """What was made."""

    bucket: str
    pipeline: str
    retry_queue: str
    dead_letters: str
    tap: str
    """A queue that receives a copy of each event that the rule matches, to look at."""


def create_pipeline(aws: LocalAws, name: str) -> None:
    """A pipeline that an execution can be started of."""
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
    """Make everything around the function in `package`.

    Its role may start `pipeline` and nothing else, whatever `started_pipeline` says it should start.
    `retry_seconds` is what the product has as 15 minutes.
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
    # AWS refuses a mapping whose queue shows a message again before the function has to be done with it.
    retry_timeout = min(FUNCTION_TIMEOUT_SECONDS, retry_seconds)
    create_function(aws, RETRY_FUNCTION, package, role, variables, timeout=retry_timeout)
    retry_through_queue(aws)
    make_bucket(aws, bucket, versioned=versioned)
    make_rule(aws, bucket, suffix)
    return Wiring(bucket, pipeline, retry_queue, dead_letters, tap)


def arn(service: str, resource: str) -> str:
    """An ARN in the local account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def queue(aws: LocalAws, name: str, attributes: dict[str, str]) -> str:
    """A queue's URL."""
    return str(aws.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def create_role(aws: LocalAws, pipeline: str) -> str:
    """The functions' role, with exactly what they need."""
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
    """One grant."""
    return {"Effect": "Allow", "Action": action} | ({"Resource": resource} if resource else {})


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def create_function(
    aws: LocalAws, name: str, package: Path, role: str, variables: dict[str, str], *, timeout: int
) -> None:
    """A function from the package that is shipped."""
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
    """Without retries by Lambda: a failed event goes to the queue, and from there to the second function."""
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
    """A bucket that tells EventBridge of its objects."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    if versioned:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def make_rule(aws: LocalAws, bucket: str, suffix: str) -> None:
    """The rule that sends uploads under the prefix and with the suffix to the function."""
    events = aws.client("events")
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [bucket]},
            # One wildcard: a list of a prefix and a suffix would mean either.
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
