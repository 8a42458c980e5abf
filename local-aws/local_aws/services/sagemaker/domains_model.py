"""The state of Studio domains."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import Any, Final

_ID_ALPHABET: Final = string.ascii_lowercase + string.digits


def new_domain_id() -> str:
    """An id such as ``d-abc123def456``."""
    return f"d-{''.join(secrets.choice(_ID_ALPHABET) for _ in range(12))}"


@dataclass
class Domain:
    """A domain and its tags."""

    id: str
    arn: str
    name: str
    made_with: dict[str, Any]
    """The members of CreateDomain that DescribeDomain returns."""
    tags: dict[str, str]
    created_at: float


@dataclass
class Domains:
    """All domains by ARN."""

    by_arn: dict[str, Domain] = field(default_factory=dict)
