"""The check of the built site's links."""

from __future__ import annotations

from pathlib import Path

import pytest

from check_links import fault, faults


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "index.html").write_text('<h1 id="시작">Start</h1><a href="docs/a.html#there">a</a>', "utf-8")
    (tmp_path / "docs" / "a.html").write_text('<p id="there"><a href="../index.html#시작">start</a>', "utf-8")
    return tmp_path


def test_accepts_links_to_files_and_anchors(site: Path) -> None:
    assert list(faults(site)) == []


def test_names_the_page_of_a_broken_link(site: Path) -> None:
    (site / "docs" / "b.html").write_text('<a href="c.html">c</a>', "utf-8")
    assert list(faults(site)) == ["docs/b.html: c.html leads to no file"]


def test_refuses_what_is_loaded_from_other_hosts(site: Path) -> None:
    (site / "b.html").write_text('<script src="https://example.com/a.js"></script>', "utf-8")
    assert list(faults(site)) == ["b.html: loads https://example.com/a.js from another host"]


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("https://example.com/", None),
        ("docs/a.html", None),
        ("#시작", None),
        ("docs/a.html#here", "there is no such anchor"),
        ("docs", "leads to no file"),
        ("../other.html", "leads out of the site"),
        ("/index.html", "leads out of the site"),
    ],
)
def test_says_what_is_wrong_with_a_link(site: Path, link: str, says: str | None) -> None:
    said = fault(site, site / "index.html", link)
    assert said is None if says is None else says in (said or "")
