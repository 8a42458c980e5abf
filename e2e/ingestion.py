"""Prepares a project whose uploads are ingested: its build, event path and feature group."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from features import Features, definitions_from
from local_aws.launcher import LocalAws
from project import ARTIFACTS, FLOW, PIPELINE, build, checkout, stage, variables
from wiring import Wiring, wire

ENGINE_KEY: Final = "bin/ingest-features"
NATIVE_BINARY: Final = f"native_binary: s3://{ARTIFACTS}/{ENGINE_KEY}\n"


def prepare(
    aws: LocalAws,
    package: Path,
    settings: str,
    engine: Path,
    cli: Path,
    data: Path,
    *,
    suffix: str = ".csv",
    versioned: bool = False,
    change_flow: Callable[[Path], None] = lambda _: None,
) -> tuple[Wiring, Features]:
    """Builds the project with these settings, and creates the rule and the feature group."""
    folder = checkout(data.parent / "repository")
    change_flow(folder / FLOW.name)
    with (folder / "pipeline.yaml").open("a") as file:
        file.write(settings)
    environment = variables(aws, **stage(aws, cli))
    aws.client("s3").put_object(Bucket=ARTIFACTS, Key=ENGINE_KEY, Body=engine.read_bytes())
    built = build(folder, environment)
    assert built.returncode == 0, built.stdout
    wiring = wire(aws, package, suffix=suffix, pipeline=PIPELINE, make_pipeline=False, versioned=versioned)
    features = Features(aws, wiring.bucket)
    features.create_group(definitions_from(engine, data))
    return wiring, features
