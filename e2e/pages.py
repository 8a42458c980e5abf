"""The fenced code blocks of the pages, and the markers that exempt a block from being run.

A marker is a comment directly above a block. Readers of the rendered page do not see it:

    <!-- aws-only: the reason -->     works on AWS only
    <!-- not-run: the reason -->      works elsewhere, but not in a test
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Final

from builds import ROOT

FENCE: Final = re.compile(r"^( *)(`{3,}|~{3,})(.*)$")
MARKER: Final = re.compile(r"^ *<!-- (aws-only|not-run): *(.*?) *-->$")
HEADING: Final = re.compile(r"^#+ (.+)$")


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    page: str
    heading: str
    """The nearest heading above it."""
    line: int
    language: str
    text: str
    marker: str | None
    """`aws-only` or `not-run`, if it is exempt."""
    reason: str

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"{self.page}:{self.line}"


def english_pages() -> list[str]:
    """Returns the pages whose blocks are proved, as paths in the repository."""
    docs = ROOT / "docs"
    found = [ROOT / "README.md", *docs.glob("*.md"), *docs.glob("decisions/*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def korean_pages() -> dict[str, str]:
    """Returns the translated pages, each with its English original."""
    found = {"README.ko.md": "README.md"}
    for path in sorted(ROOT.glob("docs/ko/*.md")):
        found[f"docs/ko/{path.name}"] = f"docs/{path.name}"
    return found


def blocks(page: str) -> list[Block]:
    """Returns the blocks of a page."""
    return blocks_of(page, (ROOT / page).read_text("utf-8"))


def blocks_of(page: str, text: str) -> list[Block]:
    """Returns the blocks of a page's text. Raises ValueError if it is malformed."""
    found: list[Block] = []
    heading, marker, fence = "", None, None
    start, lines = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if fence is not None:
            if not (match and match[1] == fence[1] and match[2] == fence[2] and not match[3].strip()):
                lines.append(line)
                continue
            kind, reason = (marker[1], marker[2]) if marker else (None, "")
            body = textwrap.dedent("\n".join(lines) + "\n")
            found.append(Block(page, heading, start, fence[3].strip(), body, kind, reason))
            fence = marker = None
        elif match:
            fence, start, lines = match, number, []
        elif "```" in line or "~~~" in line:
            raise ValueError(f"{page}:{number} has a fence that is not on a line of its own")
        elif marker:
            raise ValueError(f"{page}:{number - 1} has a marker that is not directly above a block")
        elif title := HEADING.match(line):
            heading = title[1]
        else:
            marker = MARKER.match(line)
            if not marker and re.match(r" *<!-- *(aws-only|not-run)\b", line):
                raise ValueError(
                    f"{page}:{number} has a malformed marker; write <!-- not-run: the reason -->"
                )
    if fence is not None:
        raise ValueError(f"{page}:{start} has a block without an end")
    return found
