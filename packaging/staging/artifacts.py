"""The built files as objects to stage. Each key contains the SHA-256 of the content."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Final

from staging.errors import PackagingError
from staging.place import PREFIX

# The launch role may read objects with this tag in any bucket.
PROVISIONING: Final = {"servicecatalog:provisioning": "true"}
# For each architecture: the target folder, and the `e_machine` of its ELF files.
ARCHITECTURES: Final = {"x86_64": ("lambda", 62), "arm64": ("lambda-arm64", 183)}
_BUILD_HINT: Final = "make build"
_BINARY_TYPE: Final = "application/octet-stream"
# Zip's earliest timestamp. Real timestamps would make zips of equal content differ.
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
# Left in a work tree by editors and operating systems.
_JUNK: Final = (".DS_Store", "__pycache__", "*.pyc", "*~", "*.swp", ".git")


@dataclasses.dataclass(frozen=True)
class Artifact:
    """One object to stage."""

    key: str
    body: bytes = dataclasses.field(repr=False)
    content_type: str
    tags: dict[str, str] = dataclasses.field(default_factory=lambda: dict(PROVISIONING))

    @property
    def sha256(self) -> str:
        """The SHA-256 in hex, as `sha256sum` writes it."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def checksum(self) -> str:
        """The SHA-256 in Base64, as S3 stores it."""
        return base64.b64encode(hashlib.sha256(self.body).digest()).decode()


@dataclasses.dataclass(frozen=True)
class Build:
    """All artifacts, and the product's parameters that name them."""

    artifacts: list[Artifact]
    parameters: dict[str, str]
    architectures: list[str]

    @property
    def has_native_engine(self) -> bool:
        """Whether the native engine was built."""
        return bool(self.parameters["IngestFeaturesX8664Sha256"])

    @property
    def has_spark_engine(self) -> bool:
        """Whether the Spark engine was built, and the program that writes its features."""
        return self.has_native_engine and bool(self.parameters["SparkEngineSha256"])


def collect(root: Path, architectures: list[str]) -> Build:
    """The artifacts in `root`, from `make build` and the repository, for these architectures.

    The caller names the architectures, because files for another one may come from an old build.
    """
    found: dict[str, Artifact | None] = {}
    for architecture, suffix in {"x86_64": "X8664", "arm64": "Arm64"}.items():
        built = architecture in architectures
        found[f"StartPipeline{suffix}Sha256"] = _package(root, architecture) if built else None
        found[f"IngestionPipeline{suffix}Sha256"] = _program(root, architecture) if built else None
    # The native engine runs on x86_64 only.
    found["IngestFeaturesX8664Sha256"] = _native_engine(root) if "x86_64" in architectures else None
    # The program that writes its features runs on x86_64 only.
    found["SparkEngineSha256"] = _spark_engine(root) if "x86_64" in architectures else None
    found["SeedCodeSha256"] = _seed_code(root / "project-seed-code/s3-fs-ingestion")
    return Build(
        [artifact for artifact in found.values() if artifact],
        {parameter: artifact.sha256 if artifact else "" for parameter, artifact in found.items()},
        architectures,
    )


def _package(root: Path, architecture: str) -> Artifact:
    """The Lambda package, zipped again, because cargo-lambda's zip contains the build time."""
    path = root / "target" / ARCHITECTURES[architecture][0] / "start-pipeline/bootstrap.zip"
    bootstrap = _bootstrap(path)
    _check_machine(path, bootstrap, architecture)
    body = reproducible_zip({"bootstrap": (bootstrap, True)})
    return _named("start-pipeline/{}.zip", body, "application/zip")


def _program(root: Path, architecture: str) -> Artifact:
    path = root / "target" / ARCHITECTURES[architecture][0] / "ingestion-pipeline/ingestion-pipeline"
    return _named("ingestion-pipeline/{}", _binary(path, architecture), _BINARY_TYPE)


def _native_engine(root: Path) -> Artifact | None:
    path = root / "target/lambda/ingest-features/ingest-features"
    if not path.exists():
        return None
    return _named("ingest-features/{}/ingest-features", _binary(path, "x86_64"), _BINARY_TYPE)


def _spark_engine(root: Path) -> Artifact | None:
    path = root / "target/spark-engine/spark-engine.zip"
    return (
        _named("spark-engine/{}/spark-engine.zip", _read(path), "application/zip") if path.exists() else None
    )


def reproducible_zip(files: dict[str, tuple[bytes, bool]], *, compress: bool = True) -> bytes:
    """A zip of contents, each with its executable flag. Equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            content, executable = files[name]
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.create_system = 3  # Unix, so that the modes below apply
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
            archive.writestr(entry, content, compress_type=method, compresslevel=9)
    return buffer.getvalue()


def _named(pattern: str, body: bytes, content_type: str) -> Artifact:
    key = PREFIX + pattern.format(hashlib.sha256(body).hexdigest())
    return Artifact(key, body, content_type)


def _bootstrap(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(_read(path))) as archive:
            return archive.read("bootstrap")
    except (zipfile.BadZipFile, KeyError) as error:
        raise PackagingError(f"{path} is not a Lambda package: {error}.", _BUILD_HINT) from error


def _binary(path: Path, architecture: str) -> bytes:
    content = _read(path)
    _check_machine(path, content, architecture)
    return content


def _check_machine(path: Path, content: bytes, architecture: str) -> None:
    found = int.from_bytes(content[18:20], "little") if content[:4] == b"\x7fELF" else None
    if found != ARCHITECTURES[architecture][1]:
        raise PackagingError(f"{path} is not a Linux program for {architecture}.", _BUILD_HINT)


def _seed_code(folder: Path) -> Artifact:
    """The seed code as a zip without compression, so that its hash does not depend on zlib's version."""
    files = {}
    paths = sorted(folder.rglob("*"))
    for path in paths:
        inner = path.relative_to(folder)
        if any(Path(part).match(junk) for part in inner.parts for junk in _JUNK):
            continue
        if path.is_symlink():
            raise PackagingError(
                f"{path} is a symbolic link, which the project's repository cannot contain.",
                "replace it with a regular file",
            )
        if path.is_file():
            files[inner.as_posix()] = (_read(path), bool(path.stat().st_mode & 0o100))
    if not files:
        raise PackagingError(f"{folder} has no files.", "git checkout -- project-seed-code")
    body = reproducible_zip(files, compress=False)
    return _named("seed-code/s3-fs-ingestion-{}.zip", body, "application/zip")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackagingError(f"{path} cannot be read: {error.strerror}.", _BUILD_HINT) from error
