"""The versions of the product: the staged ones and the new one.

A version is a provisioning artifact of Service Catalog: a name, and the URL of a product template whose key
contains its hash. CloudFormation identifies artifacts by name and URL, and deletes those that are missing in
an updated template. So the portfolio's template keeps every version that was ever staged.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from staging.errors import PackagingError

_NAME_HINT = "VERSION=1.2.0, or leave it out: the default contains the project's version and a hash"


@dataclasses.dataclass(frozen=True)
class Version:
    """A version's name, and the URL of its product template."""

    name: str
    url: str


def check_name(name: str) -> str:
    """Returns the name if it is a valid version name. Raises an error otherwise."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", name):
        shown = name if len(name) <= 80 else f"{name[:80]}…"
        raise PackagingError(
            f"`{shown}` is not a valid version name: use at most 64 letters, digits, `.`, `_`, `+` and `-`, "
            "starting with a letter or digit.",
            _NAME_HINT,
        )
    return name


def default_name(root: Path, product_sha256: str) -> str:
    """The project's version and a hash, so that equal content has an equal name."""
    try:
        manifest = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))
        version = manifest["workspace"]["package"]["version"]
    except (OSError, ValueError, KeyError) as error:
        raise PackagingError(
            f"Cargo.toml does not contain the project's version: {error}.", "VERSION=1.2.0"
        ) from error
    return check_name(f"{version}-{product_sha256[:8]}")


def with_new(staged: Iterable[Version], new: Version) -> list[Version]:
    """All versions, oldest first. Content that is already staged keeps its name.

    Raises an error if the name belongs to other content, because projects were created from that.
    """
    versions = list(staged)
    if any(version.url == new.url for version in versions):
        return versions
    if any(version.name == new.name for version in versions):
        raise PackagingError(
            f"Version `{new.name}` is already staged with different content.",
            "use another VERSION; a version's content never changes, because projects were created from it",
        )
    return [*versions, new]
