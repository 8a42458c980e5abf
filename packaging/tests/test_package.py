"""`make package` against a local S3: staged objects, their order, and concurrent runs."""

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
    """The names of the staged versions, oldest first."""
    return re.findall(r"- Name: '(.*)'", content(s3, PORTFOLIO_KEY))


def stored(s3: Recorder) -> dict[str, str]:
    """Every object's key and ETag."""
    listed = s3.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {each["Key"]: each["ETag"] for each in listed}


def tags(s3: Recorder, key: str) -> dict[str, str]:
    answer = s3.client.get_object_tagging(Bucket=BUCKET, Key=key)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_stages_everything_and_names_it_in_the_templates(root: Path, s3: Recorder) -> None:
    build(root, engines=True)
    version = package(root, s3, arm64=True)
    product = content(s3, PRODUCT_KEY)
    for parameter, sha256 in collect(root, ["x86_64", "arm64"]).parameters.items():
        assert re.search(rf"\n  {parameter}:\n(    .*\n)*    Default: '{sha256}'\n", product)
        assert any(sha256 in key for key in stored(s3))
    assert f"Default: '{BUCKET}'" in product
    assert f"Default: '{BUCKET}'" in content(s3, PORTFOLIO_KEY)
    assert version.url in content(s3, PORTFOLIO_KEY)
    assert content(s3, version.url.removeprefix(PLACE.url(""))) == product
    assert len(stored(s3)) == 10


def test_tags_all_for_the_launch_role_and_one_for_studio(root: Path, s3: Recorder) -> None:
    package(root, s3)
    visible = []
    for key in stored(s3):
        assert tags(s3, key)["servicecatalog:provisioning"] == "true"
        visible += [key] if tags(s3, key).get("sagemaker:studio-visibility") == "true" else []
    assert visible == [PRODUCT_KEY]


def test_new_bucket_is_private_encrypted_tls_only_and_versioned(root: Path, s3: Recorder) -> None:
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


def test_leaves_settings_of_existing_bucket(root: Path, s3: Recorder) -> None:
    s3.client.create_bucket(Bucket=BUCKET)
    s3.client.put_object(Bucket=BUCKET, Key="another", Body=b"object")
    s3.calls.clear()
    package(root, s3)
    assert {operation for operation, _ in s3.writes()} == {"PutObject"}
    assert content(s3, "another") == "object"


def test_stages_objects_before_templates_that_name_them(root: Path, s3: Recorder) -> None:
    package(root, s3)
    written = [key for operation, key in s3.writes() if operation == "PutObject"]
    assert written[-1] == PORTFOLIO_KEY
    assert written[-2] == PRODUCT_KEY
    assert written[-3].startswith(f"{PREFIX}project-s3-fs-ingestion/")
    assert all(
        key.endswith(".yaml") == (position >= len(written) - 3) for position, key in enumerate(written)
    )


def test_second_run_changes_nothing(root: Path, s3: Recorder) -> None:
    first = package(root, s3)
    before = stored(s3)
    s3.calls.clear()
    said: list[str] = []
    assert package(root, s3, say=said.append) == first
    assert s3.writes() == []
    assert stored(s3) == before
    assert all(line.startswith("unchanged") for line in said)


@pytest.mark.parametrize("state", ["no bucket", "empty bucket", "older version", "same version"])
def test_dry_run_prints_changes_and_makes_none(root: Path, s3: Recorder, state: str) -> None:
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
    assert any("would create" in line for line in said) == (state == "no bucket")
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


def test_dry_run_without_credentials_assumes_new_bucket(root: Path) -> None:
    said: list[str] = []
    without = Staging(root, PLACE, collect(root, ["x86_64"]), None, dry_run=True, say=said.append)
    without.run("")
    assert sum("would upload" in line for line in said) == 6


def test_keeps_old_versions_with_templates_and_code(root: Path, s3: Recorder) -> None:
    first = package(root, s3, "1.0")
    before = stored(s3)
    build(root, b"two")
    second = package(root, s3)
    assert versions(s3) == ["1.0", second.name]
    for version in (first, second):
        assert version.url in content(s3, PORTFOLIO_KEY)
        assert version.url.removeprefix(PLACE.url("")) in stored(s3)
    assert set(before) < set(stored(s3))


def test_default_name_contains_project_version_and_hash(root: Path, s3: Recorder) -> None:
    version = package(root, s3)
    digest = version.url.rpartition("/")[2].removesuffix(".yaml")
    assert re.fullmatch(rf"\d+\.\d+\.\d+-{digest[:8]}", version.name)


def test_same_content_keeps_its_version(root: Path, s3: Recorder) -> None:
    package(root, s3, "1.0")
    assert package(root, s3, "2.0").name == "1.0"
    assert package(root, s3).name == "1.0"
    assert versions(s3) == ["1.0"]


def test_rejects_version_name_of_other_content(root: Path, s3: Recorder) -> None:
    package(root, s3, "1.0")
    before = stored(s3)
    build(root, b"two")
    with pytest.raises(PackagingError, match=r"`1\.0` is already staged with different content") as refused:
        package(root, s3, "1.0")
    assert "VERSION" in refused.value.hint
    assert stored(s3) == before


def test_former_content_returns_to_its_version(root: Path, s3: Recorder) -> None:
    first = package(root, s3)
    build(root, b"two")
    second = package(root, s3)
    build(root)
    assert package(root, s3) == first
    assert versions(s3) == [first.name, second.name]


@pytest.mark.parametrize("name", ["-1", "1 0", "1/0", "버전", "v" * 65, "1\n", "'", "1.0'\n  x: y"])
def test_rejects_invalid_version_name_before_any_call(root: Path, s3: Recorder, name: str) -> None:
    with pytest.raises(PackagingError, match="is not a valid version name"):
        package(root, s3, name)
    assert s3.calls == []


