"""Links, images and anchors of every page, as GitHub resolves them."""

from __future__ import annotations

import functools
import posixpath
import re
import subprocess
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from conftest import REPOSITORY

README_LINES = 150
SKIPPED = frozenset({"target", ".venv", "node_modules"})

FENCE = re.compile(r" {0,3}(?:> ?)*(?:[-*+] +|\d+[.)] +)* *(`{3,}|~{3,})(.*)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# It may span lines, but not paragraphs.
CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n\s*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
_TARGET = r"(<[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)"
_TITLE = r"(?:\s+(?:\"[^\"]*\"|'[^']*'))?"
INLINE = re.compile(rf"\]\(\s*{_TARGET}{_TITLE}\s*\)")
DEFINITION = re.compile(rf"^ {{0,3}}\[[^\]\n]+\]:\s*{_TARGET}", re.MULTILINE)
ATTRIBUTE = re.compile(r"<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)=[\"']([^\"']+)[\"']", re.IGNORECASE)
NAMED = re.compile(r"<[a-z][^>]*?\b(?:id|name)=[\"']([^\"']+)[\"']", re.IGNORECASE)
HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", re.MULTILINE)
LINE_NUMBERS = re.compile(r"L\d+(-L\d+)?")


@functools.cache
def files() -> frozenset[str]:
    """The files of the repository, including new files."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    names = (name for name in listed.stdout.split("\0") if name and not SKIPPED & set(name.split("/")))
    return frozenset(name for name in names if (REPOSITORY / name).is_file())


@functools.cache
def folders() -> frozenset[str]:
    """The folders of these files, including the root."""
    return frozenset(str(parent) for name in files() for parent in PurePosixPath(name).parents)


def pages() -> list[str]:
    return sorted(name for name in files() if name.endswith(".md"))


def without_blocks(text: str) -> str:
    """The text without its fenced code blocks and comments."""
    kept, fence = [], ""
    for line in text.splitlines():
        match = FENCE.match(line)
        if fence:
            closes = match and match[1].startswith(fence) and not match[2].strip()
            fence = "" if closes else fence
        elif match and "`" not in match[2]:
            fence = match[1]
        else:
            kept.append(line)
    return COMMENT.sub("", "\n".join(kept))


def targets(text: str) -> Iterator[str]:
    """The targets of a page's links and images."""
    prose = CODE_SPAN.sub("", without_blocks(text))
    for pattern in (INLINE, DEFINITION, ATTRIBUTE):
        for target in pattern.findall(prose):
            yield target.removeprefix("<").removesuffix(">")


def anchors(text: str) -> set[str]:
    """The anchors of a page: from its headings, as GitHub makes them, and from its HTML."""
    prose = without_blocks(text)
    found, seen = set(NAMED.findall(CODE_SPAN.sub("", prose))), Counter[str]()
    for heading in HEADING.findall(prose):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        plain = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
        found.add(f"{plain}-{seen[plain]}" if seen[plain] else plain)
        seen[plain] += 1
    return found


@functools.cache
def anchors_of(page: str) -> frozenset[str]:
    return frozenset(anchors((REPOSITORY / page).read_text("utf-8")))


def fault(page: str, target: str) -> str | None:
    """The problem with a link, or None. Links outside the repository are not checked."""
    parts = urllib.parse.urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    path, fragment = urllib.parse.unquote(parts.path), urllib.parse.unquote(parts.fragment)
    folder = "" if path.startswith("/") else posixpath.dirname(page)
    name = posixpath.normpath(posixpath.join(folder, path.lstrip("/"))) if path else page
    if name not in files() and name not in folders():
        return f"{target}: there is no {name}"
    if not fragment:
        return None
    known = name.endswith(".md") and fragment in anchors_of(name)
    if known or (name in files() and not name.endswith(".md") and LINE_NUMBERS.fullmatch(fragment)):
        return None
    return f"{target}: {name} has no heading #{fragment}"


@pytest.mark.parametrize("page", pages())
def test_links_lead_to_files_and_headings(page: str) -> None:
    found = targets((REPOSITORY / page).read_text("utf-8"))
    assert [said for target in found if (said := fault(page, target))] == []


@pytest.mark.parametrize("page", ["README.md", "README.ko.md"])
def test_readme_is_short(page: str) -> None:
    assert len((REPOSITORY / page).read_text("utf-8").splitlines()) <= README_LINES


def test_finds_links_images_definitions_and_html() -> None:
    text = """
[a](a.md), [`b`](b.md#c "title"), [![image](d(1).svg)](<e f.md>)

[g]: g.md
<img alt="h" src="h.svg">
"""
    assert set(targets(text)) == {"a.md", "b.md#c", "d(1).svg", "e f.md", "g.md", "h.svg"}


def test_ignores_code_and_comments() -> None:
    text = """
`[a](a.md)` and ``[b](`b.md`)`` <!-- [c](c.md) -->

```sh
[d](d.md)
~~~
[e](e.md)
```

1. A step:

   ~~~~
   [f](f.md)
   ~~~~
- [g](g.md)
"""
    assert list(targets(text)) == ["g.md"]


def test_makes_anchors_as_github_does() -> None:
    text = """
# What it is, and is not
## `pipeline.yaml`
## 1. Package & deploy
## `pipeline.yaml` ##
### [Links](a.md) in_a heading
## 사용 방법: 둘
<a id="own"></a>
```
# no heading
```
"""
    assert anchors(text) == {
        "what-it-is-and-is-not",
        "pipelineyaml",
        "1-package--deploy",
        "pipelineyaml-1",
        "links-in_a-heading",
        "사용-방법-둘",
        "own",
    }


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("https://example.com/#x", None),
        ("mailto:a@example.com", None),
        ("README.md", None),
        ("/README.md", None),
        ("docs", None),
        ("docs/", None),
        ("Makefile#L1", None),
        ("#no-such-heading", "CONTRIBUTING.md has no heading"),
        ("README.md#no-such-heading", "README.md has no heading"),
        ("docs#x", "docs has no heading"),
        ("readme.md", "there is no readme.md"),
        ("../README.md", "there is no ../README.md"),
        ("target/lambda", "there is no target/lambda"),
    ],
)
def test_says_what_is_wrong_with_a_link(target: str, says: str | None) -> None:
    said = fault("CONTRIBUTING.md", target)
    assert said is None if says is None else says in (said or "")
