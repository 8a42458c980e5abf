"""Tests the parts of CloudFormation that our templates rely on, and fixes to ministack."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from local_aws import LocalAws

QUEUE = {"Type": "AWS::SQS::Queue"}


def made(server: LocalAws, template: dict[str, Any], **parameters: str) -> set[str]:
    """Returns the logical ids of the resources of a stack of this template."""
    cloudformation = server.client("cloudformation")
    cloudformation.create_stack(
        StackName="stack",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="stack", WaiterConfig={"Delay": 0.05, "MaxAttempts": 5000}
    )
    resources = cloudformation.describe_stack_resources(StackName="stack")["StackResources"]
    return {resource["LogicalResourceId"] for resource in resources}


@pytest.mark.parametrize(("names", "expected"), [("", {"None", "Any"}), ("a,b", {"Some", "Any"})])
def test_conditions_compare_results_of_functions(server: LocalAws, names: str, expected: set[str]) -> None:
    joined = {"Fn::Join": ["", {"Ref": "Names"}]}
    first = {"Fn::Select": [0, {"Fn::Split": ["/", {"Fn::Sub": "${Path}/x/y"}]}]}
    template = {
        "Parameters": {
            "Names": {"Type": "CommaDelimitedList", "Default": ""},
            "Path": {"Type": "String", "Default": "p"},
        },
        "Conditions": {
            "HasNone": {"Fn::Equals": [joined, ""]},
            "HasSome": {"Fn::Not": [{"Condition": "HasNone"}]},
            "BeginsWithP": {"Fn::Equals": [first, "p"]},
            "BeginsWithX": {"Fn::And": [{"Condition": "BeginsWithP"}, {"Fn::Equals": [first, "x"]}]},
        },
        "Resources": {
            "None": {**QUEUE, "Condition": "HasNone"},
            "Some": {**QUEUE, "Condition": "HasSome"},
            "Any": {**QUEUE, "Condition": "BeginsWithP"},
            "Never": {**QUEUE, "Condition": "BeginsWithX"},
        },
    }
    assert made(server, template, Names=names) == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [({"Name": "A"}, "lower case, please"), ({"Name": "b"}, "b is taken"), ({"Name": "abcdef"}, "at most 5")],
)
def test_enforces_parameter_constraints_and_rules(
    server: LocalAws, parameters: dict[str, str], expected: str
) -> None:
    template = {
        "Parameters": {
            "Name": {
                "Type": "String",
                "MaxLength": 5,
                "AllowedPattern": "^[a-z]+$",
                "ConstraintDescription": "lower case, please, at most 5",
            }
        },
        "Rules": {
            "Taken": {
                "Assertions": [
                    {
                        "Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, "b"]}]},
                        "AssertDescription": "b is taken",
                    }
                ]
            }
        },
        "Resources": {"Queue": QUEUE},
    }
    with pytest.raises(ClientError, match=expected):
        made(server, template, **parameters)


def test_stack_fails_if_function_package_is_missing(server: LocalAws) -> None:
    server.client("s3").create_bucket(Bucket="packages")
    properties = {
        "FunctionName": "trigger",
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Role": "arn:aws:iam::000000000000:role/trigger",
        "Code": {"S3Bucket": "packages", "S3Key": "never-staged.zip"},
    }
    template = {"Resources": {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    with pytest.raises(WaiterError, match="ROLLBACK"):
        made(server, template)
    events = server.client("cloudformation").describe_stack_events(StackName="stack")["StackEvents"]
    assert any("NoSuchKey" in event.get("ResourceStatusReason", "") for event in events)
    assert server.client("lambda").list_functions()["Functions"] == []


def test_policy_that_requires_tls_allows_loopback(auth_server: LocalAws) -> None:
    queues = auth_server.client("sqs")
    url = queues.create_queue(QueueName="tls-only")["QueueUrl"]
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [refusal]})
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    queues.send_message(QueueUrl=url, MessageBody="here")
    [message] = queues.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "here"
