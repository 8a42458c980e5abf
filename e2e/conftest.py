"""Fixtures of the end-to-end tests: the release builds, and a local-aws server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import builds
from builds import ROOT
from demo_data import abalone
from local_aws.launcher import LocalAws


def built_file(file: str) -> Path:
    """Returns the path of a file that `make build` creates. Fails if it does not exist."""
    path = ROOT / file
    if not path.is_file():
        pytest.fail(f"{path} does not exist. Run `make test-e2e`, which builds it")
    return path


@pytest.fixture(scope="session")
def package() -> Path:
    """The Lambda function's zip file."""
    return built_file(builds.PACKAGE)


@pytest.fixture(scope="session")
def cli() -> Path:
    """The program `ingestion-pipeline`."""
    return built_file(builds.CLI)


@pytest.fixture(scope="session")
def engine() -> Path:
    """The program `ingest-features`."""
    return built_file(builds.ENGINE)


@pytest.fixture(scope="session")
def spark_engine() -> Path:
    """The archive with the Spark engine, for AWS's Spark image."""
    return built_file(builds.SPARK_ENGINE)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file with the Abalone data."""
    file = tmp_path / "abalone.csv"
    file.write_bytes(abalone().content)
    return file


@pytest.fixture(scope="module")
def running_aws() -> Iterator[LocalAws]:
    """A server for all tests of a module. Executions stay Executing, so that tests can count them."""
    with LocalAws(steps="hold") as aws:
        yield aws


@pytest.fixture
def aws(running_aws: LocalAws) -> LocalAws:
    """The module's server, reset for each test."""
    running_aws.reset()
    running_aws.set_max_executions(20)
    return running_aws
