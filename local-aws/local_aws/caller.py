"""Who asks for an operation."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from local_aws.sagemaker.arns import Scope
from local_aws.sagemaker.model import Identity


@dataclass(frozen=True)
class Caller:
    """Where, by whom and when an operation was asked for."""

    scope: Scope
    identity: Identity | None
    """None for the server itself, which acts for a stack."""
    now: float = field(default_factory=time.time)
