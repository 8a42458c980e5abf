"""Makes the notebooks: notebooks/*.md to notebooks/*.ipynb and notebooks/ko/*.ipynb.

    python packaging/notebooks.py

A source has the text of each cell in English and Korean, with `<!-- ko -->` between them. Its `python`
blocks are the code of both languages. notebooks/README.md describes the format.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from staging.errors import PackagingError, run

ROOT: Final = Path(__file__).resolve().parent.parent
NOTEBOOKS: Final = Path("notebooks")
# The folder of each language, below `notebooks`.
FOLDERS: Final = {"en": "", "ko": "ko"}
KOREAN: Final = "<!-- ko -->"
_COMMENT: Final = re.compile(r"\A<!--.*?-->\n", re.DOTALL)
_CODE: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A link or an image whose target is a file, but not a notebook of the same language.
_FILE: Final = re.compile(r"(\]\()(?![a-z]+://|#|[^)#]*\.ipynb)")
_HINT: Final = "notebooks/README.md describes the format"


@dataclass(frozen=True)
class Cell:
    """A cell: code for all languages, or a text for each language."""

    code: str = ""
    texts: tuple[str, str] = ("", "")


def main() -> None:
    """Writes every notebook."""
    for path, content in made(ROOT).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")
        print(f"Wrote {path.relative_to(ROOT)}.")


def sources(root: Path) -> list[Path]:
    """Returns the sources, in the order of the tour."""
    return sorted((root / NOTEBOOKS).glob("[0-9]*.md"))


def made(root: Path) -> dict[Path, str]:
    """Returns the content of every notebook, by its path."""
    return {
        root / NOTEBOOKS / folder / f"{source.stem}.ipynb": notebook(
            cells(source.read_text("utf-8"), source.name), language
        )
        for source in sources(root)
        for language, folder in FOLDERS.items()
    }


def cells(text: str, name: str) -> list[Cell]:
    """Parses a source."""
    parts = _CODE.split(_COMMENT.sub("", text, count=1))
    found = []
    for number, part in enumerate(parts):
        if number % 2:
            found.append(Cell(code=part.strip("\n")))
        elif part.strip():
            english, separator, korean = (each.strip() for each in part.partition(KOREAN))
            if not separator or not english or not korean or KOREAN in korean:
                begin = part.strip().splitlines()[0]
                raise PackagingError(
                    f"{name}: the text that begins with `{begin}` is not English, {KOREAN} and Korean.", _HINT
                )
            found.append(Cell(texts=(english, korean)))
    return found


def notebook(found: list[Cell], language: str) -> str:
    """Returns a notebook without outputs, as JSON."""
    content = {
        "cells": [_cell(number, cell, language) for number, cell in enumerate(found, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _cell(number: int, cell: Cell, language: str) -> dict[str, Any]:
    shared = {"id": f"cell-{number:02}", "metadata": {}}
    if cell.code:
        code = {"cell_type": "code", "execution_count": None, **shared, "outputs": []}
        return {**code, "source": cell.code.splitlines(keepends=True)}
    text = cell.texts[list(FOLDERS).index(language)]
    if FOLDERS[language]:
        text = _FILE.sub(r"\1../", text)
    return {"cell_type": "markdown", **shared, "source": text.splitlines(keepends=True)}


if __name__ == "__main__":
    sys.exit(run(main))
