"""Shared fixtures: a repository after `make build`, and a local S3."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from doubles import Recorder
from local_aws.launcher import LocalAws

REPOSITORY: Final = Path(__file__).resolve().parents[2]
_MACHINES: Final = {"lambda": 62, "lambda-arm64": 183}


def elf(machine: int, content: bytes) -> bytes:
    """The header of a Linux program for a machine, followed by the content."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + machine.to_bytes(2, "little") + content


def build(root: Path, content: bytes = b"one", *, engines: bool = False) -> None:
    """Writes what `make build` leaves in `root/target`, for both architectures."""
    for folder, machine in _MACHINES.items():
        lambdas = root / "target" / folder
        for name in ("start-pipeline", "ingestion-pipeline", "ingest-features"):
            (lambdas / name).mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(lambdas / "start-pipeline/bootstrap.zip", "w") as package:
            package.writestr("bootstrap", elf(machine, b"start-pipeline" + content))
        (lambdas / "ingestion-pipeline/ingestion-pipeline").write_bytes(elf(machine, b"cli" + content))
    if engines:
        (root / "target/lambda/ingest-features/ingest-features").write_bytes(elf(62, b"job" + content))
        (root / "target/spark-engine").mkdir(exist_ok=True)
        (root / "target/spark-engine/spark-engine.zip").write_bytes(b"spark" + content)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the repository's templates and seed code, and a build."""
    root = tmp_path / "a repository"
    for folder in ("cfn-templates", "project-seed-code"):
        shutil.copytree(REPOSITORY / folder, root / folder)
    shutil.copy(REPOSITORY / "Cargo.toml", root)
    build(root)
    return root


@pytest.fixture(scope="session")
def running_aws() -> Iterator[LocalAws]:
    """One server for all tests."""
    with LocalAws() as aws:
        yield aws


@pytest.fixture
def aws(running_aws: LocalAws) -> LocalAws:
    """The server, empty."""
    running_aws.reset()
    return running_aws


@pytest.fixture
def s3(aws: LocalAws) -> Recorder:
    """An S3 client that records calls and can fail."""
    return Recorder(aws.client("s3"))
