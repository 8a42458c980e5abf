"""permissions.json allows the calls of the checks, and nothing else. e2e/test_smoke.py runs them with it."""

from __future__ import annotations

import json
from typing import Any

from conftest import REPOSITORY
from fake_aws import FakeAws, context
from smoke.checks import CHECKS
from smoke_aws import run_one

# Operations whose actions have other names, or that need more than one.
ACTIONS = {
    "sts:GetCallerIdentity": set(),  # needs no permission
    "cloudwatch:PutMetricAlarm": {"cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"},
    "events:PutRule": {"events:PutRule", "events:TagResource"},
    "iam:CreateRole": {"iam:CreateRole", "iam:TagRole"},
    "lambda:Invoke": {"lambda:InvokeFunction"},
    "s3:DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "sagemaker:CreateFeatureGroup": {"sagemaker:AddTags", "sagemaker:CreateFeatureGroup"},
    "sagemaker:CreatePipeline": {"iam:PassRole", "sagemaker:AddTags", "sagemaker:CreatePipeline"},
    "sqs:CreateQueue": {"sqs:CreateQueue", "sqs:TagQueue"},
}
PREFIXES = {"sagemaker-featurestore-runtime": "sagemaker"}


def allowed() -> set[str]:
    policy = json.loads((REPOSITORY / "packaging/smoke/permissions.json").read_text())
    actions = [statement["Action"] for statement in policy["Statement"]]
    return {action for each in actions for action in ([each] if isinstance(each, str) else each)}


def needed(aws: FakeAws) -> set[str]:
    """The actions that the calls need."""
    found: set[str] = set()
    for line in aws.lines:
        service, _, operation = line.split()[0].partition(":")
        name = f"{PREFIXES.get(service, service)}:{operation}"
        found |= ACTIONS.get(name, {name})
    return found


def run(check: Any, **answers: Any) -> set[str]:
    """Runs a check and its clean-up. Returns the actions that it needed."""
    versions = {"Versions": [{"Key": "k", "VersionId": "v"}]}
    aws = FakeAws(ListObjectVersions=[versions, {}], **answers)
    ctx = context(aws, check.name)
    run_one(check, ctx)
    ctx.cleanup.run()
    return needed(aws)


def with_execution(status: str) -> dict[str, Any]:
    """One execution, in the answer to both services' ListPipelineExecutions."""
    return {
        "PipelineExecutionSummaries": [{"PipelineExecutionArn": "arn:e", "PipelineExecutionStatus": status}],
        "pipelineExecutionSummaries": [{"status": "Succeeded"}] * 2,
    }


def test_policy_allows_exactly_the_calls_of_the_checks() -> None:
    step = {
        "StepName": "s",
        "StepStatus": "Failed",
        "Metadata": {"ProcessingJob": {"Arn": "arn:aws:sagemaker:r:a:processing-job/pipelines-j"}},
    }
    [last] = [check for check in CHECKS if check.name == "data-wrangler"]
    found = {action for check in CHECKS for action in run(check)}
    found |= run(
        last,
        ListPipelineExecutions=with_execution("Failed"),
        ListPipelineExecutionSteps={"PipelineExecutionSteps": [step]},
    )
    stopping = [*[with_execution("Executing")] * 10, with_execution("Stopped")]
    found |= run(last, ListPipelineExecutions=stopping)
    assert found == allowed()
