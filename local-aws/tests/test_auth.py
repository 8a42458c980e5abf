"""Tests that IAM authorizes each action on each resource."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import DEFINITION, INPUT, NO_RETRIES, ROLE, create_pipeline, send, start, token
from local_aws import LocalAws

PIPELINE = "arn:aws:sagemaker:us-east-1:000000000000:pipeline"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.fixture
def as_role(auth_server: LocalAws) -> Callable[..., Any]:
    """Returns a SageMaker client with the credentials of a role with these statements."""

    def make(*statements: dict[str, Any]) -> Any:
        iam, sts = auth_server.client("iam"), auth_server.client("sts")
        role = iam.create_role(
            RoleName="trigger", Path="/service-role/", AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName="trigger", PolicyName="p", PolicyDocument=json.dumps(policy))
        key = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
        return auth_server.client(
            "sagemaker",
            config=NO_RETRIES,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key["SessionToken"],
        )

    return make


def denied(client: Any, operation: str, resource: str, action: str = "", **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        getattr(client, operation)(**arguments)
    response = error.value.response
    assert response["Error"]["Code"] == "AccessDeniedException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    message = str(response["Error"]["Message"])
    assert message.startswith(
        "User: arn:aws:sts::000000000000:assumed-role/trigger/session is not authorized to"
    )
    assert f" on resource: {resource} " in message
    if action:
        assert f" perform: {action} " in message
    return message


def test_role_starts_its_pipeline_and_no_other(auth_server: LocalAws, as_role: Callable[..., Any]) -> None:
    create_pipeline(auth_server, "Ingest")
    create_pipeline(auth_server, "other")
    client = as_role(allow("sagemaker:StartPipelineExecution", f"{PIPELINE}/ingest"))
    for name in ("Ingest", "ingest", f"{PIPELINE}/Ingest"):
        assert start(client, "a", name)
    message = denied(
        client,
        "start_pipeline_execution",
        f"{PIPELINE}/other",
        "sagemaker:StartPipelineExecution",
        PipelineName="Other",
        PipelineParameters=INPUT,
    )
    assert message.endswith(
        "because no identity-based policy allows the sagemaker:StartPipelineExecution action"
    )
    calls = auth_server.calls("StartPipelineExecution")
    assert calls[0].principal == "arn:aws:sts::000000000000:assumed-role/trigger/session"
    assert (calls[-1].error, calls[-1].started_execution) == ("AccessDeniedException", None)


def test_policy_must_name_pipeline_in_lower_case(auth_server: LocalAws, as_role: Callable[..., Any]) -> None:
    create_pipeline(auth_server, "Ingest")
    client = as_role(allow("sagemaker:StartPipelineExecution", f"{PIPELINE}/Ingest"))
    denied(client, "start_pipeline_execution", f"{PIPELINE}/ingest", PipelineName="Ingest")


def test_denial_does_not_reveal_whether_pipeline_exists(as_role: Callable[..., Any]) -> None:
    client = as_role(allow("sagemaker:ListPipelines", "*"))
    assert client.list_pipelines()["PipelineSummaries"] == []
    denied(client, "describe_pipeline", f"{PIPELINE}/none", PipelineName="none")


def test_explicit_deny_is_reported(auth_server: LocalAws, as_role: Callable[..., Any]) -> None:
    create_pipeline(auth_server)
    client = as_role(
        allow("sagemaker:*", "*"), {"Effect": "Deny", "Action": "sagemaker:DeletePipeline", "Resource": "*"}
    )
    message = denied(client, "delete_pipeline", f"{PIPELINE}/ingest", PipelineName="ingest")
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_authorizes_execution_operations_on_executions(
    auth_server: LocalAws, as_role: Callable[..., Any]
) -> None:
    arn = start(create_pipeline(auth_server), 1)
    actions = [
        "DescribePipelineExecution",
        "ListPipelineParametersForExecution",
        "ListPipelineExecutionSteps",
        "DescribePipelineDefinitionForExecution",
        "StopPipelineExecution",
        "UpdatePipelineExecution",
    ]
    client = as_role(allow([f"sagemaker:{action}" for action in actions], f"{PIPELINE}/ingest/execution/*"))
    for action in actions:
        getattr(client, _method(action))(PipelineExecutionArn=arn)
        other = arn.replace("/ingest/", "/other/")
        denied(client, _method(action), other, f"sagemaker:{action}", PipelineExecutionArn=other)


def test_authorizes_pipeline_operations_on_pipelines(
    auth_server: LocalAws, as_role: Callable[..., Any]
) -> None:
    create_pipeline(auth_server)
    client = as_role(
        allow(["sagemaker:DescribePipeline", "sagemaker:ListPipelineExecutions"], f"{PIPELINE}/ingest")
    )
    for operation in ("describe_pipeline", "list_pipeline_executions"):
        getattr(client, operation)(PipelineName="ingest")
        denied(client, operation, f"{PIPELINE}/other", PipelineName="other")
    denied(client, "list_pipelines", "*", "sagemaker:ListPipelines")


def test_authorizes_tags_separately(auth_server: LocalAws, as_role: Callable[..., Any]) -> None:
    create_pipeline(auth_server)
    client = as_role(allow("sagemaker:ListTags", f"{PIPELINE}/ingest"))
    assert client.list_tags(ResourceArn=f"{PIPELINE}/ingest")["Tags"] == []
    tags = [{"Key": "k", "Value": "v"}]
    denied(
        client,
        "add_tags",
        f"{PIPELINE}/ingest",
        "sagemaker:AddTags",
        ResourceArn=f"{PIPELINE}/ingest",
        Tags=tags,
    )
    denied(
        client,
        "delete_tags",
        f"{PIPELINE}/ingest",
        "sagemaker:DeleteTags",
        ResourceArn=f"{PIPELINE}/Ingest",
        TagKeys=["k"],
    )


def test_create_with_tags_and_role_requires_three_permissions(as_role: Callable[..., Any]) -> None:
    request = {"PipelineName": "ingest", "PipelineDefinition": DEFINITION, "RoleArn": ROLE}
    tags = [{"Key": "k", "Value": "v"}]
    client = as_role(
        allow("sagemaker:CreatePipeline", f"{PIPELINE}/*"),
        allow(
            "iam:PassRole",
            ROLE,
            Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    )
    denied(client, "create_pipeline", f"{PIPELINE}/ingest", "sagemaker:AddTags", **request, Tags=tags)
    other_role = ROLE.replace("pipelines", "administrator")
    denied(client, "create_pipeline", other_role, "iam:PassRole", **{**request, "RoleArn": other_role})
    assert client.create_pipeline(**request)["PipelineArn"] == f"{PIPELINE}/ingest"


def test_conditions_match_tags_of_pipeline_and_request(
    auth_server: LocalAws, as_role: Callable[..., Any]
) -> None:
    create_pipeline(auth_server, "mine", Tags=[{"Key": "team", "Value": "a"}])
    create_pipeline(auth_server, "theirs", Tags=[{"Key": "team", "Value": "b"}])
    client = as_role(
        allow(
            ["sagemaker:StartPipelineExecution", "sagemaker:DescribePipelineExecution"],
            "*",
            Condition={"StringEquals": {"aws:ResourceTag/team": "a"}},
        ),
        allow(
            "sagemaker:AddTags",
            "*",
            Condition={"ForAllValues:StringLike": {"aws:TagKeys": ["team:*"]}},
        ),
    )
    arn = start(client, 1, "mine")
    client.describe_pipeline_execution(PipelineExecutionArn=arn)
    denied(client, "start_pipeline_execution", f"{PIPELINE}/theirs", PipelineName="theirs")
    client.add_tags(ResourceArn=f"{PIPELINE}/mine", Tags=[{"Key": "team:x", "Value": ""}])
    denied(
        client,
        "add_tags",
        f"{PIPELINE}/mine",
        ResourceArn=f"{PIPELINE}/mine",
        Tags=[{"Key": "other", "Value": ""}],
    )


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [
        ("AKIAUNKNOWNUNKNOWN00", "secret", "UnrecognizedClientException"),
        ("test", "forged", "InvalidSignatureException"),
        ("000000000000", "forged", "InvalidSignatureException"),
    ],
)
def test_refuses_unknown_key(auth_server: LocalAws, key: str, secret: str, code: str) -> None:
    client = auth_server.client(
        "sagemaker", config=NO_RETRIES, aws_access_key_id=key, aws_secret_access_key=secret
    )
    with pytest.raises(ClientError) as error:
        client.list_pipelines()
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_refuses_role_key_with_wrong_secret_or_token(
    auth_server: LocalAws, as_role: Callable[..., Any]
) -> None:
    key = as_role(allow("sagemaker:*", "*"))._request_signer._credentials

    def code(secret: str, session_token: str | None) -> str:
        client = auth_server.client(
            "sagemaker",
            config=NO_RETRIES,
            aws_access_key_id=key.access_key,
            aws_secret_access_key=secret,
            aws_session_token=session_token,
        )
        with pytest.raises(ClientError) as error:
            client.list_pipelines()
        return str(error.value.response["Error"]["Code"])

    assert code("forged", key.token) == "InvalidSignatureException"
    assert code(key.secret_key, "forged") in ("UnrecognizedClientException", "InvalidClientTokenId")
    assert code(key.secret_key, None) == "UnrecognizedClientException"


def test_refuses_request_without_signature(auth_server: LocalAws) -> None:
    answer = send(auth_server, "StartPipelineExecution", {"PipelineName": "a", "ClientRequestToken": token()})
    assert (answer.status, answer.code) == (400, "MissingAuthenticationTokenException")


def _method(action: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in action).lstrip("_")
