"""The gate to AWS: every call of every check passes here."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

import boto3
from botocore import xform_name
from botocore.config import Config

Answer = dict[str, Any]


class Aws(Protocol):
    """AWS, or a rehearsal of it."""

    @property
    def account(self) -> str:
        """The caller's."""

    @property
    def region(self) -> str:
        """Where everything is."""

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` and so on."""

    @property
    def caller(self) -> str:
        """The ARN of who asks: a user, or a session of a role."""

    def call(self, service: str, operation: str, **parameters: Any) -> Answer:
        """An operation by the name that the API gives it."""

    def now(self) -> float:
        """Seconds since 1970."""

    def pause(self, seconds: float) -> None:
        """Wait."""


class LiveAws:
    """AWS itself, or what `AWS_ENDPOINT_URL` names. Each new call is told on standard error."""

    def __init__(self, region: str | None) -> None:
        self._session = boto3.Session(region_name=region)
        self._config = Config(retries={"mode": "standard", "max_attempts": 5})
        self._clients: dict[str, Any] = {}
        self._told = ""
        identity = self.call("sts", "GetCallerIdentity")
        self.account: str = identity["Account"]
        self.caller: str = identity["Arn"]
        self.partition: str = self.caller.split(":")[1]
        self.region: str = self._clients["sts"].meta.region_name

    def call(self, service: str, operation: str, **parameters: Any) -> Answer:
        """An operation by the name that the API gives it. Raises botocore's errors."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=self._config)
        told = f"  {service}:{operation}"
        if told != self._told:  # a question that is asked again and again is told once
            print(told, file=sys.stderr)
            self._told = told
        answer: Answer = getattr(self._clients[service], xform_name(operation))(**parameters)
        return answer

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