@pytest.mark.parametrize("operation", ["PutObject", "HeadObject", "GetObject", "GetObjectTagging"])
def test_next_run_completes_interrupted_run(root: Path, s3: Recorder, operation: str) -> None:
    package(root, s3)
    build(root, b"two")
    s3.fail(operation, 403, "AccessDenied")
    with pytest.raises(Exception, match=r"AccessDenied|403"):
        package(root, s3)
    assert len(versions(s3)) == 1
    package(root, s3)
    assert len(versions(s3)) == 2


def test_deletes_new_bucket_that_cannot_be_secured(root: Path, s3: Recorder) -> None:
    s3.fail("PutBucketPolicy", 403, "AccessDenied")
    with pytest.raises(Exception, match="AccessDenied"):
        package(root, s3)
    assert s3.client.list_buckets()["Buckets"] == []
    package(root, s3)
    assert s3.client.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


def test_replaces_object_whose_content_does_not_match_its_hash(root: Path, s3: Recorder) -> None:
    package(root, s3)
    artifact = collect(root, ["x86_64"]).artifacts[0]
    s3.client.put_object(Bucket=BUCKET, Key=artifact.key, Body=b"something else")
    said: list[str] = []
    package(root, s3, say=said.append)
    assert s3.client.get_object(Bucket=BUCKET, Key=artifact.key)["Body"].read() == artifact.body
    assert [line for line in said if line.startswith("replaced")]


def test_adds_missing_tags_and_keeps_others(root: Path, s3: Recorder) -> None:
    package(root, s3)
    mine = {"TagSet": [{"Key": "team", "Value": "ours"}]}
    s3.client.put_object_tagging(Bucket=BUCKET, Key=PRODUCT_KEY, Tagging=mine)
    s3.calls.clear()
    package(root, s3)
    assert [operation for operation, _ in s3.writes()] == ["PutObjectTagging"]
    expected = {"team": "ours", "servicecatalog:provisioning": "true", "sagemaker:studio-visibility": "true"}
    assert tags(s3, PRODUCT_KEY) == expected


@pytest.mark.parametrize("first_ever", [True, False])
def test_concurrent_runs_lose_no_version(
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


def test_concurrent_runs_cannot_share_a_version_name(root: Path, s3: Recorder, running_aws: Any) -> None:
    build(root, b"ours")
    ours = staging(root, s3)
    build(root, b"theirs")
    theirs = staging(root, Recorder(running_aws.client("s3")))
    s3.before("PutObject", PORTFOLIO_KEY, lambda: theirs.run("1.0"))
    with pytest.raises(PackagingError, match="already staged with different content"):
        ours.run("1.0")
    assert versions(s3) == ["1.0"]


def test_retries_after_concurrent_portfolio_write(root: Path, s3: Recorder) -> None:
    package(root, s3, "1.0")
    build(root, b"two")
    ours = staging(root, s3)
    s3.before("PutObject", PORTFOLIO_KEY, lambda: s3.fail("PutObject", 409, "ConditionalRequestConflict"))
    assert ours.run("2.0").name == "2.0"
    assert versions(s3) == ["1.0", "2.0"]


def test_endless_portfolio_changes_are_an_error(root: Path, s3: Recorder) -> None:
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
    ("old", "new", "expected"),
    [
        ("Resources:", "Resources: [", "not YAML"),
        ("FeatureIngestionProduct:", "AnotherProduct:", "not a list"),
        ("- Name: '1.0'", "- Name: 1.0", "is not a text"),
        ("- Name: '1.0'", "- Name: !Ref ProductVersion", "is not a text"),
        ("LoadTemplateFromURL", "TemplatePhysicalId", "is not a text"),
        (f"https://{BUCKET}.s3", "https://another-bucket.s3", "is in another bucket"),
        ("AWSTemplateFormatVersion", "# " + "x" * 1_100_000 + "\nAWSTemplateFormatVersion", "bytes"),
        ("AWSTemplateFormatVersion", "\xff\x00AWSTemplateFormatVersion", "not YAML"),
    ],
)
def test_rejects_manually_changed_portfolio(
    root: Path, s3: Recorder, old: str, new: str, expected: str
) -> None:
    package(root, s3, "1.0")
    changed = content(s3, PORTFOLIO_KEY).replace(old, new)
    assert new in changed
    s3.client.put_object(Bucket=BUCKET, Key=PORTFOLIO_KEY, Body=changed.encode())
    before = stored(s3)
    build(root, b"two")
    with pytest.raises(PackagingError, match=expected) as refused:
        package(root, s3)
    assert "is not a valid template from `make package`" in str(refused.value)
    assert "list-object-versions" in refused.value.hint
    assert stored(s3) == before


def test_reports_version_with_missing_template(root: Path, s3: Recorder) -> None:
    version = package(root, s3, "1.0")
    s3.client.delete_object(Bucket=BUCKET, Key=version.url.removeprefix(PLACE.url("")))
    build(root, b"two")
    with pytest.raises(PackagingError, match=r"template of version `1\.0` does not exist"):
        package(root, s3)


def test_reports_missing_parameter_in_template(root: Path, s3: Recorder) -> None:
    path = root / "cfn-templates/project-s3-fs-ingestion.yaml"
    path.write_text(path.read_text().replace("  Architecture:\n    Type", "  Processor:\n    Type"))
    with pytest.raises(PackagingError, match="Architecture") as refused:
        package(root, s3)
    assert str(path) in str(refused.value)
    assert s3.writes() == []
