"""The commands of the pages, in an account with Studio and IAM. See typed_pages.py."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from account import StudioUser, open_account
from builds import ROOT
from inventory import everything
from local_aws.launcher import LocalAws
from pages import blocks, korean_pages
from terminal import output_of, run
from typed_pages import DEPLOY, LIMIT_SECONDS, SECTIONS, USE, check_out, executed, fill_bucket, script


@pytest.fixture
def user(engine: Path) -> Iterator[StudioUser]:
    """A Studio user in an account as `make local-aws STUDIO=1 AUTH=1` starts it."""
    spark = ROOT / "spark-engine/spark-engine"
    with LocalAws(auth=True, ingest_features=engine, spark_engine=spark) as aws:
        yield open_account(aws)


@pytest.mark.timeout(LIMIT_SECONDS + 60)
@pytest.mark.usefixtures("cli", "package")
def test_commands_run_as_they_stand(user: StudioUser, tmp_path: Path) -> None:
    shutil.rmtree(ROOT / "target/tour", ignore_errors=True)
    check_out(tmp_path / "checkout")
    before = everything(user.aws)
    fill_bucket(user.aws)
    settings = {
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "GIT_AUTHOR_NAME": "A User",
        "GIT_AUTHOR_EMAIL": "user@example.com",
        "GIT_COMMITTER_NAME": "A User",
        "GIT_COMMITTER_EMAIL": "user@example.com",
    }
    commands = tmp_path / "guides.sh"
    commands.write_text(script(user.aws, tmp_path / "checkout", user.variables))
    printed = output_of(run(user.aws.environment() | settings, "bash", commands, limit=LIMIT_SECONDS))
    assert '"FeatureName": "record_id"' in printed
    kinds = {each.partition(" ")[0] for each in everything(user.aws) - before}
    assert kinds == {"bucket", "feature", "log", "table"}


@pytest.mark.parametrize("section", SECTIONS, ids=" ".join)
def test_section_has_commands(section: tuple[str, str]) -> None:
    page, heading = section
    assert any(executed(block) and block.heading == heading for block in blocks(page))


def test_commands_have_no_placeholder() -> None:
    for page in {page for page, _ in SECTIONS}:
        for block in blocks(page):
            if executed(block):
                assert re.findall(r"<[a-z][^>\n]*>|\.\.\.", block.text) == [], block.place


@pytest.mark.parametrize(
    "page", [DEPLOY, USE, *(ko for ko, en in korean_pages().items() if en in (DEPLOY, USE))]
)
def test_guide_says_which_lines_differ_on_aws(page: str) -> None:
    """Only the terminal's first lines differ: the two items of a list above its first block."""
    first = next(block for block in blocks(page) if block.language == "sh")
    above = "\n".join((ROOT / page).read_text("utf-8").splitlines()[: first.line])
    items = re.findall(r"^- \*\*(.+?)\*\*", above.rpartition("\n##")[2], re.MULTILINE)
    assert items in (["On AWS", "On a laptop"], ["AWS에서는", "노트북에서는"])
