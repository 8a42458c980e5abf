"""The versions of the product: those that are staged already, and the new one.

A version is a provisioning artifact of Service Catalog: a name, and the URL of a product template that is
named by its content. CloudFormation tells artifacts apart by name and URL, and deletes those that a
template no longer has: so all that were ever staged stay in the portfolio's template.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from staging.errors import PackagingError

_NAME_HINT = "VERSION=1.2.0, or none: then it is named by the project's version and the content"


@dataclasses.dataclass(frozen=True)
class Version:
    """A name, and the URL of the product template."""

    name: str
    url: str


def check_name(name: str) -> str:
    """A name as this project gives them, which people can type and read."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", name):
        shown = name if len(name) <= 80 else f"{name[:80]}…"
        raise PackagingError(
            f"`{shown}` cannot be a version's name: 64 letters, digits, `.`, `_`, `+`, `-` at most, "
            f"beginning with a "
            "letter or digit.",
            _NAME_HINT,
        )
    return name


def default_name(root: Path, product_sha256: str) -> str:
    """The project's version and the content, so that equal content has an equal name."""
    try:
        manifest = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))
        version = manifest["workspace"]["package"]["version"]
    except (OSError, ValueError, KeyError) as error:
        raise PackagingError(
            f"Cargo.toml does not say the project's version: {error}.", "VERSION=1.2.0"
        ) from error
    return check_name(f"{version}-{product_sha256[:8]}")


def with_new(staged: Iterable[Version], new: Version) -> list[Version]:
    """All versions, oldest first. Content that is staged already keeps the name that it has.

    Refuses to give a name to other content than it has: projects were made from that.
    """
    versions = list(staged)
    if any(version.url == new.url for version in versions):
        return versions
    if any(version.name == new.name for version in versions):
        raise PackagingError(
            f"Version `{new.name}` is staged already, with other content.",
            "give another VERSION; what a version holds never changes, because projects were made from it",
        )
    return [*versions, new]
