"""The online store: the latest record of each identifier, by event time.

Source: PutRecord, GetRecord and DeleteRecord in the Amazon SageMaker API Reference. A record whose event time
is not later than that of the stored record goes to the offline store only.
"""

from __future__ import annotations

from typing import Any, Final

from local_aws.services.feature_store.event_time import moment
from local_aws.services.feature_store.model import FeatureGroup, OnlineRecord
from local_aws.services.feature_store.records import Record, validation

_SECONDS: Final = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86400, "Weeks": 604800}


def put(group: FeatureGroup, record: Record, ttl: dict[str, Any] | None, now: float) -> None:
    """Store a record unless the stored one is as recent. The group's time to live is the default."""
    expires = _expiry(record.event_time, ttl or (group.online or {}).get("TtlDuration"))
    stored = group.records.get(record.identifier)
    if stored is None or record.event_time > stored.event_time or _has_expired(stored, now):
        group.records[record.identifier] = OnlineRecord(
            record.values, record.event_time, expires, collections=record.collections
        )


def get(group: FeatureGroup, identifier: str, now: float) -> OnlineRecord | None:
    """Returns the record, unless it is deleted or expired."""
    stored = group.records.get(identifier)
    return None if stored is None or stored.deleted or _has_expired(stored, now) else stored


def delete_softly(group: FeatureGroup, identifier: str, event_time: float) -> None:
    """Soft-delete a record. Does nothing if the event time is not later than the record's."""
    stored = group.records.get(identifier)
    if stored is None or event_time > stored.event_time:
        group.records[identifier] = OnlineRecord({}, event_time, deleted=True)


def delete_hard(group: FeatureGroup, identifier: str, event_time: float) -> None:
    """Hard-delete a record. Refuses an event time that is not later than the record's."""
    stored = group.records.get(identifier)
    if stored is not None and event_time <= stored.event_time:
        raise validation(
            "EventTime must be later than that of the existing record for the deletion mode HardDelete."
        )
    group.records.pop(identifier, None)


def _has_expired(record: OnlineRecord, now: float) -> bool:
    return record.expires_at is not None and record.expires_at <= now


def _expiry(event_time: float, ttl: dict[str, Any] | None) -> float | None:
    if ttl is None:
        return None
    expires: float = event_time + ttl["Value"] * _SECONDS[ttl["Unit"]]
    try:
        moment(expires)
    except OverflowError as error:
        raise validation("TtlDuration: the record would expire after the year 9999.") from error
    return expires


def features_of(record: OnlineRecord, group: FeatureGroup, wanted: list[str] | None) -> list[dict[str, Any]]:
    """Returns the features with a value, in the order of the definitions; all or the requested ones."""
    values = {name: {"ValueAsString": text} for name, text in record.values.items()}
    lists = {name: {"ValueAsStringList": elements} for name, elements in record.collections.items()}
    found: dict[str, dict[str, Any]] = {**values, **lists}
    names = group.types if wanted is None else wanted
    return [{"FeatureName": name, **found[name]} for name in names if name in found]
