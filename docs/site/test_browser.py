"""The built site in a browser, at the widths of a phone and of a desktop."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

from conftest import HTML, REPOSITORY

PHONE, DESKTOP = WIDTHS = (390, 1280)
# Pages of each kind: text, tables, diagrams, source code, API documentation, search.
KINDS = [
    "README.html",
    "docs/engines.html",
    "docs/operate.html",
    "source/cfn-templates/package-cfn.yaml.html",
    "search.html",
    "ko/README.ko.html",
    "ko/docs/ko/concepts.html",
    "ko/docs/engines.html",
    *(f"notebooks/{path.stem}.html" for path in sorted(REPOSITORY.glob("notebooks/*.ipynb"))),
]

# Visible elements that end right of the window, unless they are in something that scrolls.
OVERFLOWING = """
() => {
  const scrolls = (element) => {
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
    }
    return false;
  };
  const found = [...document.querySelectorAll("article *")].filter(
    (element) => element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element),
  );
  const page = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
  return [...page, ...found.map((element) => element.outerHTML.slice(0, 80))];
}
"""

# Text with less contrast than WCAG's level AA asks for: 4.5, or 3 for large text.
UNREADABLE = """
() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const over = (top, below) => {
    const opacity = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map((at) => top[at] * opacity + below[at] * (1 - opacity));
  };
  const background = (element) => {
    if (!element) return [255, 255, 255];
    return over(channels(getComputedStyle(element).backgroundColor), background(element.parentElement));
  };
  const low = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    const skipped = element.closest("svg, script, style, noscript, .headerlink, .skip-to-content");
    if (!text || skipped || !element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const behind = background(element);
    const [one, other] = [luminance(over(channels(style.color), behind)), luminance(behind)];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) low.add(`${ratio.toFixed(1)} ${element.className}: ${text.slice(0, 40)}`);
  }
  return [...low];
}
"""


@dataclasses.dataclass
class Visit:
    """A window of the browser, and what went wrong in it."""

    page: Page
    address: str
    errors: list[str]

    def open(self, path: str) -> None:
        """Open a page of the site, and wait for its diagrams."""
        self.page.goto(f"{self.address}/{path}")
        for diagram in self.page.locator("pre.mermaid").all():
            diagram.locator("svg").wait_for()


@pytest.fixture
def visit(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    options: dict[str, Any] = getattr(request, "param", {})
    context = browser.new_context(
        viewport={"width": options.get("width", DESKTOP), "height": 900},
        color_scheme=options.get("scheme", "light"),
    )
    context.set_default_timeout(120_000)
    page, errors = context.new_page(), list[str]()

    def note(request: Request) -> None:
        if not request.url.startswith((f"{address}/", "data:", "blob:")):
            errors.append(f"requests {request.url}")

    page.on("request", note)
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Visit(page, address, errors)
    context.close()


def test_each_page_loads_and_fits_the_window(visit: Visit) -> None:
    pages = [path for path in sorted(HTML.rglob("*.html")) if path.relative_to(HTML).parts[0] != "api"]
    faults = {}
    for path in pages:
        name = str(path.relative_to(HTML))
        visit.errors.clear()
        visit.open(name)
        for width in WIDTHS:
            visit.page.set_viewport_size({"width": width, "height": 900})
            visit.errors.extend(f"{width} px: {found}" for found in visit.page.evaluate(OVERFLOWING))
        if visit.errors:
            faults[name] = [*visit.errors]
    assert len(pages) > 100
    assert faults == {}


def test_finds_what_does_not_fit_and_what_is_unreadable(visit: Visit) -> None:
    visit.open("README.html")
    visit.page.add_style_tag(content="article p { color: #aaa; width: 2000px; }")
    assert visit.page.evaluate(OVERFLOWING) != []
    assert visit.page.evaluate(UNREADABLE) != []


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize(
    "visit",
    [{"scheme": "light"}, {"scheme": "dark"}, {"scheme": "dark", "width": PHONE}],
    ids=["light", "dark", "dark-phone"],
    indirect=True,
)
def test_text_is_readable(visit: Visit, path: str) -> None:
    visit.open(path)
    assert visit.page.evaluate(UNREADABLE) == []


@pytest.mark.parametrize(
    ("start", "words", "found"),
    [
        ("README.html", "redrive", "docs/operate.html"),
        ("README.html", "cold start ring", "docs/decisions/009-ring-for-tls.html"),
        ("ko/README.ko.html", "피처 그룹", "docs/ko/concepts.html"),
        # A part of a word: the page has 파이프라인을, 파이프라인이 and others.
        ("ko/README.ko.html", "파이프라인", "docs/ko/use-in-studio.html"),
        ("ko/README.ko.html", "redrive", "docs/operate.html"),
    ],
)
def test_search_finds(visit: Visit, start: str, words: str, found: str) -> None:
    visit.open(start)
    visit.page.locator("input[name=q]").fill(words)
    visit.page.keyboard.press("Enter")
    result = visit.page.locator(f"#search-results a[href*='{found}']").first
    result.click()
    visit.page.wait_for_url(f"**/{found}**")
    assert visit.errors == []


def test_search_does_not_find_absent_words(visit: Visit) -> None:
    visit.open("ko/search.html?q=코끼리")
    visit.page.locator("#search-results p.search-summary").wait_for()
    assert visit.page.locator("#search-results li").count() == 0


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("README.html", "ko/README.ko.html"),
        ("docs/concepts.html", "ko/docs/ko/concepts.html"),
        ("docs/engines.html", "ko/docs/engines.html"),
    ],
)
def test_each_language_leads_to_the_other(visit: Visit, path: str, other: str) -> None:
    visit.open(path)
    assert visit.page.locator("html").get_attribute("lang") == "en"
    visit.page.get_by_role("link", name="한국어").click()
    visit.page.wait_for_url(f"**/{other}")
    assert visit.page.locator("html").get_attribute("lang") == "ko"
    visit.page.get_by_role("link", name="English").click()
    visit.page.wait_for_url(f"{visit.address}/{path}")


def test_pages_without_korean_version_say_so(visit: Visit) -> None:
    said = "() => getComputedStyle(document.querySelector('.site-only-english'), '::before').content"
    visit.open("ko/docs/engines.html")
    assert "영어로만" in visit.page.evaluate(said)
    visit.open("ko/docs/ko/concepts.html")
    assert visit.page.locator(".site-only-english").count() == 0


def test_diagrams_follow_the_switch_of_the_page(visit: Visit) -> None:
    visit.open("docs/operate.html")
    node = "pre.mermaid svg .node rect"
    color = f"() => getComputedStyle(document.querySelector('{node}')).fill"
    light = visit.page.evaluate(color)
    toggle = visit.page.locator(".theme-toggle-content button")
    while visit.page.locator("body").get_attribute("data-theme") != "dark":
        toggle.click()
    visit.page.wait_for_function(
        f"(light) => document.querySelector('{node}') && ({color})() !== light", arg=light
    )


def test_start_page_shows_the_architecture(visit: Visit) -> None:
    visit.open("index.html")
    picture = visit.page.locator("article img").first
    assert "architecture" in (picture.get_attribute("src") or "")
    assert picture.evaluate("(image) => image.naturalWidth") > 0


def test_notebooks_show_their_outputs(visit: Visit) -> None:
    for notebook in sorted(REPOSITORY.glob("notebooks/**/*.ipynb")):
        folder = "ko/notebooks/ko" if notebook.parent.name == "ko" else "notebooks"
        visit.open(f"{folder}/{notebook.stem}.html")
        assert visit.page.locator(".cell_output").count() > 0, notebook


def test_api_pages_work(visit: Visit) -> None:
    visit.open("docs/api.html")
    crates = visit.page.locator("article td:first-child a")
    assert crates.count() >= 9
    crates.first.click()
    visit.page.wait_for_url("**/api/start_pipeline/index.html")
    visit.page.get_by_role("heading", name="Crate start_pipeline").wait_for()
    assert visit.errors == []


def test_site_works_from_disk(browser: Browser) -> None:
    page = browser.new_page()
    page.goto((HTML / "index.html").as_uri())
    page.locator("input[name=q]").fill("redrive")
    page.keyboard.press("Enter")
    page.locator("#search-results a[href*='docs/operate.html']").first.click()
    page.wait_for_url("**/docs/operate.html**")
    page.close()
