"""The stacks of Service Catalog and SageMaker, created through the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.background import Background
from local_aws.clients import Clients, Credentials

_POLL_SECONDS: Final = 0.1
_CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_CANCELLED: Final = "Resource creation cancelled"
_NO_CHANGE: Final = "No updates are to be performed"


class StackError(Exception):
    """A stack operation failed. The text is the reason."""

    def __init__(self, reason: str, stack_id: str | None = None) -> None:
        super().__init__(reason)
        self.stack_id = stack_id


@dataclass(frozen=True)
class StackSpec:
    """The target state of a stack, and the access key for its operations."""

    name: str
    region: str
    key: Credentials
    template_url: str
    parameters: dict[str, str]
    tags: dict[str, str]
    role_arn: str | None = None
    """The role that CloudFormation assumes. None means that it uses the key's permissions."""


@dataclass(frozen=True)
class Stack:
    """A stack after a successful operation."""

    id: str
    outputs: list[dict[str, str]] = field(default_factory=list)


class Stacks:
    """Stack operations. Use it in background threads only: it waits for this server to answer."""

    def __init__(self, clients: Clients, background: Background) -> None:
        self._clients = clients
        self._background = background

    def create(self, spec: StackSpec) -> Stack:
        """Create a stack and wait for it. Raises StackError."""
        client = self._client(spec)
        return self._run(client, lambda: client.create_stack(**_request(spec))["StackId"], spec.name)

    def update(self, spec: StackSpec, stack_id: str) -> Stack:
        """Update a stack and wait for it. No changes is not an error. Raises StackError."""
        client = self._client(spec)

        def change() -> str:
            try:
                client.update_stack(**{**_request(spec), "StackName": stack_id})
            except ClientError as error:
                if _NO_CHANGE not in str(error):
                    raise
            return stack_id

        return self._run(client, change, stack_id)

    def delete(self, region: str, key: Credentials, stack_id: str, role_arn: str | None = None) -> None:
        """Delete a stack and wait for it. Raises StackError."""
        client = self._clients.client("cloudformation", region, key)

        def delete() -> str:
            role = {"RoleARN": role_arn} if role_arn else {}
            client.delete_stack(StackName=stack_id, **role)
            return stack_id

        self._run(client, delete, stack_id)

    def _client(self, spec: StackSpec) -> Any:
        return self._clients.client("cloudformation", spec.region, spec.key)

    def _run(self, client: Any, start: Any, name: str) -> Stack:
        stack_id: str | None = None
        try:
            stack_id = start()
            stack = self._wait(client, stack_id or name)
            if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"):
                raise StackError(_reason(client, stack), stack_id)
        except (ClientError, BotoCoreError) as error:
            raise StackError(_text(error), stack_id) from error
        outputs = [
            {
                "OutputKey": output["OutputKey"],
                "OutputValue": output["OutputValue"],
                "Description": output.get("Description", ""),
            }
            for output in stack.get("Outputs", [])
        ]
        return Stack(stack["StackId"], outputs)

    def _wait(self, client: Any, stack_id: str) -> dict[str, Any]:
        while True:
            stack: dict[str, Any] = client.describe_stacks(StackName=stack_id)["Stacks"][0]
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                return stack
            self._background.sleep(_POLL_SECONDS)


def _request(spec: StackSpec) -> dict[str, Any]:
    return {
        "StackName": spec.name,
        "TemplateURL": spec.template_url,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in spec.parameters.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in spec.tags.items()],
        "Capabilities": _CAPABILITIES,
        **({"RoleARN": spec.role_arn} if spec.role_arn else {}),
    }


def _reason(client: Any, stack: dict[str, Any]) -> str:
    """Returns the causes of the failure of the latest stack operation."""
    causes: list[str] = []
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack["StackId"]):
        for event in page["StackEvents"]:
            is_stack = event["ResourceType"] == "AWS::CloudFormation::Stack"
            status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
            if is_stack and reason == "User Initiated":
                return _joined(stack, causes)
            if status.endswith("_FAILED") and reason and not reason.startswith(_CANCELLED):
                named = "" if is_stack else f"{event['LogicalResourceId']} ({event['ResourceType']}): "
                causes.insert(0, f"{named}{reason}")
    return _joined(stack, causes)


def _joined(stack: dict[str, Any], causes: list[str]) -> str:
    found = causes or [stack.get("StackStatusReason", "")]
    return f"{stack['StackStatus']}: {'; '.join(cause for cause in dict.fromkeys(found) if cause)}"


def _text(error: Exception) -> str:
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        return f"{details.get('Code', 'Error')}: {details.get('Message', error)}"
    return str(error)
