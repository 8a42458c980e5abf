"""A Studio user in an account before the product is deployed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local_aws import studio_account
from local_aws.launcher import LocalAws
from local_aws.studio_account import DEFAULT_BUCKET, LAUNCH_ROLE, STUDIO_ROLE, STUDIO_ROLE_ARN

__all__ = ["DEFAULT_BUCKET", "LAUNCH_ROLE", "STUDIO_ROLE", "STUDIO_ROLE_ARN", "StudioUser", "open_account"]


@dataclass(frozen=True)
class StudioUser:
    """A Studio user: a session of the execution role."""

    aws: LocalAws
    domain_id: str
    variables: dict[str, str]

    def client(self, service: str) -> Any:
        """Returns a client with the role's permissions."""
        return self.aws.client(
            service,
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.variables["AWS_SESSION_TOKEN"],
        )

    def environment(self) -> dict[str, str]:
        """Returns the environment variables of a terminal in Studio."""
        return self.aws.environment() | self.variables


def open_account(aws: LocalAws) -> StudioUser:
    """Creates the resources that exist before the product is deployed. Returns the user."""
    account = studio_account.open_account(aws.client)
    return StudioUser(aws, account.domain_id, account.variables())
