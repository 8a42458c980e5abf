"""All programs turn on the same features in the crates they share, so cargo builds the SDK once.

``make hakari`` writes these features into crates/workspace-hack. ``make hakari-check`` compares all builds,
but takes minutes to install. See docs/decisions/020-one-build-of-the-sdk.md.
"""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SDK = ("aws-sdk-sagemaker", "aws-sdk-sagemakerfeaturestoreruntime")
PROGRAMS = ("start-pipeline", "ingestion-pipeline", "ingest-features")
UNIFIER = "workspace-hack"
EXCLUDED = tomllib.loads((ROOT / ".config/hakari.toml").read_text())["final-excludes"]
BUILD = "normal,build"
TESTS = "normal,build,dev"


def tree(package: str, edges: str) -> dict[str, set[str]]:
    """The crates that a package is built from, each with its version, and their sets of features.

    A crate that build scripts use, too, can have two.
    """
    command = ["cargo", "tree", "--locked", "--prefix", "none", "--no-dedupe", "--format", "{p}|{f}"]
    command += ["--package", package, "--edges", edges]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: dict[str, set[str]] = {}
    for line in output.splitlines():
        crate, features = line.split("|")
        found.setdefault(crate.removesuffix(" (proc-macro)"), set()).add(features)
    return found


def is_excluded(crate: str) -> bool:
    """Whether a crate is one of ours, or hakari leaves it out."""
    name, version = crate.split(" ")[:2]
    return "/" in crate or any(
        name == left_out["name"] and version.startswith(f"v{left_out.get('version', '')}")
        for left_out in EXCLUDED["third-party"]
    )


@pytest.mark.parametrize("edges", [BUILD, TESTS])
@pytest.mark.parametrize("program", PROGRAMS[1:])
def test_turns_on_the_features_that_the_lambda_turns_on(program: str, edges: str) -> None:
    ours, theirs = tree(PROGRAMS[0], edges), tree(program, edges)
    shared = [crate for crate in ours.keys() & theirs.keys() if not is_excluded(crate)]
    assert any(crate.startswith(f"{SDK[0]} ") for crate in shared)
    differing = {crate: (ours[crate], theirs[crate]) for crate in shared if ours[crate] != theirs[crate]}
    assert differing == {}, "run `make hakari`"


def test_no_dependency_of_the_sdk_is_left_out() -> None:
    of_sdk = [crate for sdk in SDK for crate in tree(sdk, BUILD)]
    assert [crate for crate in of_sdk if is_excluded(crate)] == []


def test_each_crate_is_a_program_or_left_out() -> None:
    crates = {manifest.parent.name for manifest in ROOT.glob("crates/*/Cargo.toml")}
    assert crates == {*PROGRAMS, UNIFIER, *EXCLUDED["workspace-members"]}


@pytest.mark.parametrize("crate", EXCLUDED["workspace-members"])
def test_tests_without_the_sdk_do_not_build_it(crate: str) -> None:
    names = {found.split(" ")[0] for found in tree(crate, TESTS)}
    assert names.isdisjoint({*SDK, UNIFIER})
