"""The built files become objects whose keys contain their hash."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest

from conftest import build, elf
from staging.artifacts import PROVISIONING, Artifact, Build, collect
from staging.errors import PackagingError

PREFIX = "amazon-sagemaker-reusable-components/"


def keys(built: Build) -> list[str]:
    return [artifact.key for artifact in built.artifacts]


def seed(built: Build) -> Artifact:
    return next(artifact for artifact in built.artifacts if "seed-code" in artifact.key)


def test_keys_contain_sha256_and_tags_allow_the_launch_role(root: Path) -> None:
    build(root, engines=True)
    built = collect(root, ["x86_64", "arm64"])
    assert len(built.artifacts) == 7
    for artifact in built.artifacts:
        assert hashlib.sha256(artifact.body).hexdigest() in artifact.key
        assert artifact.key.startswith(PREFIX)
        assert artifact.tags == PROVISIONING
    assert set(built.parameters.values()) == {artifact.sha256 for artifact in built.artifacts}


def test_keys_match_the_product_template(root: Path) -> None:
    build(root, engines=True)
    built = collect(root, ["x86_64", "arm64"])
    sha = built.parameters
    assert set(keys(built)) == {
        f"{PREFIX}start-pipeline/{sha['StartPipelineX8664Sha256']}.zip",
        f"{PREFIX}start-pipeline/{sha['StartPipelineArm64Sha256']}.zip",
        f"{PREFIX}ingestion-pipeline/{sha['IngestionPipelineX8664Sha256']}",
        f"{PREFIX}ingestion-pipeline/{sha['IngestionPipelineArm64Sha256']}",
        f"{PREFIX}ingest-features/{sha['IngestFeaturesX8664Sha256']}/ingest-features",
        f"{PREFIX}spark-engine/{sha['SparkEngineSha256']}/spark-engine.zip",
        f"{PREFIX}seed-code/s3-fs-ingestion-{sha['SeedCodeSha256']}.zip",
    }
    template = (root / "cfn-templates/project-s3-fs-ingestion.yaml").read_text()
    for pattern in (
        "start-pipeline/${StartPipelineX8664Sha256}.zip",
        "start-pipeline/${StartPipelineArm64Sha256}.zip",
        "ingestion-pipeline/${IngestionPipelineX8664Sha256}",
        "ingestion-pipeline/${IngestionPipelineArm64Sha256}",
        "ingest-features/${IngestFeaturesX8664Sha256}/ingest-features",
        "spark-engine/${SparkEngineSha256}/spark-engine.zip",
        "seed-code/s3-fs-ingestion-${SeedCodeSha256}.zip",
    ):
        assert "${StagingPrefix}" + pattern in template


def test_ignores_old_build_of_another_architecture(root: Path) -> None:
    built = collect(root, ["x86_64"])
    assert built.architectures == ["x86_64"]
    assert built.parameters["StartPipelineArm64Sha256"] == ""
    assert built.parameters["IngestFeaturesX8664Sha256"] == ""
    assert len(built.artifacts) == 3


def test_arm64_alone_has_neither_native_nor_spark_engine(root: Path) -> None:
    build(root, engines=True)
    built = collect(root, ["arm64"])
    assert built.parameters["StartPipelineX8664Sha256"] == ""
    assert not built.has_native_engine
    assert not built.has_spark_engine
    assert len(built.artifacts) == 3


def test_keys_do_not_depend_on_build_time(root: Path) -> None:
    before = keys(collect(root, ["x86_64"]))
    build(root)
    for path in root.rglob("*"):
        os.utime(path, (1, 1_000_000_000))
    assert keys(collect(root, ["x86_64"])) == before
    build(root, b"two")
    assert keys(collect(root, ["x86_64"])) != before


def test_bootstrap_is_executable(root: Path) -> None:
    package = collect(root, ["x86_64"]).artifacts[0]
    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        [entry] = archive.infolist()
    assert entry.filename == "bootstrap"
    assert entry.external_attr >> 16 == 0o100755


def test_seed_code_keeps_names_and_modes_without_junk(root: Path) -> None:
    folder = root / "project-seed-code/s3-fs-ingestion"
    before = seed(collect(root, ["x86_64"]))
    for junk in (".DS_Store", "pipeline.yaml~", "__pycache__/x.pyc"):
        (folder / junk).parent.mkdir(exist_ok=True)
        (folder / junk).write_bytes(b"junk")
    assert seed(collect(root, ["x86_64"])).key == before.key
    (folder / "자료").mkdir()
    (folder / "자료/run me.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "자료/run me.sh").chmod(0o755)
    with zipfile.ZipFile(io.BytesIO(seed(collect(root, ["x86_64"])).body)) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes["자료/run me.sh"] == 0o100755
    assert modes["buildspec.yml"] == modes["pipeline.yaml"] == modes["README.md"] == 0o100644
    assert list(modes) == sorted(modes)


def test_rejects_symbolic_link_in_seed_code(root: Path) -> None:
    (root / "project-seed-code/s3-fs-ingestion/link").symlink_to("/etc/passwd")
    with pytest.raises(PackagingError, match="link"):
        collect(root, ["x86_64"])


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("start-pipeline/bootstrap.zip", None),
        ("start-pipeline/bootstrap.zip", b"not a zip"),
        ("start-pipeline/bootstrap.zip", b""),
        ("ingestion-pipeline/ingestion-pipeline", None),
        ("ingestion-pipeline/ingestion-pipeline", b""),
        ("ingestion-pipeline/ingestion-pipeline", b"#!/bin/sh\n"),
        ("ingestion-pipeline/ingestion-pipeline", elf(183, b"of the other architecture")),
        ("ingest-features/ingest-features", elf(183, b"of the other architecture")),
    ],
)
def test_rejects_missing_or_wrong_program(root: Path, file: str, content: bytes | None) -> None:
    path = root / "target/lambda" / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(PackagingError) as refused:
        collect(root, ["x86_64"])
    assert str(path) in str(refused.value)
    assert refused.value.hint == "make build"
