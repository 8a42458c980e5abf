"""Tests the offline store: records as Parquet rows in S3, which Athena reads."""

from __future__ import annotations

import re
from typing import Any

from feature_groups import (
    BUCKET,
    NOW,
    create_group,
    entry,
    query,
    record,
    runtime_of,
)
from local_aws import LocalAws
from waiting import until

NAME = "FG-abalone"


def table_of(described: dict[str, Any]) -> str:
    return str(described["OfflineStoreConfig"]["DataCatalogConfig"]["TableName"])


def keys(server: LocalAws) -> list[str]:
    listed = server.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="offline/")
    return [item["Key"] for item in listed.get("Contents", [])]


def test_athena_computes_mean_by_group(server: LocalAws) -> None:
    table = table_of(create_group(server))
    runtime = runtime_of(server)
    rings = [("M", 1), ("M", 2), ("F", 10.5), ("I", -3)]
    runtime.batch_write_record(
        Entries=[entry(number, sex=sex, rings=value) for number, (sex, value) in enumerate(rings)]
    )
    rows = query(server, f'SELECT sex, avg(rings), count(*) FROM "{table}" GROUP BY sex ORDER BY sex')
    assert rows == [["F", "10.5", "1"], ["I", "-3.0", "1"], ["M", "1.5", "2"]]


def test_queries_empty_table(server: LocalAws) -> None:
    assert query(server, f"SELECT * FROM {table_of(create_group(server))}") == []


def test_every_write_adds_a_row(server: LocalAws) -> None:
    table = table_of(create_group(server))
    runtime = runtime_of(server)
    for event_time in (NOW, NOW, NOW - 7200):
        runtime.put_record(FeatureGroupName=NAME, Record=record(1, event_time, sex=None))
    key = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": "1"}
    runtime.delete_record(**key, EventTime=str(NOW + 1))
    runtime.put_record(FeatureGroupName=NAME, Record=record(2), TargetStores=["OnlineStore"])
    rows = query(
        server,
        f'SELECT record_id, sex, rings, "record-time", is_deleted, year, month, day, hour FROM {table} '
        'ORDER BY "record-time"',
    )
    assert rows == [
        ["1", None, "9.5", str(NOW - 7200), "false", "2025", "12", "31", "22"],
        ["1", None, "9.5", str(NOW), "false", "2026", "01", "01", "00"],
        ["1", None, "9.5", str(NOW), "false", "2026", "01", "01", "00"],
        ["1", None, None, str(NOW + 1), "true", "2026", "01", "01", "00"],
    ]
    [[written]] = query(server, f"SELECT count(*) FROM {table} WHERE write_time >= api_invocation_time")
    assert written == "4"


def test_files_are_in_feature_store_folders(server: LocalAws) -> None:
    described = create_group(server)
    resolved = described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    place = re.escape(resolved.removeprefix(f"s3://{BUCKET}/"))
    runtime_of(server).put_record(FeatureGroupName=NAME, Record=record(1))
    query(server, "SELECT 1")
    [key] = keys(server)
    partition = "year=2026/month=01/day=01/hour=00"
    assert re.fullmatch(rf"{place}/{partition}/20260101T000000Z_[0-9A-Za-z]{{16}}\.parquet", key)


def test_rows_are_flushed_automatically(server: LocalAws) -> None:
    create_group(server)
    runtime_of(server).put_record(FeatureGroupName=NAME, Record=record(1))
    assert len(until(lambda: keys(server))) == 1


def test_values_are_unchanged(server: LocalAws) -> None:
    table = table_of(create_group(server))
    texts = ["전복 'F' \"x\"", "\u2028", "a\tb", "{}", "NULL", " ", "\\", "🐚"]
    numbers = ["+1", "-0", "9007199254740993", "-9223372036854775808", "007"]
    runtime = runtime_of(server)
    runtime.batch_write_record(
        Entries=[entry(number, sex=text) for number, text in enumerate(texts) if "\u2028" not in text]
        + [entry(number, sex="number", rings=".1e-7") for number in numbers]
    )
    rows = query(server, f"SELECT sex FROM {table} WHERE sex <> 'number' ORDER BY record_id")
    assert [text for [text] in rows] == [text for text in texts if text != "\u2028"]
    rows = query(server, f"SELECT record_id, rings FROM {table} WHERE sex = 'number' ORDER BY record_id")
    assert [number for number, _ in rows] == ["-9223372036854775808", "0", "1", "7", "9007199254740993"]
    assert {rings for _, rings in rows} == {"1e-08"}


def test_unwritable_store_is_blocked_and_loses_nothing(server: LocalAws) -> None:
    table = table_of(create_group(server))
    runtime, s3, sagemaker = runtime_of(server), server.client("s3"), server.client("sagemaker")
    s3.delete_bucket(Bucket=BUCKET)
    runtime.put_record(FeatureGroupName=NAME, Record=record(1))

    def status() -> dict[str, str] | None:
        found: dict[str, str] = sagemaker.describe_feature_group(FeatureGroupName=NAME)["OfflineStoreStatus"]
        return found if found["Status"] == "Blocked" else None

    assert "NoSuchBucket" in until(status)["BlockedReason"]
    s3.create_bucket(Bucket=BUCKET)
    assert query(server, f"SELECT record_id FROM {table}") == [["1"]]
    assert status() is None


def test_added_feature_is_in_new_rows(server: LocalAws) -> None:
    table = table_of(create_group(server))
    runtime = runtime_of(server)
    runtime.put_record(FeatureGroupName=NAME, Record=record(1))
    query(server, "SELECT 1")
    server.client("sagemaker").update_feature_group(
        FeatureGroupName=NAME, FeatureAdditions=[{"FeatureName": "length", "FeatureType": "Fractional"}]
    )
    runtime.put_record(FeatureGroupName=NAME, Record=record(2, length=0.5))
    rows = query(server, f"SELECT record_id, length FROM {table} ORDER BY record_id")
    assert rows == [["1", None], ["2", "0.5"]]


def test_group_without_table_writes_rows_to_s3(server: LocalAws) -> None:
    storage = {"S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/offline"}, "DisableGlueTableCreation": True}
    described = create_group(server, OfflineStoreConfig=storage)
    assert "DataCatalogConfig" not in described["OfflineStoreConfig"]
    runtime_of(server).put_record(FeatureGroupName=NAME, Record=record(1))
    assert until(lambda: keys(server))


def test_writes_many_rows(server: LocalAws) -> None:
    count = 6000
    table = table_of(create_group(server))
    runtime = runtime_of(server)
    for start in range(0, count, 25):
        runtime.batch_write_record(Entries=[entry(number) for number in range(start, start + 25)])
    found = query(server, f"SELECT count(*), count(DISTINCT record_id) FROM {table}")
    assert found == [[f"{count}", f"{count}"]]
