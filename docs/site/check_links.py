"""Checks the built site: each link leads to a file and an anchor, and pages load nothing from other hosts."""

from __future__ import annotations

import functools
import urllib.parse
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# Attributes whose target the browser loads by itself.
LOADED = {("img", "src"), ("script", "src"), ("iframe", "src"), ("source", "srcset"), ("link", "href")}


class Page(HTMLParser):
    """The anchors and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a tag refers to, and what refers to it."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src", "srcset") and value:
                self.links.append((value, (tag, name) in LOADED))


@functools.cache
def page(path: Path) -> Page:
    """The parsed page of a file."""
    return Page(path.read_text("utf-8"))


def faults(site: Path) -> Iterator[str]:
    """What is wrong with the links of all pages. rustdoc checks the links inside its own pages."""
    for path in sorted(site.rglob("*.html")):
        if path.relative_to(site).parts[0] != "api":
            for link, loaded in page(path).links:
                if said := fault(site, path, link, loaded=loaded):
                    yield f"{path.relative_to(site)}: {said}"


def fault(site: Path, path: Path, link: str, *, loaded: bool = False) -> str | None:
    """The problem with a link, or None. Links to other hosts are not followed."""
    parts = urllib.parse.urlsplit(link)
    if parts.scheme == "data":
        return None
    if parts.scheme or parts.netloc:
        return f"loads {link} from another host" if loaded else None
    target = path.parent / urllib.parse.unquote(parts.path) if parts.path else path
    if parts.path.startswith("/") or not target.resolve().is_relative_to(site.resolve()):
        return f"{link} leads out of the site"
    if not target.is_file():
        return f"{link} leads to no file"
    anchor = urllib.parse.unquote(parts.fragment)
    if anchor and target.suffix == ".html" and anchor not in page(target.resolve()).anchors:
        return f"{link}: there is no such anchor"
    return None
