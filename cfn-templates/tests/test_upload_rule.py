"""The rule matches exactly the uploads whose key has the prefix and the suffix."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from configurations import DATA_BUCKET, PRODUCT, PRODUCT_PARAMETERS
from matching import matches
from resolve import Template

TEMPLATE = Template.load(PRODUCT)
EVENTS = Path(__file__).parents[2] / "events"
PUT_OBJECT: dict[str, Any] = json.loads((EVENTS / "put-object.json").read_text("utf-8"))


def legal(parameter: str) -> st.SearchStrategy[str]:
    """Return a strategy for a parameter's valid values."""
    declared = TEMPLATE.parameters[parameter]
    pattern = re.compile(declared["AllowedPattern"], re.ASCII)
    return st.from_regex(pattern, fullmatch=True).filter(
        lambda value: encodable(value) and len(value) <= int(declared["MaxLength"])
    )


def encodable(text: str) -> bool:
    """Return whether an S3 key can contain the text: UTF-8 has no lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def pattern(prefix: str, suffix: str, bucket: str = DATA_BUCKET) -> dict[str, Any]:
    """Return the rule's pattern for an existing bucket."""
    filled = {"DataBucketName": bucket, "DataKeyPrefix": prefix, "DataKeySuffix": suffix}
    rule = TEMPLATE.resolve({**PRODUCT_PARAMETERS, **filled}).resources["UploadRule"]
    found: dict[str, Any] = rule.properties["EventPattern"]
    return found


def upload(key: str, bucket: str = DATA_BUCKET, **changes: Any) -> dict[str, Any]:
    """Return S3's event of an upload."""
    event = copy.deepcopy(PUT_OBJECT)
    event["detail"]["object"]["key"] = key
    event["detail"]["bucket"]["name"] = bucket
    return {**event, **changes}


def has_prefix_and_suffix(prefix: str, suffix: str, key: str) -> bool:
    """Return whether the key has the prefix and the suffix without overlap."""
    return key.startswith(prefix) and key.endswith(suffix) and len(key) >= len(prefix) + len(suffix)


@pytest.mark.parametrize(
    ("key", "through"),
    [
        ("landing/a.csv", True),
        ("landing/.csv", True),
        ("landing/deep/er/a.csv", True),
        ("landing/a.csv.csv", True),
        ("landing/landing/a.csv", True),
        ("landing/a+b c%20d.csv", True),
        ("landing/a*b?[c]{d}.csv", True),
        ("landing/back\\slash.csv", True),
        ('landing/"quoted".csv', True),
        ("landing/new\nline.csv", True),
        ("landing/a.csv\n", False),
        ("landing/전복 데이터.csv", True),
        ("landing/🐚.csv", True),
        ("landing/a.txt", False),
        ("landing/", False),
        ("landing", False),
        (".csv", False),
        ("a.csv", False),
        ("elsewhere/a.csv", False),
        ("elsewhere/landing/a.csv", False),
        ("Landing/a.csv", False),
        ("landing/a.CSV", False),
        ("landing/a.csv.bak", False),
        ("landing/a.csv/", False),
        ("/landing/a.csv", False),
        ("", False),
    ],
)
def test_key_needs_prefix_and_suffix(key: str, through: bool) -> None:
    assert matches(pattern("landing/", ".csv"), upload(key)) is through
    assert has_prefix_and_suffix("landing/", ".csv", key) is through


# Deterministic: the same examples each time, no deadline, no database.
@settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(prefix=legal("DataKeyPrefix"), suffix=legal("DataKeySuffix"), key=KEYS, within=KEYS)
@example(prefix="", suffix="", key="", within="")
@example(prefix="", suffix=".csv", key="a.csv", within="a")
@example(prefix="a/", suffix="", key="a/", within="b")
@example(prefix="aba", suffix="aba", key="ababa", within="")
@example(prefix="aba", suffix="ba", key="aba", within="*")
@example(prefix='"?[a]{b}$^.+', suffix="'|()", key='"?[a]{b}$^.+', within="\\")
@example(prefix="복/", suffix=".씨", key="복/", within="\u2028")
def test_valid_prefixes_and_suffixes_match_literally(prefix: str, suffix: str, key: str, within: str) -> None:
    rule = pattern(prefix, suffix)
    for each in (
        key,
        prefix + within,
        within + suffix,
        prefix + within + suffix,
        prefix,
        suffix,
        prefix + suffix,
    ):
        assert matches(rule, upload(each)) is has_prefix_and_suffix(prefix, suffix, each), each


@pytest.mark.parametrize(
    "event",
    [
        upload("landing/a.csv", bucket="another-bucket"),
        upload("landing/a.csv", bucket=f"{DATA_BUCKET}-2"),
        upload("landing/a.csv", bucket=DATA_BUCKET.upper()),
        upload("landing/a.csv", source="my.s3"),
        upload("landing/a.csv", **{"detail-type": "Object Deleted"}),
        upload("landing/a.csv", **{"detail-type": "AWS API Call via CloudTrail"}),
    ],
    ids=["bucket", "longer-bucket", "case-of-bucket", "source", "deletion", "cloudtrail"],
)
def test_rejects_other_events_and_buckets(event: dict[str, Any]) -> None:
    assert not matches(pattern("landing/", ".csv"), event)


def test_matches_every_way_of_uploading() -> None:
    for reason in ("PutObject", "POST Object", "CopyObject", "CompleteMultipartUpload"):
        event = upload("landing/a.csv")
        event["detail"]["reason"] = reason
        assert matches(pattern("landing/", ".csv"), event)


def test_watches_the_created_bucket_by_default() -> None:
    stack = TEMPLATE.resolve(PRODUCT_PARAMETERS)
    bucket = stack.physical_name("DataBucket")
    rule = stack.resources["UploadRule"].properties["EventPattern"]
    assert matches(rule, upload("landing/a.csv", bucket=bucket))
    assert not matches(rule, upload("landing/a.csv"))


# From "Comparison operators for use in event patterns" in the EventBridge User Guide.
@pytest.mark.parametrize(
    ("wildcard", "text", "through"),
    [
        ("dir/*.png", "dir/image.png", True),
        ("dir/*.png", "dir/.png", True),
        ("dir/*.png", "dir/sub/image.png", True),
        ("dir/*.png", "dir/image.jpg", False),
        ("*", "", True),
        ("*", "anything", True),
        ("a?c", "abc", False),
        ("a?c", "a?c", True),
        ("[ab]", "a", False),
        ("hello\\*world", "hello*world", True),
        ("hello\\*world", "hello, world", False),
        ("a\\\\b", "a\\b", True),
    ],
)
def test_matcher_supports_eventbridge_wildcards(wildcard: str, text: str, through: bool) -> None:
    judged = {"detail": {"object": {"key": [{"wildcard": wildcard}]}}}
    assert matches(judged, upload(text)) is through


@pytest.mark.parametrize("refused", ["a**b", "a\\b", "a\\"])
def test_matcher_rejects_what_eventbridge_rejects(refused: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        matches({"detail": {"object": {"key": [{"wildcard": refused}]}}}, upload("a"))


def test_matcher_treats_list_members_as_alternatives() -> None:
    either = {"detail": {"object": {"key": [{"prefix": "landing/"}, {"suffix": ".csv"}]}}}
    assert matches(either, upload("elsewhere/a.csv"))
    assert matches(either, upload("landing/a.txt"))
