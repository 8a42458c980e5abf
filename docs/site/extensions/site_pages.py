"""Selects the pages of each language, and puts them in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

ROOT = {"en": "README", "ko": "README.ko"}
# The folder of each language in the site, from the site's root.
FOLDER = {"en": "", "ko": "ko/"}
SUFFIXES = (".ipynb", ".md")
EXECUTED = Path("target/notebooks/executed")

# Captions of the sidebar, and the pages below them. A page that is missing here fails the build.
NAVIGATION = [
    (
        {"en": "Guides", "ko": "가이드"},
        """
        docs/concepts docs/deploy docs/use-in-studio docs/configure docs/operate docs/troubleshooting
        docs/security docs/migrate docs/first-run-on-aws
        """,
    ),
    ({"en": "Notebooks", "ko": "노트북"}, "notebooks/*"),
    (
        {"en": "Reference", "ko": "참조"},
        """
        docs/semantics docs/engines docs/benchmarks docs/local-aws docs/api events/README
        project-seed-code/s3-fs-ingestion/README
        """,
    ),
    (
        {"en": "Development", "ko": "개발"},
        """
        ARCHITECTURE docs/decisions/README CONTRIBUTING CHANGELOG design/README bench/README
        spark-engine/README local-aws/README local-aws/local_aws/ministack/UPSTREAM packaging/smoke/README
        """,
    ),
]
DECISIONS = "docs/decisions/README"


def korean(english: str) -> str:
    """Where the Korean version of a page is, if there is one."""
    if english == ROOT["en"]:
        return ROOT["ko"]
    folder, _, name = english.rpartition("/")
    return f"{folder}/ko/{name}" if folder else f"ko/{name}"


def language_of(page: str) -> str:
    """The language in which a page is written."""
    return "ko" if page == ROOT["ko"] or page.startswith(("docs/ko/", "notebooks/ko/")) else "en"


def source(repository: Path, page: str) -> Path | None:
    """The file of a page. Notebooks come first: the Markdown files next to them are their sources."""
    found = (repository / f"{page}{suffix}" for suffix in SUFFIXES)
    return next((file for file in found if file.is_file()), None)


def in_language(repository: Path, page: str, language: str) -> str:
    """The page itself, or its Korean version if the site is Korean and there is one."""
    if language == "ko" and source(repository, korean(page)):
        return korean(page)
    return page


def english_pages(repository: Path) -> list[str]:
    """All pages in the order of the sidebar, in English."""
    listed = [page for _, names in NAVIGATION for page in section(repository, names)]
    decisions = sorted((repository / DECISIONS).parent.glob("[0-9]*.md"))
    return [ROOT["en"], *listed, *(f"docs/decisions/{file.stem}" for file in decisions)]


def section(repository: Path, names: str) -> list[str]:
    """The pages below one caption: names, or the notebooks and the page about them."""
    if names != "notebooks/*":
        return names.split()
    files = [*repository.glob("notebooks/README.md"), *sorted(repository.glob("notebooks/*.ipynb"))]
    return [f"notebooks/{file.stem}" for file in files]


def executed(repository: Path, page: str) -> Path:
    """The copy of a notebook with its outputs, which `make test-notebooks` leaves."""
    return repository / EXECUTED / language_of(page) / f"{page.rpartition('/')[2]}.ipynb"


def select(app: Sphinx, config: Config) -> None:
    """Build only the pages of the site's language. A new page that the sidebar lacks fails the build."""
    repository, language = Path(app.srcdir), config.language
    english = english_pages(repository)
    pages = [in_language(repository, page, language) for page in english]
    config.root_doc = ROOT[language]
    files = [source(repository, page) for page in pages]
    config.include_patterns = [file.relative_to(repository).as_posix() for file in files if file]
    config.include_patterns += ["*.md", "docs/*.md"]
    config.exclude_patterns += ["docs/ko", f"{ROOT['ko']}.md"] if language == "en" else []
    config.exclude_patterns += [f"{page}{suffix}" for page in {*english} - {*pages} for suffix in SUFFIXES]


def add_navigation(app: Sphinx, docname: str, content: list[str]) -> None:
    """Add the sidebar's contents to the start page, and outputs to notebooks."""
    repository, language = Path(app.srcdir), app.config.language
    if app.env.doc2path(docname).suffix == ".ipynb":
        content[0] = executed(repository, docname).read_text("utf-8")
    if docname == DECISIONS:
        content[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n[0-9]*\n```\n"
    if docname == app.config.root_doc:
        for caption, names in NAVIGATION:
            if pages := section(repository, names):
                listed = "\n".join(f"/{in_language(repository, page, language)}" for page in pages)
                content[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption[language]}\n\n{listed}\n```\n"


def offer_language(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Tell the templates where the page is in the other language. If there is none, it is the start page."""
    del templatename, doctree
    repository, language = Path(app.srcdir), app.config.language
    other = "ko" if language == "en" else "en"
    pages = english_pages(repository)
    english = next((page for page in pages if pagename == in_language(repository, page, language)), "README")
    site = "../" * (pagename.count("/") + FOLDER[language].count("/"))
    context["other_language"] = other
    context["other_language_url"] = f"{site}{FOLDER[other]}{in_language(repository, english, other)}.html"
    context["only_english"] = language == "ko" and pagename in pages


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("config-inited", select)
    app.connect("source-read", add_navigation)
    app.connect("html-page-context", offer_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
