"""botocore clients of this server, for background work: jobs, steps, stores.

They use HTTP like any other client, with the key of a role and therefore its permissions. Do not use them in
the serving thread: it would wait for itself.
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
    """A source of access keys."""

    def account_key(self, account: str) -> Credentials:
        """The account's own key."""

    def role_key(self, role_arn: str, account: str) -> Credentials:
        """A key for a session of a role, or the account's own key while authentication is off."""


class Clients:
    """Makes clients of the server at an endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        # A single session, because each session reads the models again. Creating clients is not thread-safe.
        self._session = botocore.session.Session()
        self._lock = threading.Lock()

    def client(self, service: str, region: str, key: Credentials, attempts: int = 3) -> Any:
        """Returns a client of a service. ``attempts`` includes the first one."""
        config = Config(
            proxies={},
            retries={"total_max_attempts": attempts, "mode": "standard"},
            s3={"addressing_style": "path"},
            # The server is this process: it does answer, even if slowly.
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
