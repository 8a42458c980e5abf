"""Leads links out of the pages to what the site has: the other language, source code, API documentation."""

from __future__ import annotations

import html
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx import addnodes

from site_pages import FOLDER, language_of, source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

# The folder of the pages that show source files.
SOURCES = "source"
# How a page on GitHub begins the line that leads to the page in the other language.
OTHER_LANGUAGE = ("한국어: ", "English: ")


def lead(app: Sphinx, doctree: nodes.document) -> None:
    """Replace each link that Sphinx cannot resolve in this language's pages."""
    page = app.env.docname
    for node in list(doctree.findall(addnodes.pending_xref)):
        if node.get("reftype") == "myst":
            url = page_url(app, page, node["reftarget"], node.get("reftargetid"))
            url = url or crate_url(app, page, node["reftarget"])
            if url and node.parent.astext().startswith(OTHER_LANGUAGE):
                node.parent.parent.remove(node.parent)  # each page of the site has a link of its own
            elif url:
                replace(node, url)
            elif (Path(app.srcdir) / resolve(page, node["reftarget"])).is_dir():
                node.replace_self(node.children)  # the site does not show folders
    for node in list(doctree.findall(addnodes.download_reference)):
        path = resolve(page, node["reftarget"])
        if path.endswith(".svg"):
            continue  # the browser shows the picture
        sources(app).add(path)
        replace(node, f"{'../' * page.count('/')}{SOURCES}/{path}.html")


def replace(node: nodes.Element, url: str) -> None:
    """Replace a reference by a link to a URL."""
    link = nodes.reference("", "", *node.children, internal=True, refuri=url)
    node.replace_self(link)


def resolve(page: str, target: str) -> str:
    """The path of a link's target, from the repository's root."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))


def root(app: Sphinx, page: str) -> str:
    """The relative URL of the site's root."""
    return "../" * (page.count("/") + FOLDER[app.config.language].count("/"))


def page_url(app: Sphinx, page: str, target: str, anchor: str | None) -> str | None:
    """The URL of a page that only the other language's site has."""
    if target in app.env.found_docs or not source(Path(app.srcdir), target):
        return None
    there = f"{root(app, page)}{FOLDER[language_of(target)]}{target}.html"
    return f"{there}#{anchor}" if anchor else there


def crate_url(app: Sphinx, page: str, target: str) -> str | None:
    """The URL of a crate's API documentation, for a link to the crate's folder."""
    path = resolve(page, target)
    folder, _, name = path.rpartition("/")
    if folder != "crates":
        return None
    return f"{root(app, page)}api/{name.replace('-', '_')}/index.html"


def sources(app: Sphinx) -> set[str]:
    """The source files that pages link to."""
    if not hasattr(app.env, "site_sources"):
        app.env.site_sources = set()
    found: set[str] = app.env.site_sources
    return found


def show_sources(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Add a page for each source file that pages link to."""
    for path in sorted(sources(app)):
        text = (Path(app.srcdir) / path).read_text("utf-8")
        title = html.escape(path)
        body = f'<h1>{title}</h1>\n<div class="highlight">{colored(path, text)}</div>'
        yield f"{SOURCES}/{path}", {"title": title, "body": body, "parents": []}, "page.html"


def colored(path: str, text: str) -> str:
    """Return a source file as HTML, with its syntax in colors."""
    try:
        lexer = get_lexer_for_filename(path)
    except ClassNotFound:
        lexer = TextLexer()
    shown: str = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return f"<pre>{shown}</pre>"


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    # Before Sphinx collects the files that it copies.
    app.connect("doctree-read", lead, priority=100)
    app.connect("html-collect-pages", show_sources)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
