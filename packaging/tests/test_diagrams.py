"""The diagrams: drawn from their sources, readable in both color schemes, and explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import diagrams
from conftest import REPOSITORY
from diagrams import Rectangle
from staging.errors import PackagingError

SOURCES = diagrams.sources(REPOSITORY)
# The width of a page on GitHub, so that the text keeps its size.
PAGE_WIDTH = 830
# The widest letters of the fonts that systems have, on average, in pixels (DejaVu Sans).
NAME_LETTER, NOTE_LETTER = 7.9, 6.7
READABLE_CONTRAST = 4.5
CONCEPTS = ("docs/concepts.md", "docs/ko/concepts.md")
EXPLAINED_IN = {
    "architecture": CONCEPTS,
    "functional-view": CONCEPTS,
    "iam-roles": ("docs/security.md",),
    "ml-pipeline": CONCEPTS,
}
SNAPSHOTS = REPOSITORY / "crates/ingestion-pipeline/tests/behaviour/snapshots"


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def diagram(name: str) -> dict[str, Any]:
    return diagrams.load(REPOSITORY / f"design/{name}.yaml")


def explained(page: str, name: str) -> list[list[str]]:
    """The rows of the table that explains a diagram, without the header."""
    block = (REPOSITORY / page).read_text().partition(f"<!-- explains: {name} -->\n")[2]
    lines = [line for line in block.partition("<!-- end -->")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_drawn_from_source(source: Path) -> None:
    drawn = diagrams.drawn(diagrams.load(source))
    assert source.with_suffix(".svg").read_text() == drawn, "run: python packaging/diagrams.py"


def test_every_picture_has_a_source() -> None:
    pictures = {path.stem for path in (REPOSITORY / "design").glob("*.svg")}
    assert pictures == {path.stem for path in SOURCES} == set(EXPLAINED_IN)


def test_needs_nothing_from_elsewhere(source: Path) -> None:
    svg = source.with_suffix(".svg").read_text()
    assert re.findall(r"href|@import|url\((?!#)", svg) == []
    assert diagrams.FONT.endswith(", sans-serif")


def test_fits_the_page_and_its_boxes(source: Path) -> None:
    loaded = diagrams.load(source)
    width, height = loaded["size"]
    assert width == PAGE_WIDTH
    places = diagrams.rectangles(loaded)
    for place in places.values():
        assert place.x > 0
        assert place.y > 0
        assert place.x + place.width < width
        assert place.y + place.height < height
    for name, box in loaded["boxes"].items():
        first, *others = box["lines"]
        assert len(first) * NAME_LETTER <= places[name].width, first
        assert [line for line in others if len(line) * NOTE_LETTER > places[name].width] == []


def test_labels_fit_their_frames_and_touch_no_number(source: Path) -> None:
    loaded = diagrams.load(source)
    places = diagrams.rectangles(loaded)
    numbered = {**loaded.get("frames", {}), **loaded["boxes"]}
    numbers = [places[name] for name, part in numbered.items() if "mark" in part]
    for name, frame in loaded.get("frames", {}).items():
        left, top = places[name].x + 14, places[name].y + 8
        right, bottom = left + len(frame["label"]) * NOTE_LETTER, top + diagrams.LINE_HEIGHT
        assert right < places[name].x + places[name].width
        radius = diagrams.NUMBER_RADIUS
        for at in numbers:
            next_to = at.x + radius <= left or at.x - radius >= right
            assert next_to or at.y + radius <= top or at.y - radius >= bottom, frame["label"]


def luminance(color: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(color[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_is_readable(scheme: int) -> None:
    texts = [diagrams.COLORS[selector][0][1 + scheme] for selector in ("text", ".note")]
    fills = [schemes[scheme][0] for schemes in diagrams.KINDS.values()]
    fills.append(diagrams.COLORS[".panel"][0][1 + scheme])
    assert min(contrast(text, fill) for text in texts for fill in fills) >= READABLE_CONTRAST


def parts(loaded: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from loaded.get("frames", {}).values()
    yield from loaded["boxes"].values()
    yield from loaded["arrows"]


@pytest.mark.parametrize(
    ("name", "page"), [(name, page) for name in EXPLAINED_IN for page in EXPLAINED_IN[name]]
)
def test_each_mark_is_explained(name: str, page: str) -> None:
    marks = [str(part["mark"]) for part in parts(diagram(name)) if "mark" in part]
    assert sorted(row[0] for row in explained(page, name)) == sorted(marks)
    assert f"design/{name}.svg)" in (REPOSITORY / page).read_text()


@pytest.mark.parametrize("name", EXPLAINED_IN)
def test_arrow_without_mark_has_a_style_in_the_legend(name: str) -> None:
    loaded = diagram(name)
    styles = {sample["style"] for sample in loaded.get("legend", [])}
    used = {arrow.get("style", "solid") for arrow in loaded["arrows"] if "mark" not in arrow}
    assert used <= styles


def test_page_says_who_assumes_and_who_passes_each_role() -> None:
    roles = diagram("iam-roles")
    boxes, arrows = roles["boxes"], roles["arrows"]
    marks = {name: str(box["mark"]) for name, box in boxes.items() if box["kind"] == "role"}
    expected = {}
    for name, mark in marks.items():
        to_it = [arrow for arrow in arrows if arrow["to"] == name and arrow.get("style", "solid") == "solid"]
        passed = [arrow["to"] for arrow in arrows if arrow["from"] == name and arrow.get("style") == "dashed"]
        members = [member for target in passed for member in members_of(roles, target)]
        services = [boxes[arrow["from"]]["lines"][1] for arrow in to_it]
        expected[mark] = (", ".join(services), ", ".join(sorted(marks[member] for member in members)))
    rows = {
        row[0]: (row[2], row[3]) for row in explained("docs/security.md", "iam-roles") if row[0] in expected
    }
    assert rows == expected


def members_of(loaded: dict[str, Any], name: str) -> list[str]:
    """The boxes in a frame, or the box itself."""
    if name in loaded["boxes"]:
        return [name]
    places = diagrams.rectangles(loaded)
    (left, right), (top, bottom) = places[name].spans()
    return [
        each for each in loaded["boxes"] if left < places[each].x < right and top < places[each].y < bottom
    ]


@pytest.mark.parametrize("engine", ["data-wrangler", "native", "spark"])
def test_steps_are_those_of_the_definition(engine: str) -> None:
    loaded = diagram("ml-pipeline")
    shown = [step for name in members_of(loaded, engine) for step in loaded["boxes"][name].get("steps", [])]
    snapshot = (SNAPSHOTS / f"behaviour__definitions__{engine.replace('-', '_')}_minimal.snap").read_text()
    definition = json.loads(snapshot.partition("\n---\n")[2])
    assert shown == [step["Name"] for step in definition["Steps"]]


def test_arrow_turns_where_via_says() -> None:
    places = {"a": Rectangle(0, 0, 10, 10), "b": Rectangle(40, 30, 10, 10)}
    arrow = {"from": "a", "to": "b", "via": [[45, 5]]}
    assert diagrams.route(arrow, places) == [(10, 5), (45, 5), (45, 30)]
    assert diagrams.middle([(10, 5), (45, 5), (45, 30)]) == (27.5, 5)


def test_straight_arrow_crosses_the_gap() -> None:
    places = {"a": Rectangle(0, 0, 10, 10), "b": Rectangle(30, 4, 10, 10)}
    assert diagrams.route({"from": "a", "to": "b"}, places) == [(10, 7), (30, 7)]


def test_arrow_that_would_be_slanted_is_refused() -> None:
    places = {"a": Rectangle(0, 0, 10, 10), "b": Rectangle(30, 30, 10, 10)}
    with pytest.raises(PackagingError, match="not next to, above or below"):
        diagrams.route({"from": "a", "to": "b"}, places)
