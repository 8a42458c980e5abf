"""Create, describe, list, update and delete feature groups."""

from __future__ import annotations

from typing import Any

from local_aws.protocol.arns import Scope
from local_aws.protocol.errors import AwsError, not_found, validation_error
from local_aws.services.feature_store.definitions import (
    MAX_FEATURES,
    check_create,
    collection_problems,
    definition_problems,
    has_online_store,
)
from local_aws.services.feature_store.model import FeatureGroup, record_size
from local_aws.services.sagemaker.context import Context, Request, Response, refuse_members
from local_aws.services.sagemaker.paging import SortKey, page
from local_aws.services.sagemaker.tags import merge_tags

DATABASE = "sagemaker_featurestore"


def find_group(context: Context, name_or_arn: str) -> FeatureGroup:
    """Returns the feature group with this name or ARN, in any status, in the caller's account and region."""
    arn = context.scope.feature_group_arn_of(name_or_arn)
    group = context.feature_groups.by_arn.get(arn)
    if group is None or not arn.startswith(context.scope.feature_group_arn("")):
        raise not_found(
            f"Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name_or_arn}"
        )
    return group


def create_feature_group(context: Context, request: Request) -> Response:
    """CreateFeatureGroup. The group is ``Creating`` until its Glue table exists."""
    check_create(request)
    name: str = request["FeatureGroupName"]
    arn = context.scope.feature_group_arn(name)
    if arn in context.feature_groups.by_arn:
        raise AwsError(
            "ResourceInUse",
            f"Resource Already Exists: FeatureGroup with name {name} already exists. "
            "Choose a different name.",
        )
    group = FeatureGroup(
        name=name,
        arn=arn,
        account=context.scope.account,
        region=context.scope.region,
        record_identifier=request["RecordIdentifierFeatureName"],
        event_time=request["EventTimeFeatureName"],
        definitions=request["FeatureDefinitions"],
        online=request["OnlineStoreConfig"] if has_online_store(request) else None,
        offline=_offline_config(context.scope, name, request.get("OfflineStoreConfig"), context.now),
        role_arn=request.get("RoleArn"),
        description=request.get("Description"),
        tags=merge_tags({}, request.get("Tags", [])),
        created_at=context.now,
        modified_at=context.now,
    )
    context.feature_groups.by_arn[arn] = group
    context.feature_store.create(group)
    return {"FeatureGroupArn": arn}


def describe_feature_group(context: Context, request: Request) -> Response:
    """DescribeFeatureGroup, all definitions on one page."""
    refuse_members(request, "NextToken")
    group = find_group(context, request["FeatureGroupName"])
    return {
        "FeatureGroupArn": group.arn,
        "FeatureGroupName": group.name,
        "RecordIdentifierFeatureName": group.record_identifier,
        "EventTimeFeatureName": group.event_time,
        "FeatureDefinitions": group.definitions,
        "CreationTime": group.created_at,
        "LastModifiedTime": group.modified_at,
        "OnlineStoreConfig": group.online,
        "OfflineStoreConfig": group.offline,
        "ThroughputConfig": {"ThroughputMode": "OnDemand"},
        "RoleArn": group.role_arn,
        "FeatureGroupStatus": group.status,
        "OfflineStoreStatus": group.offline_status(),
        "LastUpdateStatus": {"Status": "Successful"} if group.updated else None,
        "FailureReason": group.failure_reason,
        "Description": group.description,
        # The model requires this member.
        "NextToken": "",
        "OnlineStoreTotalSizeBytes": _online_size(group),
    }


def list_feature_groups(context: Context, request: Request) -> Response:
    """ListFeatureGroups, by default latest first."""
    by = request.get("SortBy", "CreationTime")

    def key(group: FeatureGroup) -> SortKey:
        status = (group.offline_status() or {}).get("Status", "")
        value: dict[str, float | str] = {
            "Name": group.name.lower(),
            "FeatureGroupStatus": group.status,
            "OfflineStoreStatus": status,
            "CreationTime": group.created_at,
        }
        return value[by], group.arn

    chosen = [group for group in _in_scope(context) if _is_asked_for(group, request)]
    shown, token = page(chosen, key, request, descending=request.get("SortOrder") != "Ascending")
    return {"FeatureGroupSummaries": [_summary(group) for group in shown], "NextToken": token}


