"""All programs turn on the same features in the SDK and its dependencies, so cargo builds it once.

See docs/decisions/020-one-build-of-the-sdk.md.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SDK = "aws-sdk-sagemaker"
PROGRAMS = ("start-pipeline", "ingestion-pipeline", "ingest-features")


def tree(*arguments: str) -> list[str]:
    """The lines of `cargo tree` for normal and build dependencies."""
    command = ["cargo", "tree", "--locked", "--prefix", "none", "--no-dedupe", "--edges", "normal,build"]
    output = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return output.stdout.splitlines()


@pytest.fixture(scope="module")
def sdk_crates() -> set[str]:
    """The SDK and every crate that it is built on, each with its version."""
    return {line.split(" (")[0] for line in tree("--package", SDK, "--format", "{p}")}


def features(program: str, crates: set[str]) -> dict[str, str]:
    """The features that a program turns on in these crates."""
    lines = (line.split("|") for line in tree("--package", program, "--format", "{p}|{f}"))
    return {crate.split(" (")[0]: on for crate, on in lines if crate.split(" (")[0] in crates}


@pytest.mark.parametrize("program", PROGRAMS[1:])
def test_turns_on_the_features_that_the_lambda_turns_on(program: str, sdk_crates: set[str]) -> None:
    lambda_features = features(PROGRAMS[0], sdk_crates)
    assert any(crate.startswith(f"{SDK} ") for crate in lambda_features)
    program_features = features(program, sdk_crates)
    common = lambda_features.keys() & program_features.keys()
    differing = {
        crate: (lambda_features[crate], program_features[crate])
        for crate in common
        if lambda_features[crate] != program_features[crate]
    }
    assert differing == {}
