"""The Feature Store runtime on single records: PutRecord, GetRecord, DeleteRecord."""

from __future__ import annotations

from typing import Any

from local_aws.protocol.errors import AwsError
from local_aws.services.feature_store import online
from local_aws.services.feature_store.event_time import iso, parse_event_time
from local_aws.services.feature_store.groups import find_group
from local_aws.services.feature_store.model import FeatureGroup, OfflineRow, OnlineRecord
from local_aws.services.feature_store.records import checked_record, validation
from local_aws.services.feature_store.values import problem_of
from local_aws.services.sagemaker.context import Context, Request, Response


def put_record(context: Context, request: Request) -> Response:
    """PutRecord. An unknown feature group is a ValidationError: the model has no other error."""
    group = usable_group(context, request["FeatureGroupName"], missing="ValidationError")
    store_record(context, group, request, request.get("TtlDuration"))
    return {}


def store_record(
    context: Context, group: FeatureGroup, entry: dict[str, Any], ttl: dict[str, Any] | None
) -> None:
    """Check the record of an entry and write it to the stores that the entry and the group name."""
    record = checked_record(group, entry["Record"])
    stores = _target_stores(group, entry)
    if ttl is not None and group.online is None:
        raise validation(f"TtlDuration requires an online store, and FeatureGroup {group.name} has none.")
    if "OnlineStore" in stores:
        online.put(group, record, ttl, context.now)
    if "OfflineStore" in stores:
        row = OfflineRow(record.values, record.event_time, context.now, context.now, deleted=False)
        context.feature_store.append(group, row)


def get_record(context: Context, request: Request) -> Response:
    """GetRecord. Returns an empty answer for a missing record, as on AWS."""
    group = usable_group(context, request["FeatureGroupName"], missing="ResourceNotFound")
    check_readable(group, request.get("FeatureNames"))
    stored = online.get(group, request["RecordIdentifierValueAsString"], context.now)
    return {} if stored is None else record_answer(stored, group, request, request)


def record_answer(
    stored: OnlineRecord, group: FeatureGroup, identifier: dict[str, Any], request: Request
) -> dict[str, Any]:
    """``Record`` and, if the request asks for it, ``ExpiresAt``."""
    requested = request.get("ExpirationTimeResponse") == "Enabled"
    expires = stored.expires_at if requested else None
    features = online.features_of(stored, group, identifier.get("FeatureNames"))
    return {"Record": features or None, "ExpiresAt": None if expires is None else iso(expires)}


def delete_record(context: Context, request: Request) -> Response:
    """DeleteRecord. In the offline store, a deletion adds a row with ``is_deleted``."""
    group = usable_group(context, request["FeatureGroupName"], missing="ValidationError")
    identifier, text = request["RecordIdentifierValueAsString"], request["EventTime"]
    types = group.types
    problem = problem_of(types[group.record_identifier], identifier) if identifier else "it is empty"
    if problem:
        raise validation(f"The record identifier {group.record_identifier} is invalid: {problem}.")
    try:
        event_time = parse_event_time(types[group.event_time], text)
    except ValueError as error:
        raise validation(f"The event time {group.event_time} '{text[:100]}' is invalid: {error}.") from error
    stores = _target_stores(group, request)
    if "OnlineStore" in stores:
        hard = request.get("DeletionMode") == "HardDelete"
        (online.delete_hard if hard else online.delete_softly)(group, identifier, event_time)
    if "OfflineStore" in stores:
        values = {group.record_identifier: identifier, group.event_time: text}
        row = OfflineRow(values, event_time, context.now, context.now, deleted=True)
        context.feature_store.append(group, row)
    return {}


def usable_group(context: Context, name_or_arn: str, missing: str) -> FeatureGroup:
    """Returns the group if it is Created. Raises the error ``missing`` if it does not exist."""
    try:
        group = find_group(context, name_or_arn)
    except AwsError as error:
        raise AwsError(missing, error.message) from error
    if group.status != "Created":
        raise validation(f"FeatureGroup {group.name} is {group.status}. It must be Created.")
    return group


def check_readable(group: FeatureGroup, names: list[str] | None) -> None:
    """Raise ValidationError if the group has no online store or lacks a requested feature."""
    if group.online is None:
        raise validation(f"FeatureGroup {group.name} has no OnlineStore to read from.")
    unknown = [name for name in names or [] if name not in group.types]
    if unknown:
        raise validation(f"Features {', '.join(unknown)} are not defined in FeatureGroup {group.name}.")


def _target_stores(group: FeatureGroup, request: dict[str, Any]) -> set[str]:
    enabled = {"OnlineStore"} if group.online is not None else set()
    enabled |= {"OfflineStore"} if group.offline is not None else set()
    targets = set(request.get("TargetStores", enabled))
    if not targets <= enabled:
        absent = ", ".join(sorted(targets - enabled))
        raise validation(f"TargetStores: FeatureGroup {group.name} has no {absent}.")
    return targets
