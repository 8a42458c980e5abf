"""Creates, fills and reads feature groups."""

from __future__ import annotations

from typing import Any

from conftest import NO_RETRIES, ROLE
from local_aws import LocalAws
from waiting import until

BUCKET = "features"
DEFINITIONS = [
    {"FeatureName": "record_id", "FeatureType": "Integral"},
    {"FeatureName": "sex", "FeatureType": "String"},
    {"FeatureName": "rings", "FeatureType": "Fractional"},
    {"FeatureName": "record-time", "FeatureType": "Fractional"},
]
ONLINE = {"EnableOnlineStore": True}
OFFLINE = {"S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/offline/"}}
IN_MEMORY = {"EnableOnlineStore": True, "StorageType": "InMemory"}
COLLECTIONS: list[dict[str, Any]] = [
    {"FeatureName": "visits", "FeatureType": "Integral", "CollectionType": "List"},
    {"FeatureName": "tags", "FeatureType": "String", "CollectionType": "Set"},
    {
        "FeatureName": "place",
        "FeatureType": "Fractional",
        "CollectionType": "Vector",
        "CollectionConfig": {"VectorConfig": {"Dimension": 3}},
    },
]
NOW = 1_767_225_600.0
"""2026-01-01T00:00:00Z"""


def group_request(name: str = "FG-abalone", **members: Any) -> dict[str, Any]:
    """Returns a CreateFeatureGroup request for both stores. Omits members that are None."""
    request = {
        "FeatureGroupName": name,
        "RecordIdentifierFeatureName": "record_id",
        "EventTimeFeatureName": "record-time",
        "FeatureDefinitions": DEFINITIONS,
        "OnlineStoreConfig": ONLINE,
        "OfflineStoreConfig": OFFLINE,
        "RoleArn": ROLE,
        **members,
    }
    return {name: value for name, value in request.items() if value is not None}


def collections_request(**members: Any) -> dict[str, Any]:
    """Returns the members of a CreateFeatureGroup request for a group with collections."""
    return {
        "FeatureDefinitions": [*DEFINITIONS, *COLLECTIONS],
        "OnlineStoreConfig": IN_MEMORY,
        "OfflineStoreConfig": None,
        "RoleArn": None,
        **members,
    }


def settled(sagemaker: Any, name: str = "FG-abalone") -> dict[str, Any]:
    """Wait until a group is neither Creating nor Deleting, and describe it."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = sagemaker.describe_feature_group(FeatureGroupName=name)
        return None if found["FeatureGroupStatus"] in ("Creating", "Deleting") else found

    return until(look)


def create_group(server: LocalAws, name: str = "FG-abalone", **members: Any) -> dict[str, Any]:
    """Create a group, wait until it is Created, and describe it."""
    server.client("s3").create_bucket(Bucket=BUCKET)
    sagemaker = server.client("sagemaker", config=NO_RETRIES)
    sagemaker.create_feature_group(**group_request(name, **members))
    found = settled(sagemaker, name)
    assert found["FeatureGroupStatus"] == "Created", found
    return found


def runtime_of(server: LocalAws, **overrides: Any) -> Any:
    """A client of the Feature Store runtime without retries."""
    return server.client("sagemaker-featurestore-runtime", config=NO_RETRIES, **overrides)


def record(number: object, event_time: object = NOW, **values: object) -> list[dict[str, str]]:
    """Returns a record. Omits values that are None."""
    features = {"record_id": number, "sex": "M", "rings": "9.5", "record-time": event_time, **values}
    return [
        {"FeatureName": name, "ValueAsString": str(value)}
        for name, value in features.items()
        if value is not None
    ]


def record_with(number: object, **collections: list[str]) -> list[dict[str, Any]]:
    """Returns a record with collections."""
    lists = [{"FeatureName": name, "ValueAsStringList": elements} for name, elements in collections.items()]
    return [*record(number), *lists]


def entry(
    number: object, event_time: object = NOW, group: str = "FG-abalone", **values: object
) -> dict[str, Any]:
    """An entry of BatchWriteRecord."""
    return {"FeatureGroupName": group, "Record": record(number, event_time, **values)}


def values_of(runtime: Any, number: object, **members: Any) -> dict[str, str]:
    """Returns the features of a record in the online store, empty if there is no record."""
    answer = runtime.get_record(
        FeatureGroupName="FG-abalone", RecordIdentifierValueAsString=str(number), **members
    )
    return {item["FeatureName"]: item["ValueAsString"] for item in answer.get("Record", [])}


def query(server: LocalAws, sql: str) -> list[list[str | None]]:
    """The rows of an Athena query, without the header."""
    athena = server.client("athena")
    started = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": "sagemaker_featurestore"},
        ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/results/"},
    )
    asked = {"QueryExecutionId": started["QueryExecutionId"]}

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = athena.get_query_execution(**asked)["QueryExecution"]["Status"]
        return None if found["State"] in ("QUEUED", "RUNNING") else found

    status = until(ended)
    assert status["State"] == "SUCCEEDED", status
    _, *rows = athena.get_query_results(**asked)["ResultSet"]["Rows"]
    return [[item.get("VarCharValue") for item in row["Data"]] for row in rows]
