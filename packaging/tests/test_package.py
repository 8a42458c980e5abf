"""`make package` against a local S3: what is staged, in which order, and what is left alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import build
from doubles import Recorder
from staging.artifacts import collect
from staging.bucket import Bucket
from staging.errors import PackagingError
from staging.place import PORTFOLIO_KEY, PREFIX, PRODUCT_KEY, Place
from staging.stage import Staging
from staging.versions import Version

BUCKET = "sagemaker-staging"
ACCOUNT = "000000000000"
PLACE = Place(BUCKET, "us-east-1")


def staging(
    root: Path,
    s3: Recorder,
    *,
    dry_run: bool = False,
    say: Callable[[str], None] = print,
    arm64: bool = False,
) -> Staging:
    return Staging(
        root=root,
        place=PLACE,
        build=collect(root, ["x86_64", "arm64"] if arm64 else ["x86_64"]),
        bucket=Bucket(s3.client, PLACE, ACCOUNT),
        dry_run=dry_run,
        say=say,
        wait=lambda _: None,
    )


def package(root: Path, s3: Recorder, version: str = "", **options: Any) -> Version:
    return staging(root, s3, **options).run(version)


def content(s3: Recorder, key: str) -> str:
    return str(s3.client.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode())


def versions(s3: Recorder) -> list[str]:
    """Names of the staged versions, oldest first."""
    return re.findall(r"- Name: '(.*)'", content(s3, PORTFOLIO_KEY))


def stored(s3: Recorder) -> dict[str, str]:
    """Every object's key and ETag."""
    listed = s3.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {each["Key"]: each["ETag"] for each in listed}


def tags(s3: Recorder, key: str) -> dict[str, str]:
    answer = s3.client.get_object_tagging(Bucket=BUCKET, Key=key)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_everything_is_staged_and_the_templates_name_it(root: Path, s3: Recorder) -> None:
    build(root, native=True)
    version = package(root, s3, arm64=True)
    product = content(s3, PRODUCT_KEY)
    for parameter, sha256 in collect(root, ["x86_64", "arm64"]).parameters.items():
        assert re.search(rf"\n  {parameter}:\n(    .*\n)*    Default: '{sha256}'\n", product)
        assert any(sha256 in key for key in stored(s3))
    assert f"Default: '{BUCKET}'" in product
    assert f"Default: '{BUCKET}'" in content(s3, PORTFOLIO_KEY)
    assert version.url in content(s3, PORTFOLIO_KEY)
    assert content(s3, version.url.removeprefix(PLACE.url(""))) == product
    assert len(stored(s3)) == 9


def test_the_launch_role_may_read_all_and_studio_shows_one(root: Path, s3: Recorder) -> None:
    package(root, s3)
    visible = []
    for key in stored(s3):
        assert tags(s3, key)["servicecatalog:provisioning"] == "true"
        visible += [key] if tags(s3, key).get("sagemaker:studio-visibility") == "true" else []
    assert visible == [PRODUCT_KEY]


def test_a_new_bucket_is_private_encrypted_tls_only_and_versioned(root: Path, s3: Recorder) -> None:
    package(root, s3)
    client = s3.client
    block = client.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    [rule] = client.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert client.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    policy = client.get_bucket_policy(Bucket=BUCKET)["Policy"]
    assert '"aws:SecureTransport": "false"' in policy
    assert f"arn:aws:s3:::{BUCKET}/*" in policy


def test_a_bucket_that_is_there_is_used_as_it_is(root: Path, s3: Recorder) -> None:
    s3.client.create_bucket(Bucket=BUCKET)
    s3.client.put_object(Bucket=BUCKET, Key="another", Body=b"object")
    s3.calls.clear()
    package(root, s3)
    assert {operation for operation, _ in s3.writes()} == {"PutObject"}
    assert content(s3, "another") == "object"


def test_nothing_is_named_before_it_is_there(root: Path, s3: Recorder) -> None:
    package(root, s3)
    written = [key for operation, key in s3.writes() if operation == "PutObject"]
    assert written[-1] == PORTFOLIO_KEY
    assert written[-2] == PRODUCT_KEY
    assert written[-3].startswith(f"{PREFIX}project-s3-fs-ingestion/")
    assert all(
        key.endswith(".yaml") == (position >= len(written) - 3) for position, key in enumerate(written)
    )


def test_a_second_run_changes_nothing(root: Path, s3: Recorder) -> None:
    first = package(root, s3)
    before = stored(s3)
    s3.calls.clear()
    said: list[str] = []
    assert package(root, s3, say=said.append) == first
    assert s3.writes() == []
    assert stored(s3) == before
    assert all(line.startswith("unchanged") for line in said)


