"""The online store: the latest record of each identifier, by event time.

Source: PutRecord, GetRecord and DeleteRecord in the Amazon SageMaker API Reference. A record whose event time
is not greater than that of the stored one is a historic record: it goes to the offline store only.
"""

from __future__ import annotations

from typing import Any, Final

from local_aws.feature_store.model import FeatureGroup, OnlineRecord
from local_aws.feature_store.records import Record, validation

_SECONDS: Final = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86400, "Weeks": 604800}


def put(group: FeatureGroup, record: Record, ttl: dict[str, Any] | None) -> None:
    """Store a record unless the one there is as new. The group's time to live counts where none is given."""
    stored = group.records.get(record.identifier)
    if stored is not None and record.event_time <= stored.event_time:
        return
    ttl = ttl or (group.online or {}).get("TtlDuration")
    expires = record.event_time + ttl["Value"] * _SECONDS[ttl["Unit"]] if ttl else None
    group.records[record.identifier] = OnlineRecord(record.values, record.event_time, expires)


def get(group: FeatureGroup, identifier: str, now: float) -> OnlineRecord | None:
    """The record to be found: neither deleted nor expired."""
    stored = group.records.get(identifier)
    if stored is None or stored.deleted:
        return None
    return None if stored.expires_at is not None and stored.expires_at <= now else stored


def delete_softly(group: FeatureGroup, identifier: str, event_time: float) -> None:
    """Make a record not to be found. An event time that is not later than the record's changes nothing."""
    stored = group.records.get(identifier)
    if stored is None or event_time > stored.event_time:
        group.records[identifier] = OnlineRecord({}, event_time, deleted=True)


def delete_hard(group: FeatureGroup, identifier: str, event_time: float) -> None:
    """Remove a record and its trace. An event time that is not later than the record's is refused."""
    stored = group.records.get(identifier)
    if stored is not None and event_time <= stored.event_time:
        raise validation(
            "EventTime must be later than that of the existing record for the deletion mode HardDelete."
        )
    group.records.pop(identifier, None)


def features_of(record: OnlineRecord, group: FeatureGroup, wanted: list[str] | None) -> list[dict[str, str]]:
    """The features of a record that have a value, in the order of the definitions, or only those wanted."""
    names = group.types if wanted is None else wanted
    values = record.values
    return [{"FeatureName": name, "ValueAsString": values[name]} for name in names if name in values]
