"""The rule lets exactly the uploads through whose key begins and ends as it was asked for."""

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
    """Whatever may be filled in for a parameter."""
    declared = TEMPLATE.parameters[parameter]
    pattern = re.compile(declared["AllowedPattern"], re.ASCII)
    return st.from_regex(pattern, fullmatch=True).filter(
        lambda value: encodable(value) and len(value) <= int(declared["MaxLength"])
    )


def encodable(text: str) -> bool:
    """Whether S3 could have it in a key: UTF-8 has no lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def pattern(prefix: str, suffix: str, bucket: str = DATA_BUCKET) -> dict[str, Any]:
    """The rule's pattern for an existing bucket."""
    filled = {"DataBucketName": bucket, "DataKeyPrefix": prefix, "DataKeySuffix": suffix}
    rule = TEMPLATE.resolve({**PRODUCT_PARAMETERS, **filled}).resources["UploadRule"]
    found: dict[str, Any] = rule.properties["EventPattern"]
    return found


def upload(key: str, bucket: str = DATA_BUCKET, **changes: Any) -> dict[str, Any]:
    """What S3 tells of an upload."""
    event = copy.deepcopy(PUT_OBJECT)
    event["detail"]["object"]["key"] = key
    event["detail"]["bucket"]["name"] = bucket
    return {**event, **changes}


def wanted(prefix: str, suffix: str, key: str) -> bool:
    """Prefix and suffix stand one after the other, without sharing a character."""
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
def test_a_key_needs_the_prefix_and_the_suffix(key: str, through: bool) -> None:
    assert matches(pattern("landing/", ".csv"), upload(key)) is through
    assert wanted("landing/", ".csv", key) is through


# The same examples each time, by no clock, and nothing is written.
@settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(prefix=legal("DataKeyPrefix"), suffix=legal("DataKeySuffix"), key=KEYS, within=KEYS)
@example(prefix="", suffix="", key="", within="")
@example(prefix="", suffix=".csv", key="a.csv", within="a")
@example(prefix="a/", suffix="", key="a/", within="b")
@example(prefix="aba", suffix="aba", key="ababa", within="")
@example(prefix="aba", suffix="ba", key="aba", within="*")
@example(prefix='"?[a]{b}$^.+', suffix="'|()", key='"?[a]{b}$^.+', within="\\")
@example(prefix="복/", suffix=".씨", key="복/", within="\u2028")
def test_any_legal_prefix_and_suffix_mean_what_they_say(
    prefix: str, suffix: str, key: str, within: str
) -> None:
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
        assert matches(rule, upload(each)) is wanted(prefix, suffix, each), each


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
def test_nothing_but_uploads_to_the_bucket_comes_through(event: dict[str, Any]) -> None:
    assert not matches(pattern("landing/", ".csv"), event)


def test_every_way_of_uploading_comes_through() -> None:
    for reason in ("PutObject", "POST Object", "CopyObject", "CompleteMultipartUpload"):
        event = upload("landing/a.csv")
        event["detail"]["reason"] = reason
        assert matches(pattern("landing/", ".csv"), event)


def test_the_projects_own_bucket_is_watched_if_none_is_given() -> None:
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
def test_the_judge_knows_eventbridges_wildcards(wildcard: str, text: str, through: bool) -> None:
    judged = {"detail": {"object": {"key": [{"wildcard": wildcard}]}}}
    assert matches(judged, upload(text)) is through


@pytest.mark.parametrize("refused", ["a**b", "a\\b", "a\\"])
def test_the_judge_refuses_what_eventbridge_refuses(refused: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        matches({"detail": {"object": {"key": [{"wildcard": refused}]}}}, upload("a"))


def test_the_judge_takes_members_of_a_list_as_alternatives() -> None:
    either = {"detail": {"object": {"key": [{"prefix": "landing/"}, {"suffix": ".csv"}]}}}
    assert matches(either, upload("elsewhere/a.csv"))
    assert matches(either, upload("landing/a.txt"))