def update_feature_group(context: Context, request: Request) -> Response:
    """UpdateFeatureGroup. Adds at most 100 features at once. Features cannot be removed."""
    refuse_members(request, "OnlineStoreConfig", "ThroughputConfig")
    group = find_group(context, request["FeatureGroupName"])
    additions = request.get("FeatureAdditions")
    if additions is None:
        raise validation_error("Validation Error: FeatureAdditions is required.")
    if group.status != "Created":
        raise validation_error(
            f"Validation Error: FeatureGroup {group.name} is {group.status}. It cannot be updated."
        )
    definitions = group.definitions + additions
    keys = (group.record_identifier, group.event_time)
    problems = definition_problems(definitions) + collection_problems(definitions, group.online, keys)
    if len(definitions) > MAX_FEATURES:
        problems.append(f"a feature group has at most {MAX_FEATURES} features")
    if problems:
        raise validation_error(f"Validation Error: {'; '.join(problems)}.")
    group.definitions = definitions
    group.modified_at = context.now
    group.updated = True
    context.feature_store.update_table(group)
    return {"FeatureGroupArn": group.arn}


def delete_feature_group(context: Context, request: Request) -> Response:
    """DeleteFeatureGroup. Removes the online store. Data in S3 and Glue stays, as on AWS."""
    group = find_group(context, request["FeatureGroupName"])
    if group.status == "Creating":
        raise validation_error(
            f"Validation Error: FeatureGroup {group.name} is Creating. It cannot be deleted."
        )
    if group.status != "Deleting":
        group.status = "Deleting"
        group.modified_at = context.now
        context.feature_store.delete(group)
    return {}


def _offline_config(
    scope: Scope, name: str, given: dict[str, Any] | None, now: float
) -> dict[str, Any] | None:
    """Returns the configuration with the location and the table that Feature Store chooses."""
    if given is None:
        return None
    base = given["S3StorageConfig"]["S3Uri"].rstrip("/")
    place = f"{scope.account}/sagemaker/{scope.region}/offline-store/{name}-{int(now)}/data"
    storage = {**given["S3StorageConfig"], "ResolvedOutputS3Uri": f"{base}/{place}"}
    config: dict[str, Any] = {"DisableGlueTableCreation": False, **given, "S3StorageConfig": storage}
    if not config["DisableGlueTableCreation"]:
        table = f"{name}_{int(now)}".replace("-", "_").lower()
        config["DataCatalogConfig"] = {"TableName": table, "Catalog": "AwsDataCatalog", "Database": DATABASE}
    return config


def _online_size(group: FeatureGroup) -> int | None:
    if group.online is None:
        return None
    return sum(record_size(record.values, record.collections) for record in group.records.values())


def _in_scope(context: Context) -> list[FeatureGroup]:
    prefix = context.scope.feature_group_arn("")
    return [group for arn, group in context.feature_groups.by_arn.items() if arn.startswith(prefix)]


def _is_asked_for(group: FeatureGroup, request: Request) -> bool:
    after, before = request.get("CreationTimeAfter"), request.get("CreationTimeBefore")
    offline = (group.offline_status() or {}).get("Status")
    return (
        request.get("NameContains", "").lower() in group.name.lower()
        and request.get("FeatureGroupStatusEquals", group.status) == group.status
        and request.get("OfflineStoreStatusEquals", offline) == offline
        and (after is None or group.created_at > after)
        and (before is None or group.created_at < before)
    )


def _summary(group: FeatureGroup) -> dict[str, Any]:
    return {
        "FeatureGroupName": group.name,
        "FeatureGroupArn": group.arn,
        "CreationTime": group.created_at,
        "FeatureGroupStatus": group.status,
        "OfflineStoreStatus": group.offline_status(),
    }
