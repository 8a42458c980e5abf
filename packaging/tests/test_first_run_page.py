"""docs/first-run-on-aws.md: each expectation of AWS has evidence, a status and a remedy."""

from __future__ import annotations

import re

import pytest

from conftest import REPOSITORY
from smoke.checks import CHECKS

PAGE = (REPOSITORY / "docs/first-run-on-aws.md").read_text("utf-8")
HEAD = ["AWS is expected to", "evidence", "status", "if it does not"]
CLAIMS = {claim.id for check in CHECKS for claim in check.claims}
STATUS = re.compile(r"removed|fails loudly|checked by smoke-aws: `[a-z-]+`(, `[a-z-]+`)*")


def rows() -> list[list[str]]:
    """The rows of the tables of expectations."""
    found: list[list[str]] = []
    is_expectation = False
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            is_expectation = False
        elif is_expectation and not line.startswith("|---"):
            found.append(cells)
        is_expectation = is_expectation or cells == HEAD
    return found


def test_reads_the_tables() -> None:
    assert len(rows()) > 50


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:60])
def test_row_is_complete(row: list[str]) -> None:
    _, evidence, status, remedy = row
    assert re.search(r"\[[^\]]+\][\[(]", evidence), "the evidence has no link"
    assert STATUS.fullmatch(status)
    assert remedy


def test_claims_of_the_checks_and_of_the_page_are_the_same() -> None:
    named = {
        name for row in rows() if row[2].startswith("checked") for name in re.findall(r"`(.*?)`", row[2])
    }
    assert named == CLAIMS


def test_links_are_defined_and_used() -> None:
    defined = re.findall(r"^\[([a-z0-9-]+)\]: https://", PAGE, re.MULTILINE)
    used = set(re.findall(r"\]\[([a-z0-9-]+)\]", PAGE))
    assert used == set(defined)
    assert defined == sorted(set(defined))
