"""Bucket names, and URLs in each partition."""

from __future__ import annotations

import pytest

from staging.errors import PackagingError
from staging.place import PORTFOLIO_KEY, PORTFOLIO_STACK, Place


@pytest.mark.parametrize("name", ["abc", "a" * 63, "sagemaker-eu-west-1-123456789012", "0-0"])
def test_accepts_valid_bucket_name(name: str) -> None:
    assert Place(name, "us-east-1").bucket == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 64,
        "a" * 100_000,
        "My-Bucket",
        "my_bucket",
        "-bucket",
        "bucket-",
        "my.bucket",
        "192.168.5.4",
        "xn--bucket",
        "sthree-bucket",
        "amzn-s3-demo-bucket",
        "bucket-s3alias",
        "bucket--ol-s3",
        "bucket--x-s3",
        "s3://bucket",
        "버킷",
        "bucket\n",
        "$(id)",
    ],
)
def test_rejects_invalid_bucket_name_with_hint(name: str) -> None:
    with pytest.raises(PackagingError) as refused:
        Place(name, "us-east-1")
    assert refused.value.hint
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("region", ["", "eu", "EU-WEST-1", "eu west 1", "eu-west-1/", "https://eu-west-1"])
def test_rejects_invalid_region(region: str) -> None:
    with pytest.raises(PackagingError, match="not an AWS region"):
        Place("bucket", region)


@pytest.mark.parametrize(
    ("region", "host", "console"),
    [
        ("us-east-1", "bucket.s3.us-east-1.amazonaws.com", "console.aws.amazon.com"),
        ("cn-north-1", "bucket.s3.cn-north-1.amazonaws.com.cn", "console.amazonaws.cn"),
        ("us-gov-west-1", "bucket.s3.us-gov-west-1.amazonaws.com", "console.amazonaws-us-gov.com"),
    ],
)
def test_urls_have_the_partitions_suffix(region: str, host: str, console: str) -> None:
    place = Place("bucket", region)
    assert place.url(PORTFOLIO_KEY) == f"https://{host}/{PORTFOLIO_KEY}"
    link = place.console_link(PORTFOLIO_KEY, PORTFOLIO_STACK)
    assert link is not None
    assert link.startswith(f"https://{console}/cloudformation/home?region={region}#")
    assert link.endswith("&stackName=sm-project-sc-portfolio")


def test_no_console_link_in_unknown_partition() -> None:
    assert Place("bucket", "us-iso-east-1").console_link(PORTFOLIO_KEY, PORTFOLIO_STACK) is None
