"""Sphinx's settings for the documentation site. `make docs` builds it in English and in Korean."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

project = "SageMaker feature ingestion"
html_title = project
html_theme = "furo"
# Read the pages as GitHub does, and the executed notebooks as they are.
extensions = ["myst_nb", "site_pages", "site_links", "mermaid", "korean_search"]
myst_heading_anchors = 6
myst_fence_as_directive = {"mermaid"}
nb_execution_mode = "off"

# The source folder is the repository. site_pages selects the pages of a language, and their order.
exclude_patterns = ["target", ".venv", "**/.git", "**/node_modules", "**/__pycache__", "docs/site"]

templates_path = ["templates"]
# Mermaid is part of the site: a page loads nothing from other hosts.
html_static_path = ["static", str(HERE.parents[1] / "target/site/node_modules/@mermaid-js/tiny/dist")]
html_css_files = ["site.css"]
html_theme_options = {"top_of_page_buttons": ["view"]}
html_favicon = "static/icon.svg"
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
pygments_style = "default"
pygments_dark_style = "github-dark"
# The pages quote commands and events. Their quotation marks and dashes must stay as they are.
smartquotes = False
