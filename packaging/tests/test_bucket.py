"""The staging bucket: wrong owner, wrong region, taken names, creation."""

from __future__ import annotations

import pytest

from doubles import Recorder
from staging.bucket import Bucket
from staging.errors import PackagingError
from staging.place import Place

PLACE = Place("sagemaker-staging", "us-east-1")
ACCOUNT = "123456789012"


@pytest.fixture
def bucket(s3: Recorder) -> Bucket:
    return Bucket(s3.client, PLACE, ACCOUNT)


def test_every_request_names_the_expected_owner(s3: Recorder, bucket: Bucket) -> None:
    owners: list[object] = []

    def note(params: dict[str, object], model: object, **_: object) -> None:
        if getattr(model, "name", "") != "CreateBucket":  # the new bucket has no owner yet
            owners.append(params.get("ExpectedBucketOwner"))

    s3.client.meta.events.register("before-parameter-build.s3", note)
    bucket.create()
    bucket.exists()
    bucket.read("key")
    bucket.holds("key")
    assert len(owners) == 8
    assert set(owners) == {ACCOUNT}


def test_rejects_bucket_in_another_account(s3: Recorder, bucket: Bucket) -> None:
    s3.fail("HeadBucket", 403)
    with pytest.raises(PackagingError, match=f"another account than {ACCOUNT}") as refused:
        bucket.exists()
    assert "S3_BUCKET_NAME" in refused.value.hint


@pytest.mark.parametrize("status", [301, 400])
def test_rejects_bucket_in_another_region(s3: Recorder, bucket: Bucket, status: int) -> None:
    for _ in range(3):  # the SDK retries in the bucket's region
        s3.fail("HeadBucket", status, x_amz_bucket_region="eu-west-1")
    with pytest.raises(PackagingError, match="is in eu-west-1, not in us-east-1") as refused:
        bucket.exists()
    assert "AWS_REGION=eu-west-1" in refused.value.hint


def test_rejects_bucket_that_the_sdk_found_in_another_region(s3: Recorder, bucket: Bucket) -> None:
    s3.fail("HeadBucket", 200, x_amz_bucket_region="eu-west-1")
    with pytest.raises(PackagingError, match="is in eu-west-1"):
        bucket.exists()


def test_rejects_taken_name(s3: Recorder, bucket: Bucket) -> None:
    s3.fail("CreateBucket", 409, "BucketAlreadyExists")
    with pytest.raises(PackagingError, match="is taken"):
        bucket.create()
    assert [operation for operation, _ in s3.writes()] == ["CreateBucket"]


def test_accepts_bucket_created_concurrently(s3: Recorder, bucket: Bucket) -> None:
    s3.fail("CreateBucket", 409, "BucketAlreadyOwnedByYou")
    bucket.create()
    assert [operation for operation, _ in s3.writes()] == ["CreateBucket"]


@pytest.mark.parametrize(
    ("region", "sent"),
    [("us-east-1", None), ("eu-west-1", {"LocationConstraint": "eu-west-1"})],
)
def test_creates_bucket_in_its_region(s3: Recorder, region: str, sent: dict[str, str] | None) -> None:
    asked: list[object] = []

    def note(params: dict[str, object], **_: object) -> None:
        asked.append(params.get("CreateBucketConfiguration"))

    s3.client.meta.events.register("before-parameter-build.s3.CreateBucket", note)
    Bucket(s3.client, Place("sagemaker-staging", region), ACCOUNT).create()
    assert asked == [sent]
