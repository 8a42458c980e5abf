"""Installs the packages of code in flows into a folder, on each host of a processing job.

The job's archive has the pinned packages as wheels, so that a job without internet access can install
them. The packages of the pipeline's own requirements.txt come from a package index.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from spark_engine.message import Message

WHEELS_PYTHON = (3, 9)
LOCK = "requirements-job.txt"
OWN = Path("processing", "requirements", "requirements.txt")
_PIN = re.compile(r"^([\w.-]+)==([\w.!+-]+)", re.MULTILINE)
_SHOWN_LINES = 2


class InstallError(Exception):
    """Packages cannot be installed."""


def main() -> int:
    """Install packages for the engine in the folder of the first argument."""
    ml = Path(os.environ["SPARK_ENGINE_ML_DIR"])
    engine = Path(sys.argv[1])
    try:
        install(engine, engine / "packages", ml / OWN)
    except InstallError as error:
        sys.stderr.write(f"error: {error}\n")
        Message(ml).write(str(error))
        return 1
    return 0


def install(engine: Path, folder: Path, own: Path) -> None:
    """Install the pinned packages that Python lacks, and those of a requirements.txt if there is one."""
    pins = dict(_PIN.findall((engine / LOCK).read_text(encoding="utf-8")))
    lacks = [name for name, version in pins.items() if _installed(name) != version]
    if lacks and sys.version_info[:2] != WHEELS_PYTHON:
        raise InstallError(
            f"the engine's packages are for Python 3.9, and this image has {sys.version_info[0]}."
            f"{sys.version_info[1]}; use an image of sagemaker-spark-processing with the tag 3.5-cpu-py39-v1"
        )
    if not own.is_file():
        if lacks:
            _pip_offline(engine, folder)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("".join(f"{name}=={version}\n" for name, version in pins.items()))
        file.flush()
        # With all of them at once, pip installs each package only once.
        options = ["-r", file.name] if lacks else ["-c", file.name]
        _pip_own(["--find-links", str(engine / "wheels"), *options, "-r", str(own)], folder)


def _pip_offline(engine: Path, folder: Path) -> None:
    wheels = ["--no-index", "--find-links", str(engine / "wheels")]
    output = _pip([*wheels, "--require-hashes", "--no-deps", "-r", str(engine / LOCK)], folder)
    if output is not None:
        raise InstallError(f"the engine's packages cannot be installed ({output}); stage the engine again")


def _pip_own(options: list[str], folder: Path) -> None:
    output = _pip(options, folder)
    if output is not None:
        raise InstallError(
            f"the packages of requirements.txt cannot be installed ({output}); correct the file, or give the "
            "job's subnets access to a package index: PyPI, or the one that PIP_INDEX_URL names"
        )


def _pip(options: list[str], folder: Path) -> str | None:
    """Run pip. Return its errors if it fails."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--target", str(folder)]
    ran = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    sys.stderr.write(ran.stdout + ran.stderr)
    if ran.returncode == 0:
        return None
    errors = [line[len("ERROR: ") :] for line in ran.stderr.splitlines() if line.startswith("ERROR: ")]
    return "; ".join(errors[-_SHOWN_LINES:]) or f"pip ended with {ran.returncode}"


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
