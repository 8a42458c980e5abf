"""Rejects a binary that needs a newer glibc than the target machine has.

    python packaging/check_glibc.py 2.34 target/lambda/start-pipeline/bootstrap.zip

Accepts ELF files, and zip files that contain an ELF file named `bootstrap`. Amazon Linux 2023, which
`provided.al2023` is based on, has glibc 2.34.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

Version = tuple[int, ...]


def binary(path: Path) -> io.BytesIO:
    """The ELF file at `path`, extracted if it is in a zip file."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as package:
            return io.BytesIO(package.read("bootstrap"))
    return io.BytesIO(path.read_bytes())


def needed_glibc(elf: io.BytesIO) -> Version:
    """The newest glibc version that a symbol of the binary requires. (0,) for a static binary."""
    newest: Version = (0,)
    for section in ELFFile(elf).iter_sections():
        if not isinstance(section, GNUVerNeedSection):
            continue
        for _library, versions in section.iter_versions():
            for version in versions:
                name = str(version.name)
                if name.startswith("GLIBC_2"):
                    number = tuple(int(part) for part in name.removeprefix("GLIBC_").split("."))
                    newest = max(newest, number)
    return newest


def dotted(version: Version) -> str:
    """The version with dots."""
    return ".".join(map(str, version))


def main() -> int:
    """Runs the command. Returns the exit code."""
    limit = tuple(int(part) for part in sys.argv[1].split("."))
    for path in map(Path, sys.argv[2:]):
        needed = needed_glibc(binary(path))
        if needed > limit:
            print(
                f"{path} needs glibc {dotted(needed)}; the target has {dotted(limit)}.\n"
                "hint: build it with `make build`, which links against the right glibc",
                file=sys.stderr,
            )
            return 1
        print(f"{path}: needs glibc {dotted(needed)}, which is within {dotted(limit)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
