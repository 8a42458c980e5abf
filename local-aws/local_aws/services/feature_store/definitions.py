"""Checks of CreateFeatureGroup beyond AWS's model, including unsupported features."""

from __future__ import annotations

from typing import Any, Final

from local_aws.protocol.errors import validation_error
from local_aws.services.feature_store.model import RESERVED_FEATURES
from local_aws.services.sagemaker.context import Request, refuse_members

MAX_FEATURES: Final = 2500
_PARTITIONS: Final = ("year", "month", "day", "hour")
_IN_MEMORY_ONLY: Final = "collections need an online store with the StorageType InMemory"
_NO_KEY: Final = "the record identifier and the event time cannot be collections"


def check_create(request: Request) -> None:
    """Raise a ValidationException for a feature group that AWS refuses or local-aws does not support."""
    _refuse_unimplemented(request)
    definitions = request["FeatureDefinitions"]
    problems = definition_problems(definitions)
    types = {item["FeatureName"]: item["FeatureType"] for item in definitions}
    identifier, event_time = request["RecordIdentifierFeatureName"], request["EventTimeFeatureName"]
    for name, what in ((identifier, "RecordIdentifierFeatureName"), (event_time, "EventTimeFeatureName")):
        if name not in types:
            problems.append(f"{what} '{name}' is not among the feature definitions")
    if types.get(event_time) == "Integral":
        problems.append(f"the event time feature '{event_time}' must be of type String or Fractional")
    if identifier == event_time:
        problems.append("the record identifier and the event time must be different features")
    online = request["OnlineStoreConfig"] if has_online_store(request) else None
    problems += collection_problems(definitions, online, keys=(identifier, event_time))
    if not has_online_store(request) and "OfflineStoreConfig" not in request:
        problems.append("OnlineStoreConfig, OfflineStoreConfig or both are required")
    if "OfflineStoreConfig" in request:
        problems += _offline_problems(request, types)
    if problems:
        raise validation_error(f"Validation Error: {'; '.join(problems)}.")


def definition_problems(definitions: list[dict[str, Any]]) -> list[str]:
    """Returns problems of the definitions: duplicate names, ignoring case, and reserved names."""
    names = [item["FeatureName"].lower() for item in definitions]
    twice = sorted({name for name in names if names.count(name) > 1})
    reserved = [name for name in names if name in RESERVED_FEATURES]
    found = [f"feature names must be unique. Duplicates: {', '.join(twice)}"] if twice else []
    return found + ([f"these feature names are reserved: {', '.join(reserved)}"] if reserved else [])


def collection_problems(
    definitions: list[dict[str, Any]], online: dict[str, Any] | None, keys: tuple[str, str]
) -> list[str]:
    """Returns problems of the collections: lists, sets and vectors.

    Source: "Collection types" in the Amazon SageMaker AI Developer Guide.
    """
    collections = [item for item in definitions if "CollectionType" in item]
    vectors = [item for item in collections if item["CollectionType"] == "Vector"]
    found = [
        (collections if (online or {}).get("StorageType") != "InMemory" else [], _IN_MEMORY_ONLY),
        ([item for item in collections if item["FeatureName"] in keys], _NO_KEY),
        ([item for item in vectors if item["FeatureType"] != "Fractional"], "vectors must be Fractional"),
        (
            [item for item in vectors if "VectorConfig" not in item.get("CollectionConfig", {})],
            "vectors need a VectorConfig",
        ),
        (
            [item for item in definitions if "CollectionConfig" in item and item not in vectors],
            "only vectors have a CollectionConfig",
        ),
        (vectors if len(vectors) > 1 else [], "a feature group has at most one vector"),
    ]
    names = ((", ".join(item["FeatureName"] for item in items), what) for items, what in found)
    return [f"{what}: {listed}" for listed, what in names if listed]


def has_online_store(request: Request) -> bool:
    """Whether a request asks for an online store."""
    return bool(request.get("OnlineStoreConfig", {}).get("EnableOnlineStore"))


def storage_type(request: Request) -> str:
    """The storage type of the online store."""
    found: str = request.get("OnlineStoreConfig", {}).get("StorageType", "Standard")
    return found


def _refuse_unimplemented(request: Request) -> None:
    offline = request.get("OfflineStoreConfig", {})
    refuse_members(offline, "DataCatalogConfig")
    refuse_members(offline.get("S3StorageConfig", {}), "ResolvedOutputS3Uri")
    if offline.get("TableFormat") == "Iceberg":
        raise validation_error("local-aws does not implement the TableFormat Iceberg.")
    if storage_type(request) not in ("Standard", "InMemory"):
        raise validation_error("local-aws implements the StorageTypes Standard and InMemory only.")
    if request.get("ThroughputConfig", {}).get("ThroughputMode") == "Provisioned":
        raise validation_error("local-aws does not implement the ThroughputMode Provisioned.")


def _offline_problems(request: Request, types: dict[str, str]) -> list[str]:
    uri: str = request["OfflineStoreConfig"]["S3StorageConfig"]["S3Uri"]
    problems = [] if uri.startswith("s3://") else [f"S3Uri '{uri}' must be of the form s3://bucket/prefix"]
    if storage_type(request) == "InMemory":
        problems.append("an online store with the StorageType InMemory allows no offline store")
    if "RoleArn" not in request:
        problems.append("RoleArn is required for an offline store")
    clashing = [name for name in types if name.lower() in _PARTITIONS]
    if clashing:
        problems.append(f"these names are reserved for the offline store's partitions: {', '.join(clashing)}")
    return problems
