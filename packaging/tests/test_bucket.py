"""Buckets that cannot be staged in: of others, elsewhere, or whose name is taken."""

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


def test_every_request_names_the_owner_that_the_bucket_must_have(s3: Recorder, bucket: Bucket) -> None:
    owners: list[object] = []

    def note(params: dict[str, object], model: object, **_: object) -> None:
        if getattr(model, "name", "") != "CreateBucket":  # which has no owner yet
            owners.append(params.get("ExpectedBucketOwner"))

    s3.client.meta.events.register("before-parameter-build.s3", note)
    bucket.create()
    bucket.exists()
    bucket.read("key")
    bucket.holds("key")
    assert len(owners) == 8
    assert set(owners) == {ACCOUNT}


def test_a_bucket_of_another_account_is_refused(s3: Recorder, bucket: Bucket) -> None:
    s3.fail("HeadBucket", 403)
    with pytest.raises(PackagingError, match=f"another account than {ACCOUNT}") as refused:
        bucket.exists()
    assert "S3_BUCKET_NAME" in refused.value.hint


@pytest.mark.parametrize("status", [301, 400])
def test_a_bucket_of_another_region_is_refused(s3: Recorder, bucket: Bucket, status: int) -> None:
    for _ in range(3):  # the SDK looks where it is
        s3.fail("HeadBucket", status, x_amz_bucket_region="eu-west-1")
    with pytest.raises(PackagingError, match="is in eu-west-1, and this is us-east-1") as refused:
        bucket.exists()
    assert "AWS_REGION=eu-west-1" in refused.value.hint


def test_a_bucket_of_another_region_that_the_sdk_found_is_refused(s3: Recorder, bucket: Bucket) -> None:
    s3.fail("HeadBucket", 200, x_amz_bucket_region="eu-west-1")
    with pytest.raises(PackagingError, match="is in eu-west-1"):
        bucket.exists()


def test_a_name_that_somebody_else_has_taken_is_refused(s3: Recorder, bucket: Bucket) -> None:
    s3.fail("CreateBucket", 409, "BucketAlreadyExists")
    with pytest.raises(PackagingError, match="is taken"):
        bucket.create()
    assert [operation for operation, _ in s3.writes()] == ["CreateBucket"]


def test_a_bucket_that_another_packager_makes_at_the_same_time_is_left_to_it(
    s3: Recorder, bucket: Bucket
) -> None:
    s3.fail("CreateBucket", 409, "BucketAlreadyOwnedByYou")
    bucket.create()
    assert [operation for operation, _ in s3.writes()] == ["CreateBucket"]


@pytest.mark.parametrize(
    ("region", "sent"),
    [("us-east-1", None), ("eu-west-1", {"LocationConstraint": "eu-west-1"})],
)
def test_a_bucket_is_made_in_the_region_where_it_is_used(
    s3: Recorder, region: str, sent: dict[str, str] | None
) -> None:
    asked: list[object] = []

    def note(params: dict[str, object], **_: object) -> None:
        asked.append(params.get("CreateBucketConfiguration"))

    s3.client.meta.events.register("before-parameter-build.s3.CreateBucket", note)
    Bucket(s3.client, Place("sagemaker-staging", region), ACCOUNT).create()
    assert asked == [sent]