@pytest.mark.parametrize("state", ["no bucket", "empty bucket", "older version", "same version"])
def test_a_dry_run_says_what_would_be_done_and_changes_nothing(root: Path, s3: Recorder, state: str) -> None:
    if state == "empty bucket":
        s3.client.create_bucket(Bucket=BUCKET)
    if state.endswith("version"):
        package(root, s3)
    if state == "older version":
        build(root, b"two")
    s3.calls.clear()
    said: list[str] = []
    package(root, s3, dry_run=True, say=said.append)
    assert s3.writes() == []
    assert any("would make" in line for line in said) == (state == "no bucket")
    assert (
        sum("would upload" in line for line in said)
        == {
            "no bucket": 6,
            "empty bucket": 6,
            "older version": 3,
            "same version": 0,
        }[state]
    )
    assert sum("would replace" in line for line in said) == {"older version": 2}.get(state, 0)


def test_without_credentials_a_dry_run_shows_what_a_new_bucket_would_get(root: Path) -> None:
    said: list[str] = []
    without = Staging(root, PLACE, collect(root, ["x86_64"]), None, dry_run=True, say=said.append)
    without.run("")
    assert sum("would upload" in line for line in said) == 6


def test_old_versions_stay_with_their_templates_and_code(root: Path, s3: Recorder) -> None:
    first = package(root, s3, "1.0")
    before = stored(s3)
    build(root, b"two")
    second = package(root, s3)
    assert versions(s3) == ["1.0", second.name]
    for version in (first, second):
        assert version.url in content(s3, PORTFOLIO_KEY)
        assert version.url.removeprefix(PLACE.url("")) in stored(s3)
    assert set(before) < set(stored(s3))


def test_the_default_name_holds_the_projects_version_and_the_content(root: Path, s3: Recorder) -> None:
    version = package(root, s3)
    digest = version.url.rpartition("/")[2].removesuffix(".yaml")
    assert re.fullmatch(rf"\d+\.\d+\.\d+-{digest[:8]}", version.name)


def test_the_same_content_gives_no_new_version_whatever_it_is_called(root: Path, s3: Recorder) -> None:
    package(root, s3, "1.0")
    assert package(root, s3, "2.0").name == "1.0"
    assert package(root, s3).name == "1.0"
    assert versions(s3) == ["1.0"]


def test_a_name_is_never_given_to_other_content(root: Path, s3: Recorder) -> None:
    package(root, s3, "1.0")
    before = stored(s3)
    build(root, b"two")
    with pytest.raises(PackagingError, match=r"`1\.0` is staged already, with other content") as refused:
        package(root, s3, "1.0")
    assert "VERSION" in refused.value.hint
    assert stored(s3) == before


def test_going_back_to_former_content_brings_back_its_version(root: Path, s3: Recorder) -> None:
    first = package(root, s3)
    build(root, b"two")
    second = package(root, s3)
    build(root)
    assert package(root, s3) == first
    assert versions(s3) == [first.name, second.name]


@pytest.mark.parametrize("name", ["-1", "1 0", "1/0", "버전", "v" * 65, "1\n", "'", "1.0'\n  x: y"])
def test_a_name_that_nobody_could_type_is_refused_before_anything_is_done(
    root: Path, s3: Recorder, name: str
) -> None:
    with pytest.raises(PackagingError, match="cannot be a version's name"):
        package(root, s3, name)
    assert s3.calls == []


@pytest.mark.parametrize("operation", ["PutObject", "HeadObject", "GetObject", "GetObjectTagging"])
def test_an_interrupted_run_is_completed_by_the_next(root: Path, s3: Recorder, operation: str) -> None:
    package(root, s3)
    build(root, b"two")
    s3.fail(operation, 403, "AccessDenied")
    with pytest.raises(Exception, match=r"AccessDenied|403"):
        package(root, s3)
    assert len(versions(s3)) == 1
    package(root, s3)
    assert len(versions(s3)) == 2


def test_a_bucket_that_cannot_be_secured_is_removed_again(root: Path, s3: Recorder) -> None:
    s3.fail("PutBucketPolicy", 403, "AccessDenied")
    with pytest.raises(Exception, match="AccessDenied"):
        package(root, s3)
    assert s3.client.list_buckets()["Buckets"] == []
    package(root, s3)
    assert s3.client.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


def test_what_is_under_a_hash_but_is_not_its_content_is_replaced(root: Path, s3: Recorder) -> None:
    package(root, s3)
    artifact = collect(root, ["x86_64"]).artifacts[0]
    s3.client.put_object(Bucket=BUCKET, Key=artifact.key, Body=b"something else")
    said: list[str] = []
    package(root, s3, say=said.append)
    assert s3.client.get_object(Bucket=BUCKET, Key=artifact.key)["Body"].read() == artifact.body
    assert [line for line in said if line.startswith("replaced")]


