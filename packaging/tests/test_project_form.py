"""The picture of the project's form: every field of the template, and no claim to be a screenshot."""

from __future__ import annotations

import html
import re

import project_form
from conftest import REPOSITORY
from staging.yaml_edit import Document

# The widest letters of the fonts that systems have, on average, in pixels (DejaVu Sans).
LABEL_LETTER, NOTE_LETTER = 7.1, 6.5
TEXT = re.compile(r'<text class="(\w+)" x="(\d+)" y="\d+">(.*?)</text>')


def picture() -> str:
    return (REPOSITORY / project_form.PICTURE).read_text("utf-8")


def template() -> Document:
    return Document((REPOSITORY / project_form.TEMPLATE).read_text())


def texts(css_class: str) -> list[tuple[int, str]]:
    return [(int(x), html.unescape(text)) for kind, x, text in TEXT.findall(picture()) if kind == css_class]


def test_drawn_from_the_template() -> None:
    assert picture() == project_form.drawn(template()), "run: python packaging/project_form.py"


def test_says_that_it_is_no_screenshot() -> None:
    first, *_ = texts("note")
    assert "Not a screenshot" in first[1]


def test_shows_labels_defaults_and_choices() -> None:
    labels = [text for _, text in texts("label")]
    assert "Data Wrangler flow" in labels
    assert "Staging bucket" not in labels
    values = [text for _, text in texts("value")]
    assert {"data-wrangler", "landing/", "900", "Auto"} <= set(values)
    assert values.count("▾") == 4


def test_texts_fit() -> None:
    field = min(x for x, _ in texts("value")) - 10
    assert [text for x, text in texts("label") if x + len(text) * LABEL_LETTER > field] == []
    notes = [(x, text) for x, text in texts("note") if x == field]
    assert [text for x, text in notes if x + len(text) * NOTE_LETTER > project_form.WIDTH] == []
    assert len(notes) > 20
