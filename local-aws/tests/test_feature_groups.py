"""Tests the operations on feature groups."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import NO_RETRIES, ROLE, send
from feature_groups import (
    BUCKET,
    COLLECTIONS,
    DEFINITIONS,
    IN_MEMORY,
    OFFLINE,
    ONLINE,
    collections_request,
    create_group,
    group_request,
    runtime_of,
    settled,
)
from in_process import InProcess
from local_aws import LocalAws
from local_aws.protocol.errors import AwsError
from local_aws.services.feature_store import store
from waiting import until

ARN = "arn:aws:sagemaker:us-east-1:000000000000:feature-group/fg-abalone"


def refused(server: LocalAws, request: dict[str, Any]) -> str:
    answer = send(server, "CreateFeatureGroup", request)
    assert (answer.status, answer.code) == (400, "ValidationException")
    return answer.message


def test_describes_group_as_created(server: LocalAws) -> None:
    described = create_group(server, Description="전복", Tags=[{"Key": "a", "Value": "1"}])
    assert described["FeatureGroupArn"] == ARN
    assert described["FeatureGroupName"] == "FG-abalone"
    assert described["FeatureDefinitions"] == DEFINITIONS
    assert described["OnlineStoreConfig"] == {"EnableOnlineStore": True}
    assert described["OfflineStoreStatus"] == {"Status": "Active"}
    assert described["Description"] == "전복"
    assert described["RoleArn"] == ROLE
    stamp = int(described["CreationTime"].timestamp())
    offline = described["OfflineStoreConfig"]
    assert offline["S3StorageConfig"] == {
        "S3Uri": f"s3://{BUCKET}/offline/",
        "ResolvedOutputS3Uri": f"s3://{BUCKET}/offline/000000000000/sagemaker/us-east-1/offline-store/"
        f"FG-abalone-{stamp}/data",
    }
    assert offline["DataCatalogConfig"] == {
        "TableName": f"fg_abalone_{stamp}",
        "Catalog": "AwsDataCatalog",
        "Database": "sagemaker_featurestore",
    }
    table = server.client("glue").get_table(
        DatabaseName="sagemaker_featurestore", Name=f"fg_abalone_{stamp}"
    )["Table"]
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert columns == {
        "record_id": "bigint", "sex": "string", "rings": "double", "record-time": "double",
        "write_time": "timestamp", "api_invocation_time": "timestamp", "is_deleted": "boolean",
    }  # fmt: skip
    assert [key["Name"] for key in table["PartitionKeys"]] == ["year", "month", "day", "hour"]
    sagemaker = server.client("sagemaker")
    assert sagemaker.list_tags(ResourceArn=ARN)["Tags"] == [{"Key": "a", "Value": "1"}]
    assert sagemaker.describe_feature_group(FeatureGroupName=ARN)["FeatureGroupArn"] == ARN


def test_group_is_creating_then_created_then_deleting(
    sagemaker: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "DELETING_SECONDS", 3600)

    def status() -> Any:
        return sagemaker("DescribeFeatureGroup", FeatureGroupName=ARN)["FeatureGroupStatus"]

    with sagemaker.backend.lock:
        sagemaker("CreateFeatureGroup", **group_request(OfflineStoreConfig=None))
        assert status() == "Creating"
    until(lambda: status() == "Created")
    sagemaker("DeleteFeatureGroup", FeatureGroupName="FG-abalone")
    assert status() == "Deleting"
    sagemaker.backend.stop()
    with pytest.raises(AwsError, match="can't find a FeatureGroup"):
        status()


def test_group_fails_if_bucket_is_missing(server: LocalAws) -> None:
    sagemaker = server.client("sagemaker", config=NO_RETRIES)
    sagemaker.create_feature_group(**group_request())
    described = settled(sagemaker)
    assert described["FeatureGroupStatus"] == "CreateFailed"
    assert "NoSuchBucket" in described["FailureReason"]
    with pytest.raises(ClientError, match="is CreateFailed"):
        runtime_of(server).get_record(FeatureGroupName="FG-abalone", RecordIdentifierValueAsString="1")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"RecordIdentifierFeatureName": "id"}, "RecordIdentifierFeatureName 'id' is not among"),
        ({"EventTimeFeatureName": "time"}, "EventTimeFeatureName 'time' is not among"),
        ({"EventTimeFeatureName": "record_id"}, "must be of type String or Fractional"),
        ({"RecordIdentifierFeatureName": "record-time"}, "must be different features"),
        (
            {"FeatureDefinitions": [*DEFINITIONS, {"FeatureName": "SEX", "FeatureType": "String"}]},
            "Duplicates: sex",
        ),
        (
            {"FeatureDefinitions": [*DEFINITIONS, {"FeatureName": "Write_Time", "FeatureType": "String"}]},
            "reserved: write_time",
        ),
        (
            {"FeatureDefinitions": [*DEFINITIONS, {"FeatureName": "year", "FeatureType": "String"}]},
            "partitions: year",
        ),
        ({"OnlineStoreConfig": None, "OfflineStoreConfig": None}, "or both are required"),
        ({"OnlineStoreConfig": {}, "OfflineStoreConfig": None}, "or both are required"),
        ({"RoleArn": None}, "RoleArn is required"),
        ({"OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "https://b/c"}}}, "form s3://bucket/prefix"),
        ({"FeatureGroupName": "fg_"}, "featureGroupName"),
        ({"FeatureDefinitions": [{"FeatureName": "전복", "FeatureType": "String"}]}, "featureName"),
        ({"FeatureDefinitions": [{"FeatureName": "a", "FeatureType": "Text"}]}, "enum value set"),
    ],
)
def test_refuses_invalid_group(server: LocalAws, changed: dict[str, Any], says: str) -> None:
    assert says in refused(server, group_request(**changed))
    assert server.client("sagemaker").list_feature_groups()["FeatureGroupSummaries"] == []


def test_reports_all_problems_at_once(server: LocalAws) -> None:
    message = refused(server, group_request(RoleArn=None, EventTimeFeatureName="x"))
    assert "RoleArn is required" in message
    assert "EventTimeFeatureName 'x'" in message


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"OfflineStoreConfig": {**OFFLINE, "TableFormat": "Iceberg"}}, "Iceberg"),
        (
            {"OfflineStoreConfig": {**OFFLINE, "DataCatalogConfig": {
                "TableName": "t", "Catalog": "c", "Database": "d"}}},
            "DataCatalogConfig",
        ),
        ({"OnlineStoreConfig": {"EnableOnlineStore": True, "StorageType": "Standard_V2"}}, "StorageTypes"),
        ({"ThroughputConfig": {"ThroughputMode": "Provisioned"}}, "Provisioned"),
    ],
)  # fmt: skip
def test_refuses_unimplemented_features_by_name(server: LocalAws, changed: dict[str, Any], says: str) -> None:
    message = refused(server, group_request(**changed))
    assert message.startswith("local-aws ")
    assert says in message


def test_describes_collections(server: LocalAws) -> None:
    described = create_group(server, **collections_request())
    assert described["FeatureDefinitions"] == DEFINITIONS + COLLECTIONS
    assert described["OnlineStoreConfig"] == IN_MEMORY
    assert "OfflineStoreConfig" not in described


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"OnlineStoreConfig": ONLINE}, "with the StorageType InMemory: visits, tags, place"),
        ({"OfflineStoreConfig": OFFLINE, "RoleArn": ROLE}, "InMemory allows no offline store"),
        ({"RecordIdentifierFeatureName": "tags"}, "cannot be collections: tags"),
        ({"EventTimeFeatureName": "place"}, "cannot be collections: place"),
        (
            {"FeatureDefinitions": [*DEFINITIONS, {**COLLECTIONS[2], "FeatureType": "Integral"}]},
            "vectors must be Fractional: place",
        ),
        (
            {"FeatureDefinitions": [*DEFINITIONS, {
                "FeatureName": "place", "FeatureType": "Fractional", "CollectionType": "Vector"}]},
            "vectors need a VectorConfig: place",
        ),
        (
            {"FeatureDefinitions": [*DEFINITIONS, {**COLLECTIONS[2], "CollectionType": "List"}]},
            "only vectors have a CollectionConfig: place",
        ),
        (
            {"FeatureDefinitions": [*DEFINITIONS, COLLECTIONS[2], {**COLLECTIONS[2], "FeatureName": "b"}]},
            "at most one vector: place, b",
        ),
        (
            {"FeatureDefinitions": [*DEFINITIONS, {
                **COLLECTIONS[2], "CollectionConfig": {"VectorConfig": {"Dimension": 8193}}}]},
            "less than or equal to 8192",
        ),
    ],
)  # fmt: skip
def test_refuses_invalid_collections(server: LocalAws, changed: dict[str, Any], says: str) -> None:
    assert says in refused(server, group_request(**collections_request(**changed)))


def test_adds_collections(server: LocalAws) -> None:
    create_group(server, **collections_request(FeatureDefinitions=DEFINITIONS))
    create_group(server, "FG-standard")
    sagemaker = server.client("sagemaker", config=NO_RETRIES)
    sagemaker.update_feature_group(FeatureGroupName="FG-abalone", FeatureAdditions=COLLECTIONS)
    assert settled(sagemaker)["FeatureDefinitions"] == DEFINITIONS + COLLECTIONS
    with pytest.raises(ClientError, match="with the StorageType InMemory"):
        sagemaker.update_feature_group(FeatureGroupName="FG-standard", FeatureAdditions=COLLECTIONS)


def test_names_are_unique_ignoring_case(server: LocalAws) -> None:
    create_group(server)
    answer = send(server, "CreateFeatureGroup", group_request("fg-ABALONE"))
    assert (answer.status, answer.code) == (400, "ResourceInUse")
    assert "FeatureGroup with name fg-ABALONE already exists" in answer.message


def test_lists_filters_and_pages_groups(server: LocalAws) -> None:
    for name in ("b-1", "a-1", "other"):
        create_group(server, name, **({"OfflineStoreConfig": None} if name == "other" else {}))
    sagemaker = server.client("sagemaker")

    def listed(**filters: Any) -> list[str]:
        names: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = sagemaker.list_feature_groups(MaxResults=1, **filters, **token)
            names += [item["FeatureGroupName"] for item in answer["FeatureGroupSummaries"]]
            if "NextToken" not in answer:
                return names
            token = {"NextToken": answer["NextToken"]}

    assert listed() == ["other", "a-1", "b-1"]
    assert listed(SortBy="Name", SortOrder="Ascending") == ["a-1", "b-1", "other"]
    assert listed(NameContains="-1") == ["a-1", "b-1"]
    assert listed(OfflineStoreStatusEquals="Active") == ["a-1", "b-1"]
    assert listed(FeatureGroupStatusEquals="Creating") == []
    assert listed(CreationTimeBefore=0.0) == []


def test_adds_features(server: LocalAws) -> None:
    create_group(server)
    sagemaker = server.client("sagemaker", config=NO_RETRIES)
    added = [{"FeatureName": "length", "FeatureType": "Fractional"}]
    sagemaker.update_feature_group(FeatureGroupName="FG-abalone", FeatureAdditions=added)
    described = settled(sagemaker)
    assert described["FeatureDefinitions"] == DEFINITIONS + added
    assert described["LastUpdateStatus"] == {"Status": "Successful"}
    for features, says in [
        (added, "Duplicates: length"),
        ([{"FeatureName": "is_deleted", "FeatureType": "String"}], "reserved"),
    ]:
        with pytest.raises(ClientError, match=says):
            sagemaker.update_feature_group(FeatureGroupName="FG-abalone", FeatureAdditions=features)
    with pytest.raises(ClientError, match="local-aws does not implement the member OnlineStoreConfig"):
        sagemaker.update_feature_group(
            FeatureGroupName="FG-abalone", OnlineStoreConfig={"TtlDuration": {"Unit": "Days", "Value": 1}}
        )


def test_deleted_group_keeps_offline_data(server: LocalAws) -> None:
    described = create_group(server)
    table = described["OfflineStoreConfig"]["DataCatalogConfig"]["TableName"]
    sagemaker = server.client("sagemaker", config=NO_RETRIES)
    sagemaker.delete_feature_group(FeatureGroupName="FG-abalone")
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match=re.escape("can't find a FeatureGroup")):
        settled(sagemaker)
    assert server.client("glue").get_table(DatabaseName="sagemaker_featurestore", Name=table)["Table"]
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.delete_feature_group(FeatureGroupName="FG-abalone")


def test_reset_clears_groups(server: LocalAws) -> None:
    create_group(server)
    server.reset()
    assert server.client("sagemaker").list_feature_groups()["FeatureGroupSummaries"] == []
    create_group(server)