def test_a_missing_tag_is_added_and_others_stay(root: Path, s3: Recorder) -> None:
    package(root, s3)
    mine = {"TagSet": [{"Key": "team", "Value": "ours"}]}
    s3.client.put_object_tagging(Bucket=BUCKET, Key=PRODUCT_KEY, Tagging=mine)
    s3.calls.clear()
    package(root, s3)
    assert [operation for operation, _ in s3.writes()] == ["PutObjectTagging"]
    expected = {"team": "ours", "servicecatalog:provisioning": "true", "sagemaker:studio-visibility": "true"}
    assert tags(s3, PRODUCT_KEY) == expected


@pytest.mark.parametrize("first_ever", [True, False])
def test_two_packagers_at_once_lose_no_version(
    root: Path, s3: Recorder, running_aws: Any, first_ever: bool
) -> None:
    if not first_ever:
        package(root, s3, "1.0")
    build(root, b"ours")
    ours = staging(root, s3)
    build(root, b"theirs")
    theirs = staging(root, Recorder(running_aws.client("s3")))
    s3.before("PutObject", PORTFOLIO_KEY, lambda: theirs.run("theirs"))
    assert ours.run("ours").name == "ours"
    assert versions(s3) == [*([] if first_ever else ["1.0"]), "theirs", "ours"]


def test_two_packagers_with_one_name_for_two_contents_do_not_both_get_it(
    root: Path, s3: Recorder, running_aws: Any
) -> None:
    build(root, b"ours")
    ours = staging(root, s3)
    build(root, b"theirs")
    theirs = staging(root, Recorder(running_aws.client("s3")))
    s3.before("PutObject", PORTFOLIO_KEY, lambda: theirs.run("1.0"))
    with pytest.raises(PackagingError, match="staged already, with other content"):
        ours.run("1.0")
    assert versions(s3) == ["1.0"]


def test_another_write_of_the_portfolio_that_is_going_on_is_waited_for(root: Path, s3: Recorder) -> None:
    package(root, s3, "1.0")
    build(root, b"two")
    ours = staging(root, s3)
    s3.before("PutObject", PORTFOLIO_KEY, lambda: s3.fail("PutObject", 409, "ConditionalRequestConflict"))
    assert ours.run("2.0").name == "2.0"
    assert versions(s3) == ["1.0", "2.0"]


def test_a_portfolio_that_never_stands_still_ends_with_an_error(root: Path, s3: Recorder) -> None:
    package(root, s3, "1.0")
    build(root, b"two")
    ours = staging(root, s3)

    def fail_always() -> None:
        for _ in range(20):
            s3.fail("PutObject", 412, "PreconditionFailed")

    s3.before("PutObject", PORTFOLIO_KEY, fail_always)
    with pytest.raises(PackagingError, match="changed by others 10 times"):
        ours.run("2.0")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Resources:", "Resources: [", "not YAML"),
        ("FeatureIngestionProduct:", "AnotherProduct:", "not a list"),
        ("- Name: '1.0'", "- Name: 1.0", "is not a text"),
        ("- Name: '1.0'", "- Name: !Ref ProductVersion", "is not a text"),
        ("LoadTemplateFromURL", "TemplatePhysicalId", "is not a text"),
        (f"https://{BUCKET}.s3", "https://another-bucket.s3", "is of another bucket"),
        ("AWSTemplateFormatVersion", "# " + "x" * 1_100_000 + "\nAWSTemplateFormatVersion", "bytes"),
        ("AWSTemplateFormatVersion", "\xff\x00AWSTemplateFormatVersion", "not YAML"),
    ],
)
def test_a_staged_portfolio_that_was_changed_by_hand_is_not_built_on(
    root: Path, s3: Recorder, old: str, new: str, told: str
) -> None:
    package(root, s3, "1.0")
    changed = content(s3, PORTFOLIO_KEY).replace(old, new)
    assert new in changed
    s3.client.put_object(Bucket=BUCKET, Key=PORTFOLIO_KEY, Body=changed.encode())
    before = stored(s3)
    build(root, b"two")
    with pytest.raises(PackagingError, match=told) as refused:
        package(root, s3)
    assert "is not as `make package` left it" in str(refused.value)
    assert "list-object-versions" in refused.value.hint
    assert stored(s3) == before


def test_a_version_whose_template_is_gone_is_named(root: Path, s3: Recorder) -> None:
    version = package(root, s3, "1.0")
    s3.client.delete_object(Bucket=BUCKET, Key=version.url.removeprefix(PLACE.url("")))
    build(root, b"two")
    with pytest.raises(PackagingError, match=r"template of version `1\.0` is not there"):
        package(root, s3)


def test_a_rule_of_the_repositorys_templates_that_is_missing_is_named(root: Path, s3: Recorder) -> None:
    path = root / "cfn-templates/project-s3-fs-ingestion.yaml"
    path.write_text(path.read_text().replace("  Architecture:\n    Type", "  Processor:\n    Type"))
    with pytest.raises(PackagingError, match="Architecture") as refused:
        package(root, s3)
    assert str(path) in str(refused.value)
    assert s3.writes() == []
