"""docs/migrate.md: maps every name of the predecessor, and what it calls the same is the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from conftest import REPOSITORY

PAGE = (REPOSITORY / "docs/migrate.md").read_text("utf-8")
# In code spans and blocks, also of commands that a cell shortens.
CODE = "\n".join(re.findall(r"`([^`]+)`", re.sub(r"^ *```.*$", "`", PAGE, flags=re.MULTILINE)))
NAMES: dict[str, list[str]] = yaml.safe_load(
    (REPOSITORY / "packaging/tests/fixtures/predecessor/names.yaml").read_text()
)
# The template that has what the predecessor's template had.
TEMPLATES = {
    "portfolio": "sm-project-sc-portfolio.yaml",
    "project": "project-s3-fs-ingestion.yaml",
    "packaging": "package-cfn.yaml",
}
GONE = {"S3DataPrefix", "SeedCodeS3BucketName"}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NAMES.items() for name in names])
def test_page_maps_the_name(kind: str, name: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(name)}", CODE), f"{kind}: docs/migrate.md does not name {name}"


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("section", ["parameters", "outputs"])
def test_templates_keep_the_names(template: str, section: str) -> None:
    ours: dict[str, Any] = names_of(TEMPLATES[template], section.capitalize())
    old = NAMES.get(f"{template} {section}", [])
    assert set(old) - GONE <= set(ours)


def names_of(template: str, section: str) -> dict[str, Any]:
    """The names in a section of a template, which may use CloudFormation's tags."""
    text = (REPOSITORY / "cfn-templates" / template).read_text()
    body = re.search(rf"^{section}:\n((?:(?: .*|#.*)?\n)+)", text, re.MULTILINE)
    assert body
    return dict.fromkeys(re.findall(r"^  (\w+):", body[1], re.MULTILINE))


def test_only_dropped_parameters_are_missing() -> None:
    ours = names_of("project-s3-fs-ingestion.yaml", "Parameters")
    assert set(NAMES["project parameters"]) - set(ours) == GONE


def test_packaging_template_is_where_the_old_command_expects_it() -> None:
    linked = REPOSITORY / "package-cfn.yaml"
    assert linked.read_bytes() == (REPOSITORY / "cfn-templates/package-cfn.yaml").read_bytes()
