"""Builds spark-engine.zip, the code of processing jobs in AWS's Spark image: `make spark-engine-zip`.

The same files give the same bytes.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
LOCK = HERE / "requirements-job.txt"
# The image: Python 3.9 on Amazon Linux 2023, x86_64.
PLATFORM = ["--only-binary=:all:", "--python-version", "3.9", "--platform", "manylinux2014_x86_64"]
# The earliest time that an archive can have.
TIME = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Build the archive in a folder, which also keeps the downloaded wheels."""
    folder = Path(sys.argv[1])
    wheels = folder / "wheels"
    download(wheels)
    members = {f"wheels/{wheel.name}": wheel for wheel in wheels.glob("*.whl")}
    members |= code()
    write(folder / "spark-engine.zip", members)


def download(folder: Path) -> None:
    """Download the wheels that are not in the folder yet, and delete others."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name("wheels-new")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps", *PLATFORM]
    subprocess.run([*command, "--find-links", str(folder), "--dest", str(fresh), "-r", str(LOCK)], check=True)
    for old in folder.iterdir():
        old.unlink()
    for new in fresh.iterdir():
        new.rename(folder / new.name)
    fresh.rmdir()


def code() -> dict[str, Path]:
    """Return the engine's own files by their names in the archive."""
    package = HERE / "spark_engine"
    own = [file for file in package.rglob("*") if file.suffix in (".py", ".properties")]
    files = {file.relative_to(HERE).as_posix(): file for file in own}
    return files | {file.name: file for file in [LOCK, *(HERE / "job").iterdir()] if file.is_file()}


def write(archive: Path, members: dict[str, Path]) -> None:
    """Write an archive. Wheels are compressed already, and what zlib writes depends on its version."""
    with zipfile.ZipFile(archive, "w") as writer:
        for name, file in sorted(members.items()):
            info = zipfile.ZipInfo(name, TIME)
            info.external_attr = 0o644 << 16
            writer.writestr(info, file.read_bytes())


if __name__ == "__main__":
    main()
