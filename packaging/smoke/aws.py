"""The interface to AWS. Every call of every check goes through it."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

import boto3
from botocore import xform_name
from botocore.config import Config

Answer = dict[str, Any]


class Aws(Protocol):
    """AWS, or a dry run."""

    @property
    def account(self) -> str:
        """The caller's account ID."""

    @property
    def region(self) -> str:
        """The region of all resources."""

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` and so on."""

    @property
    def caller(self) -> str:
        """The caller's ARN: a user, or a session of a role."""

    def call(self, service: str, operation: str, **parameters: Any) -> Answer:
        """Calls an operation by its API name."""

    def now(self) -> float:
        """Seconds since 1970."""

    def pause(self, seconds: float) -> None:
        """Waits."""


class LiveAws:
    """AWS itself, or the endpoint in `AWS_ENDPOINT_URL`. Prints each new call to standard error."""

    def __init__(self, region: str | None) -> None:
        self._session = boto3.Session(region_name=region)
        self._config = Config(retries={"mode": "standard", "max_attempts": 5})
        self._clients: dict[str, Any] = {}
        self._last_line = ""
        identity = self.call("sts", "GetCallerIdentity")
        self.account: str = identity["Account"]
        self.caller: str = identity["Arn"]
        self.partition: str = self.caller.split(":")[1]
        self.region: str = self._clients["sts"].meta.region_name

    def call(self, service: str, operation: str, **parameters: Any) -> Answer:
        """Calls an operation by its API name. Raises botocore's errors."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=self._config)
        line = f"  {service}:{operation}"
        if line != self._last_line:  # print repeated calls once
            print(line, file=sys.stderr)
            self._last_line = line
        answer: Answer = getattr(self._clients[service], xform_name(operation))(**parameters)
        return answer

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def pause(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)
