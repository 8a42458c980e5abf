"""The files of datasets: how Spark reads them, and how reports name them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Union
from urllib.parse import unquote, urlsplit

# What Hadoop reads as a pattern.
_GLOB = re.compile(r"[*?\[\]{}\\]")


@dataclass(frozen=True)
class File:
    """A file or folder."""

    # For Spark, with escaped patterns.
    path: str
    # As reports name it. Files of a folder keep their own names.
    name: str


Files = Sequence[Union[Path, File]]


def as_files(files: Files) -> list[File]:
    """Return files with paths for Spark."""
    return [file if isinstance(file, File) else File(escaped(str(file)), str(file)) for file in files]


def escaped(path: str) -> str:
    """Return a path that Hadoop does not read as a pattern."""
    return _GLOB.sub(r"\\\g<0>", path)


def names(files: Sequence[File]) -> dict[str, str]:
    """Return the names of files by their addresses."""
    return {re.sub(r"\\(.)", r"\1", file.path): file.name for file in files}


def name_of(address: str, known: Mapping[str, str]) -> str:
    """Return a file's name by the address that Spark shows, such as `s3a://bucket/a%20b.csv`."""
    read = unquote(address)
    if not read.startswith("s3a://"):
        read = unquote(urlsplit(address).path)
    return known.get(read) or re.sub(r"^s3a://", "s3://", read)
