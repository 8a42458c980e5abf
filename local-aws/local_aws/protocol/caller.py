"""The caller of an operation, and what IAM must allow it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from local_aws.protocol.arns import Scope


@dataclass(frozen=True)
class Identity:
    """The principal that sent a request."""

    arn: str
    principal_id: str

    def user_context(self) -> dict[str, Any]:
        """Returns AWS's ``UserContext`` for a caller outside of SageMaker Studio."""
        return {"IamIdentity": {"Arn": self.arn, "PrincipalId": self.principal_id}}


@dataclass(frozen=True)
class Check:
    """One thing that IAM must allow: an action on a resource, with the request's condition keys."""

    action: str
    resource: str
    condition_keys: dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """The account and region, the principal and the time of a request."""

    scope: Scope
    identity: Identity | None
    """None if the server itself acts for a stack."""
    now: float = field(default_factory=time.time)
