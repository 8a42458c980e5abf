"""What the end-to-end tests share: the release package, and a local-aws."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import builds
from builds import ROOT
from local_aws.launcher import LocalAws


def built(file: str) -> Path:
    """A file that `make build` leaves for this machine."""
    path = ROOT / file
    if not path.is_file():
        pytest.fail(f"{path} does not exist; run `make test-e2e`, which builds it")
    return path


@pytest.fixture(scope="session")
def package() -> Path:
    """The Lambda's zip."""
    return built(builds.PACKAGE)


@pytest.fixture(scope="session")
def cli() -> Path:
    """The program `ingestion-pipeline`."""
    return built(builds.CLI)


@pytest.fixture(scope="session")
def engine() -> Path:
    """The program `ingest-features`."""
    return built(builds.ENGINE)


@pytest.fixture(scope="module")
def running_aws() -> Iterator[LocalAws]:
    """One server for all tests of a module. Executions stay Executing, so that tests can count them."""
    with LocalAws(steps="hold") as aws:
        yield aws


@pytest.fixture
def aws(running_aws: LocalAws) -> LocalAws:
    """The module's server, empty."""
    running_aws.reset()
    running_aws.set_max_executions(20)
    return running_aws
