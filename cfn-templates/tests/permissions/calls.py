"""Finds the AWS calls of the project's own code in its source."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import botocore.session

from permissions.places import CRATES

# AWS SDK crates, with the names of their services in botocore and IAM.
_SDKS: Mapping[str, tuple[str, str]] = {
    "aws-sdk-sagemaker": ("sagemaker", "sagemaker"),
    "aws-sdk-sagemakerfeaturestoreruntime": ("sagemaker-featurestore-runtime", "sagemaker"),
}
# Methods of the crates' own S3 client, which is a field `s3` or `objects`.
_S3: Mapping[str, set[str]] = {
    "get": {"s3:GetObject"},
    "put": {"s3:PutObject"},
    # Of a version, or of the current one.
    "download": {"s3:GetObject", "s3:GetObjectVersion"},
    "list": {"s3:ListBucket"},
}
_TESTS = re.compile(r"^#\[cfg\(test\)\]\s+mod \w+ \{.*", re.DOTALL | re.MULTILINE)
_METHOD = re.compile(r"\n    (?:pub )?async fn (\w+)")


def crates() -> list[str]:
    """Return the crates that depend on an AWS SDK."""
    return sorted(manifest.parent.name for manifest in CRATES.glob("*/Cargo.toml") if _sdks(manifest.parent))


def of_crate(crate: str) -> set[str]:
    """Return the actions that the crate's code calls."""
    return _calls(CRATES / crate, "\n".join(_sources(CRATES / crate)))


def of_files(crate: str, files: Iterable[str]) -> set[str]:
    """Return the actions that these files call through the methods of the crate's `Service`."""
    folder = CRATES / crate
    service = _code(folder / "src/service/aws.rs")
    starts = list(_METHOD.finditer(service))
    ends = [start.start() for start in starts[1:]] + [len(service)]
    bodies = {start.group(1): service[start.start() : end] for start, end in zip(starts, ends, strict=True)}
    text = "\n".join(_code(folder / "src" / file) for file in files)
    used = set(re.findall(r"\bservice\s*\.(\w+)\(", text))
    return {action for method in used for action in _calls(folder, bodies[method])}


def _sdks(folder: Path) -> list[str]:
    manifest = tomllib.loads((folder / "Cargo.toml").read_text("utf-8"))
    return [name for name in manifest.get("dependencies", {}) if name in _SDKS]


def _calls(folder: Path, code: str) -> set[str]:
    """Find calls of the SDK's fluent API and of the S3 client."""
    methods = re.findall(r"\b(?:s3|objects)\s*\.(\w+)\(", code)
    found = {action for method in methods for action in _S3.get(method, ())}
    session = botocore.session.get_session()
    for sdk in _sdks(folder):
        service, prefix = _SDKS[sdk]
        for operation in session.get_service_model(service).operation_names:
            method = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", operation).lower()
            if re.search(rf"\.{method}\(\)", code):
                found.add(f"{prefix}:{operation}")
    return found


def _sources(folder: Path) -> list[str]:
    return [_code(file) for file in sorted(folder.glob("src/**/*.rs")) if file.stem != "tests"]


def _code(file: Path) -> str:
    """Return a file's code without its tests."""
    return _TESTS.sub("", file.read_text("utf-8"))
