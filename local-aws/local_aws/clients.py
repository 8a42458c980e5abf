"""boto3-like clients of this very server, for what acts in the background: jobs, steps, stores.

They go through HTTP as anybody else does, with the key of the role that they act for: what the role may not
do, they cannot. Never to be used in the thread that serves, which would wait for itself.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Protocol

import botocore.session
from botocore.config import Config


@dataclass(frozen=True)
class Credentials:
    """An access key."""

    access_key: str
    secret_key: str
    session_token: str | None

    def variables(self) -> dict[str, str]:
        """As environment variables."""
        found = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        return found | ({"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {})


class Keys(Protocol):
    """Where keys come from."""

    def account_key(self, account: str) -> Credentials:
        """The account's own key."""

    def role_key(self, role_arn: str, account: str) -> Credentials:
        """A key for a session of a role; the account's own while authentication is off."""


class Clients:
    """Makes clients of the server at an endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        # One session, because the models are read once for each; making clients of it is not thread-safe.
        self._session = botocore.session.Session()
        self._lock = threading.Lock()

    def client(self, service: str, region: str, key: Credentials, attempts: int = 3) -> Any:
        """A client of a service; `attempts` include the first one."""
        config = Config(
            proxies={},
            retries={"total_max_attempts": attempts, "mode": "standard"},
            s3={"addressing_style": "path"},
            # The server is this one: it is there, however long it takes to answer.
            connect_timeout=60,
            read_timeout=300,
        )
        with self._lock:
            return self._session.create_client(
                service,
                region_name=region,
                endpoint_url=self._endpoint,
                aws_access_key_id=key.access_key,
                aws_secret_access_key=key.secret_key,
                aws_session_token=key.session_token,
                config=config,
            )
