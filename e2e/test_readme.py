"""The commands of the README's tour, and the output that it shows."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Final

import pytest

from pages import Block, blocks
from terminal import output_of, run
from typed_pages import LIMIT_SECONDS, PRELUDE, for_this_machine

README: Final = "README.md"
TOUR: Final = "A minute's tour"


def executed(block: Block) -> bool:
    """Whether the test runs the block, or compares it with the output of the block above."""
    return block.page == README and block.heading == TOUR and block.marker is None


@pytest.mark.usefixtures("cli", "engine")
def test_tour_runs_and_prints_what_it_shows(tmp_path: Path) -> None:
    shown = [block for block in blocks(README) if executed(block)]
    script = [PRELUDE]
    for block in shown:
        if block.language == "sh":
            script.append(f"{{\n{block.text}}} > '{tmp_path / str(block.line)}'")
    output_of(run({}, "bash", "-c", for_this_machine("\n".join(script)), limit=LIMIT_SECONDS))
    for before, block in itertools.pairwise(shown):
        if block.language != "json":
            continue
        printed = json.loads((tmp_path / str(before.line)).read_text())
        expected = json.loads(block.text)
        assert list(printed) == list(expected)
        for name, value in expected.items():
            pattern = ".+".join(re.escape(part) for part in value.split("…"))
            assert re.fullmatch(pattern, printed[name]), f"{block.place}: {name}"
    last = (tmp_path / str(shown[-2].line)).read_text()
    assert "4177" in last.replace(",", "")
