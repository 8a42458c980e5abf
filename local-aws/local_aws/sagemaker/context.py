"""What an operation knows besides its request."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_aws.errors import validation_error
from local_aws.sagemaker.arns import Scope
from local_aws.sagemaker.model import Identity, Store

Request = dict[str, Any]
Response = dict[str, Any]
ReadObject = Callable[[str, str, str | None], bytes | None]
"""Bucket, key and version to the object's bytes, or None when there is no such object."""


@dataclass
class Context:
    """One request: where, by whom, when, on which state."""

    store: Store
    scope: Scope
    identity: Identity
    read_object: ReadObject
    now: float = field(default_factory=time.time)
    started_execution: str | None = None
    """Set by StartPipelineExecution when, and only when, it started a new execution."""
    notes: list[str] = field(default_factory=list)
    """Remarks for the call log: what AWS would do silently and a test may want to see."""


def refuse_members(request: Request, *members: str) -> None:
    """Refuse members that AWS has and local-aws does not, by name: ignoring them would be a lie."""
    for member in members:
        if member in request:
            raise validation_error(f"local-aws does not implement the member {member}.")
