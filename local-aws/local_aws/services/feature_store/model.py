"""The state of the Feature Store: groups, latest records, and rows that are not yet in S3."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

GroupStatus = Literal["Creating", "Created", "CreateFailed", "Deleting", "DeleteFailed"]
FeatureType = Literal["Integral", "Fractional", "String"]
RESERVED_FEATURES: Final = ("write_time", "api_invocation_time", "is_deleted")
"""The columns that Feature Store adds to each row of the offline store."""


@dataclass
class OnlineRecord:
    """The latest record of an identifier in the online store."""

    values: dict[str, str]
    event_time: float
    """Seconds since 1970."""
    expires_at: float | None = None
    deleted: bool = False
    """Soft-deleted: not returned, but its event time still hides older records."""
    collections: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class OfflineRow:
    """A row for the offline store. Missing values are null, and there are no collections."""

    values: dict[str, str]
    event_time: float
    written_at: float
    invoked_at: float
    deleted: bool


@dataclass
class FeatureGroup:
    """A feature group."""

    name: str
    arn: str
    account: str
    region: str
    record_identifier: str
    event_time: str
    definitions: list[dict[str, Any]]
    online: dict[str, Any] | None
    """The OnlineStoreConfig, if there is an online store."""
    offline: dict[str, Any] | None
    """The OfflineStoreConfig as DescribeFeatureGroup returns it, if there is an offline store."""
    role_arn: str | None
    description: str | None
    tags: dict[str, str]
    created_at: float
    modified_at: float
    status: GroupStatus = "Creating"
    failure_reason: str | None = None
    blocked_reason: str | None = None
    """Why rows cannot be written to the offline store."""
    updated: bool = False
    records: dict[str, OnlineRecord] = field(default_factory=dict)
    """The online store, by record identifier."""
    pending: list[OfflineRow] = field(default_factory=list)
    """Rows that are not in S3 yet."""

    @property
    def types(self) -> dict[str, FeatureType]:
        """The features and their types, in the order of the definitions."""
        return {item["FeatureName"]: item["FeatureType"] for item in self.definitions}

    @property
    def collections(self) -> dict[str, dict[str, Any]]:
        """The definitions of the features that are collections."""
        return {item["FeatureName"]: item for item in self.definitions if "CollectionType" in item}

    def offline_status(self) -> dict[str, Any] | None:
        """AWS's ``OfflineStoreStatus``."""
        if self.offline is None:
            return None
        if self.blocked_reason is not None:
            return {"Status": "Blocked", "BlockedReason": self.blocked_reason[:1024]}
        return {"Status": "Active"}


@dataclass
class FeatureGroups:
    """All feature groups by ARN."""

    by_arn: dict[str, FeatureGroup] = field(default_factory=dict)


def record_size(values: dict[str, str], collections: dict[str, list[str]]) -> int:
    """The bytes of all names and values of a record."""
    texts = [
        *values,
        *values.values(),
        *collections,
        *(text for items in collections.values() for text in items),
    ]
    return sum(len(text.encode()) for text in texts)
