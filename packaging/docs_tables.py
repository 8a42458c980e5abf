"""Writes the generated tables of docs/configure.md: settings and template parameters.

    python packaging/docs_tables.py

Text outside the comments `<!-- generated: <source> -->` and `<!-- end -->` stays as it is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from yaml.nodes import ScalarNode, SequenceNode

from staging.errors import PackagingError, run
from staging.yaml_edit import Document, YamlError

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = Path("docs/configure.md")
KEYS: Final = Path("crates/ingestion-pipeline/src/settings/keys.rs")
SETTINGS: Final = "pipeline.yaml"
TEMPLATES: Final = ("project-s3-fs-ingestion.yaml", "sm-project-sc-portfolio.yaml")
# Where the function reads its environment.
READERS: Final = (
    Path("crates/start-pipeline/src/config/environment.rs"),
    Path("crates/start-pipeline/src/config/mod.rs"),
    Path("crates/sdk-http-client/src/trust_store/linux.rs"),
)
# The table of the function's variables is written by hand; a test compares it with the readers.
FUNCTION: Final = "start-pipeline"

# NAME "key" "VARIABLE" "meaning"
_KEY: Final = re.compile(r'[A-Z_]+ "([a-z0-9_]+)" "([A-Z0-9_]+)" "((?:[^"\\]|\\.)*)"')
_GENERATED: Final = re.compile(r"(<!-- generated: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_VARIABLE: Final = re.compile(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"')
_INTERFACE: Final = ("Metadata", "AWS::CloudFormation::Interface", "ParameterGroups")
# More allowed values than this are abridged.
_LISTED: Final = 6


def main() -> None:
    """Rewrites the page."""
    page = ROOT / PAGE
    before = page.read_text()
    after = rewritten(before, ROOT)
    if after == before:
        print(f"{PAGE} is up to date.")
        return
    page.write_text(after)
    print(f"Wrote the tables of {PAGE}.")


def rewritten(page: str, root: Path) -> str:
    """The page with its tables generated from the sources in `root`."""
    expected = tables(root)
    found = [name for _, name, _ in _GENERATED.findall(page)]
    if sorted(found) != sorted(expected):
        raise PackagingError(
            f"{PAGE} has the tables {', '.join(found) or 'none'}; expected: {', '.join(expected)}.",
            "restore the comments: <!-- generated: <source> --> before a table, <!-- end --> after it",
        )
    return _GENERATED.sub(lambda match: f"{match[1]}\n{expected[match[2]]}\n{match[3]}", page)


def tables(root: Path) -> dict[str, str]:
    """All generated tables by their source's name."""
    result = {SETTINGS: settings((root / KEYS).read_text())}
    for name in TEMPLATES:
        template = (root / "cfn-templates" / name).read_text()
        try:
            result[name] = parameters(Document(template))
        except YamlError as error:
            raise PackagingError(f"{name}: {error}.", "correct the template") from error
    return result


def settings(source: str) -> str:
    """The keys of pipeline.yaml, from the lines of the macro in keys.rs."""
    lines = [line.strip() for line in source.partition("\nkeys! {\n")[2].partition("\n}\n")[0].splitlines()]
    keys = [match.groups() for line in lines if (match := _KEY.fullmatch(line))]
    if not keys or len(keys) != len([line for line in lines if line]):
        raise PackagingError(
            f"{KEYS} is not as expected: not every line of `keys!` has a name and three texts.",
            "adapt the pattern in packaging/docs_tables.py",
        )
    return as_table(
        ("key", "environment variable", "meaning"),
        [(f"`{key}`", f"`{variable}`", prose(meaning)) for key, variable, meaning in keys],
    )


def parameters(template: Document) -> str:
    """The parameters of a template: one table per parameter group."""
    parts = []
    for group in range(template.length(*_INTERFACE)):
        label = template.text(*_INTERFACE, group, "Label", "default")
        names = template.texts(*_INTERFACE, group, "Parameters")
        rows = [_parameter(template, name) for name in names]
        table = as_table(("parameter", "default", "accepts", "meaning"), rows)
        parts.append(f"### {label}\n\n{table}")
    return "\n".join(parts)


def _parameter(template: Document, name: str) -> tuple[str, ...]:
    default = template.find("Parameters", name, "Default")
    if default is None:
        shown = "required"
    elif isinstance(default, ScalarNode) and default.value:
        shown = f"`{default.value}`"
    else:
        shown = "empty"
    meaning = template.text("Parameters", name, "Description")
    return f"`{name}`", shown, _accepted(template, name), prose(meaning)


def _accepted(template: Document, name: str) -> str:
    allowed = template.find("Parameters", name, "AllowedValues")
    if isinstance(allowed, SequenceNode):
        values = [f"`{value.value}`" for value in allowed.value]
        if len(values) > _LISTED:
            return f"{values[0]}, {values[1]}, {values[2]}, … {values[-1]}"
        return ", ".join(values)
    least, most = (template.find("Parameters", name, limit) for limit in ("MinValue", "MaxValue"))
    if isinstance(least, ScalarNode) and isinstance(most, ScalarNode):
        return f"{least.value} to {most.value}"
    return prose(template.text("Parameters", name, "ConstraintDescription"))


def variables_read(root: Path) -> set[str]:
    """The environment variables that the function's code names, outside its tests."""
    sources = ((root / path).read_text().partition("\n#[cfg(test)]\nmod tests {")[0] for path in READERS)
    return {name for source in sources for name in _VARIABLE.findall(source)}


def variables_documented(page: str) -> set[str]:
    """The variables in the first column of the table of the function's environment."""
    block = page.partition(f"<!-- checked: {FUNCTION} -->\n")[2].partition("<!-- end -->")[0]
    rows = [line.split("|")[1] for line in block.splitlines() if line.startswith("|")]
    return {name for cell in rows for name in re.findall(r"`([^`]+)`", cell)}


def as_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [header, ("---",) * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def prose(text: str) -> str:
    """The text, escaped for a cell of a Markdown table."""
    return re.sub(r"([\\|*<`])", r"\\\1", text)


if __name__ == "__main__":
    sys.exit(run(main))
