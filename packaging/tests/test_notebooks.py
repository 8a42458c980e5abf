"""The notebooks: made from their sources, without outputs, with the same code in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import notebooks
from conftest import REPOSITORY
from notebooks import FOLDERS, Cell
from staging.errors import PackagingError

FOLDER = REPOSITORY / "notebooks"
NAMES = ["00-setup", "01-feature-store-ingest-pipeline", "99-clean-up"]
LINK = re.compile(r"\]\(([^)#\s]+)")
HANGUL = re.compile(r"[가-힣]")
SOURCE = """\
<!-- How to make it. -->

# Title

See [a](../docs/a.md), ![b](b.svg), [c](99-clean-up.ipynb) and [d](https://example.com/x.md).

<!-- ko -->

# 제목

[a](../docs/a.md), ![b](b.svg), [c](99-clean-up.ipynb), [d](https://example.com/x.md).

```python
print(1)
```
"""


def committed(name: str, language: str) -> Path:
    return FOLDER / FOLDERS[language] / f"{name}.ipynb"


def cells(name: str, language: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(committed(name, language).read_text())["cells"]
    return found


def texts(name: str, language: str) -> list[str]:
    return ["".join(cell["source"]) for cell in cells(name, language) if cell["cell_type"] == "markdown"]


def test_every_notebook_has_a_source() -> None:
    assert [source.stem for source in notebooks.sources(REPOSITORY)] == NAMES
    found = {path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert found == set(notebooks.made(REPOSITORY))


@pytest.mark.parametrize("language", FOLDERS)
@pytest.mark.parametrize("name", NAMES)
def test_committed_notebook_is_made_from_its_source(name: str, language: str) -> None:
    path = committed(name, language)
    # Also without outputs and execution counts, because the generator writes none.
    assert path.read_text("utf-8") == notebooks.made(REPOSITORY)[path], (
        "run: python packaging/notebooks.py; if you only ran the notebook: git restore notebooks"
    )


@pytest.mark.parametrize("language", FOLDERS)
@pytest.mark.parametrize("name", NAMES)
def test_has_no_output(name: str, language: str) -> None:
    code = [cell for cell in cells(name, language) if cell["cell_type"] == "code"]
    assert code
    assert [cell for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []


@pytest.mark.parametrize("name", NAMES)
def test_code_is_english_and_the_same_in_both_languages(name: str) -> None:
    english, korean = (
        ["".join(cell["source"]) for cell in cells(name, language) if cell["cell_type"] == "code"]
        for language in FOLDERS
    )
    assert english == korean
    assert not HANGUL.search("\n".join(english))


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_translated(name: str) -> None:
    english, korean = texts(name, "en"), texts(name, "ko")
    assert len(english) == len(korean)
    for one, other in zip(english, korean, strict=True):
        assert not HANGUL.search(one), one
        assert HANGUL.search(other), other
        # The same headings, tables and pictures.
        for mark in ("#", "|", "!["):
            assert [line.startswith(mark) for line in one.splitlines()].count(True) == [
                line.startswith(mark) for line in other.splitlines()
            ].count(True), one


@pytest.mark.parametrize("language", FOLDERS)
@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_files(name: str, language: str) -> None:
    targets = {target for text in texts(name, language) for target in LINK.findall(text)}
    files = {target for target in targets if "://" not in target}
    assert files
    assert {target for target in files if not (committed(name, language).parent / target).is_file()} == set()


def test_source_becomes_cells() -> None:
    text, code = notebooks.cells(SOURCE, "x.md")
    assert text.texts[0].startswith("# Title\n\nSee")
    assert text.texts[1].startswith("# 제목\n")
    assert code == Cell(code="print(1)")


def test_links_of_translations_lead_out_of_their_folder() -> None:
    english, korean = (
        "".join(
            json.loads(notebooks.notebook(notebooks.cells(SOURCE, "x.md"), language))["cells"][0]["source"]
        )
        for language in FOLDERS
    )
    rest = ["99-clean-up.ipynb", "https://example.com/x.md"]
    assert LINK.findall(english) == ["../docs/a.md", "b.svg", *rest]
    assert LINK.findall(korean) == ["../../docs/a.md", "../b.svg", *rest]


@pytest.mark.parametrize(
    "text", ["# Only English", "<!-- ko -->\n\n# 한국어", "a\n<!-- ko -->\nb\n<!-- ko -->\nc"]
)
def test_text_without_both_languages_is_refused(text: str) -> None:
    with pytest.raises(PackagingError, match=r"x\.md: the text that begins with .* is not English"):
        notebooks.cells(text, "x.md")
