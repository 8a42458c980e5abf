"""Objects in S3, with a client that has a bucket in memory."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from spark_engine.files import File
from spark_engine.s3 import InputError, Objects, client

OUTPUT = "s3://artifacts/e/result/input"


@dataclass
class Bucket:
    """A versioned bucket: the versions of each key, the current one last."""

    objects: dict[str, list[str]]
    calls: list[dict[str, Any]] = field(default_factory=list)
    meta: Any = field(default_factory=lambda: SimpleNamespace(partition="aws"))

    def head_object(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        versions = self.objects.get(call["Key"], [])
        version = call.get("VersionId", versions[-1] if versions else None)
        if version not in versions:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        return {"ETag": f"etag of {version}", "VersionId": version}

    def list_objects_v2(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        keys = [key for key in self.objects if key.startswith(call["Prefix"])]
        return {"Contents": [{"Key": key} for key in keys]} if keys else {}

    def get_paginator(self, _: str) -> Any:
        bucket = self

        class Pages:
            def paginate(self, **call: Any) -> list[dict[str, Any]]:
                return [bucket.list_objects_v2(**call)]

        return Pages()

    def copy(self, source: dict[str, str], bucket: str, key: str, **options: dict[str, str]) -> None:
        self.calls.append({"copied": source, "to": f"s3://{bucket}/{key}", **options["ExtraArgs"]})

    def delete_object(self, **call: Any) -> None:
        self.calls.append({"deleted": call["Key"]})


def copies(bucket: Bucket) -> list[dict[str, str]]:
    return [call["copied"] for call in bucket.calls if "copied" in call]


def objects(bucket: Bucket, **options: Any) -> Objects:
    return Objects(bucket, OUTPUT, **options)


def test_reads_one_object_in_place_with_escaped_patterns() -> None:
    bucket = Bucket({"in/a[1]*.csv": ["v1"], "in/a[1]*.csv.bak": ["v1"]})
    found = objects(bucket).files("s3://data/in/a[1]*.csv", "latest")
    assert found == [File(r"s3a://data/in/a\[1\]\*.csv", "s3://data/in/a[1]*.csv")]


def test_copies_a_version_that_is_not_the_current_one_and_deletes_the_copy() -> None:
    bucket = Bucket({"in/a.csv.gz": ["v1", "v2"]})
    reader = objects(bucket)
    assert reader.files("s3://data/in/a.csv.gz", "v2")[0].path == "s3a://data/in/a.csv.gz"
    [file] = reader.files("s3://data/in/a.csv.gz", "v1")
    assert copies(bucket) == [{"Bucket": "data", "Key": "in/a.csv.gz", "VersionId": "v1"}]
    assert file.name == "s3://data/in/a.csv.gz"
    assert file.path.startswith("s3a://artifacts/e/result/input/000000-")
    assert file.path.endswith(".csv.gz")
    reader.delete_copies()
    assert bucket.calls[-1] == {"deleted": file.path[len("s3a://artifacts/") :]}


@pytest.mark.parametrize(
    "key",
    ["a//b.csv", "/a.csv", " a.csv", "a .csv/ b.csv", "a/../b.csv", "./a.csv", "in/_a.csv", ".a.csv",
     "a:b.csv", "a\n.csv"],
)  # fmt: skip
def test_copies_objects_whose_keys_spark_cannot_read(key: str) -> None:
    bucket = Bucket({key: ["v1"]})
    objects(bucket).files(f"s3://data/{key}")
    assert copies(bucket) == [{"Bucket": "data", "Key": key}]


def test_copies_an_object_with_the_name_of_a_folder() -> None:
    bucket = Bucket({"a.csv": ["v1"], "a.csv/part-0": ["v1"]})
    objects(bucket).files("s3://data/a.csv")
    assert copies(bucket) == [{"Bucket": "data", "Key": "a.csv"}]


@pytest.mark.parametrize(("nested", "names"), [(False, ["b.csv"]), (True, ["b.csv", "deep/c.csv"])])
def test_reads_the_objects_below_a_folder(
    caplog: pytest.LogCaptureFixture, nested: bool, names: list[str]
) -> None:
    keys = ["in/", "in/b.csv", "in/_SUCCESS", "in/x_$folder$", "in/deep/c.csv", "in.csv"]
    bucket = Bucket({key: ["v1"] for key in keys})
    with caplog.at_level(logging.INFO, "spark_engine"):
        found = objects(bucket).files("s3://data/in", nested=nested)
    assert [file.name for file in found] == [f"s3://data/in/{name}" for name in names]
    assert "s3://data/in/: 1 objects are left out, whose names begin with _ or ." in caplog.messages


@pytest.mark.parametrize(
    ("url", "version", "problem"),
    [
        ("s3://data/no.csv", None, "there is no object at or below s3://data/no.csv/"),
        ("s3://data/a.csv", "v9", r"s3://data/a.csv cannot be read in the version v9 \(404\)"),
        ("https://a.csv", None, "is no URL in S3"),
    ],
)
def test_refuses_what_cannot_be_read(url: str, version: str | None, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        objects(Bucket({"a.csv": ["v1"]})).files(url, version)


def test_fails_if_an_object_is_replaced_while_it_is_read() -> None:
    bucket = Bucket({"a.csv": ["v1"]})
    reader = objects(bucket)
    reader.files("s3://data/a.csv", "v1")
    reader.check_unchanged()
    bucket.objects["a.csv"].append("v2")
    with pytest.raises(InputError, match=r"s3://data/a.csv was replaced while the job read it"):
        reader.check_unchanged()


def test_requester_pays_for_every_call() -> None:
    bucket = Bucket({"in/a:b.csv": ["v1"]})
    reader = objects(bucket, requester_pays=True)
    reader.files("s3://data/in/")
    assert {call["RequestPayer"] for call in bucket.calls} == {"requester"}
    assert reader.settings() == {"spark.hadoop.fs.s3a.requester.pays.enabled": "true"}


@pytest.mark.parametrize(
    ("region", "fips", "endpoint"),
    [
        ("eu-west-1", "", None),
        ("us-east-2", "true", "https://s3-fips.us-east-2.amazonaws.com"),
        ("cn-north-1", "", "https://s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_spark_uses_the_endpoint_of_the_partition(
    monkeypatch: pytest.MonkeyPatch, region: str, fips: str, endpoint: str | None
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", fips or "false")
    settings = Objects(client(), "s3://artifacts/input").settings()
    assert settings.get("spark.hadoop.fs.s3a.endpoint") == endpoint
    assert settings.get("spark.hadoop.fs.s3a.endpoint.region") == (endpoint and region)
