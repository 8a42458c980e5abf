"""Every target of the Makefile, and every target that a guide names."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import REPOSITORY

PHONY = re.findall(r"^\.PHONY: (.+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
NAMES = sorted({name for line in PHONY for name in line.split()})
# A command in a code span, or on a line of its own in a code block; variables may come first.
COMMAND = re.compile(r"(?:^|`)(?:[A-Z_]+=\S+ )*make ((?:[A-Za-z0-9_=.\"'/<>:-]+ ?)+)", re.MULTILINE)


def guides() -> list[Path]:
    """Every page, committed or not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    pages = (REPOSITORY / name for name in sorted(set(listed.stdout.split("\0"))) if name)
    return [page for page in pages if page.is_file()]


def named_targets(text: str) -> set[str]:
    """The targets in a guide's commands."""
    words = (word for command in COMMAND.findall(text) for word in command.split())
    return {word for word in words if re.fullmatch(r"[a-z][a-z0-9-]*", word)}


def dry_run(target: str, *variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `make -n`, without the variables of an enclosing make."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    return subprocess.run(
        ["make", "-n", target, *variables],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("target", NAMES)
def test_target_uses_no_undefined_variable(target: str) -> None:
    done = dry_run(target)
    assert done.returncode == 0, done.stderr
    assert "undefined variable" not in done.stderr


def test_undefined_variable_is_reported() -> None:
    makefile = (REPOSITORY / "Makefile").read_text() + "\n.PHONY: broken\nbroken:\n\t@echo $(NO_SUCH_NAME)\n"
    done = subprocess.run(
        ["make", "-n", "-f", "-", "broken"],
        input=makefile,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "undefined variable 'NO_SUCH_NAME'" in done.stderr.replace("`", "'")


@pytest.mark.parametrize("guide", guides(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_guide_names_only_targets_that_exist(guide: Path) -> None:
    assert named_targets(guide.read_text()) - set(NAMES) == set()


def test_targets_are_found_in_code_spans_and_blocks() -> None:
    block = "```sh\nmake package S3_BUCKET_NAME=b\nDRY_RUN=1 make smoke-aws  # free of charge\n```"
    text = f"See `make help`.\n\n{block}\nThis can make sense."
    assert named_targets(text) == {"help", "package", "smoke-aws"}


def test_smoke_aws_builds_nothing() -> None:
    done = dry_run("smoke-aws", "DRY_RUN=1")
    assert "smoke_aws.py" in done.stdout
    assert "cargo" not in done.stdout
