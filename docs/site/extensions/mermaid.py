"""Draws Mermaid diagrams in the browser, with a copy of Mermaid that is part of the site."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Mermaid(SphinxDirective):  # type: ignore[misc]
    """A fenced block `mermaid`, as on GitHub."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the diagram's text, which diagrams.js replaces with the drawing."""
        text = html.escape("\n".join(self.content))
        return [nodes.raw("", f'<pre class="mermaid">{text}</pre>', format="html", mermaid=True)]


def add_scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Load Mermaid, which is large, only on pages with diagrams."""
    del pagename, templatename, context
    if doctree and any(node.get("mermaid") for node in doctree.findall(nodes.raw)):
        app.add_js_file("mermaid.tiny.js", priority=900, loading_method="defer")
        app.add_js_file("diagrams.js", priority=901, loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("mermaid", Mermaid)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
