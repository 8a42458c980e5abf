"""Writes the generated table of docs/engines.md: the operators and options of the engines.

    python packaging/engine_tables.py

An option of the Spark engine is an argument of a call `parameters.choice("<member>", <choices>)`. The native
engine has it if a file of its operators names both, too.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from docs_tables import ROOT, as_table, prose
from staging.errors import PackagingError, run

PAGE: Final = Path("docs/engines.md")
SPARK: Final = Path("spark-engine/spark_engine/operators")
NATIVE: Final = Path("crates/flow-engine/src/operators")
PREFIX: Final = "sagemaker.spark."
MARKED: Final = re.compile(r"(<!-- generated: operators -->\n).*?(<!-- end -->)", re.DOTALL)
HEADER: Final = ("operator", "option", "Spark engine", "native engine", "Data Wrangler")
NONE: Final = "—"


def main() -> None:
    """Rewrites the page."""
    page = ROOT / PAGE
    page.write_text(rewritten(page.read_text(), ROOT))
    print(f"Wrote the table of {PAGE}.")


def rewritten(page: str, root: Path) -> str:
    """The page with its table generated from the code in `root`."""
    if not MARKED.search(page):
        raise PackagingError(
            f"{PAGE} has no table of operators.",
            "restore the comments: <!-- generated: operators --> before it, <!-- end --> after it",
        )
    table = as_table(HEADER, rows(root))
    return MARKED.sub(lambda match: f"{match[1]}\n{table}\n{match[2]}", page)


def rows(root: Path) -> Iterator[tuple[str, ...]]:
    """A row for each operator, and one for each of its options."""
    native = [path.read_text() for path in sorted((root / NATIVE).glob("*.rs"))]
    for path in sorted((root / SPARK).glob("*.py")):
        module = Module(path.read_text())
        names = [name.removeprefix(PREFIX) for name in module.operators()]
        if not names:
            continue
        runs = any(f'"{PREFIX}{name}" =>' in source for name in names for source in native)
        yield ", ".join(f"`{name}`" for name in names), "", "yes", "yes" if runs else NONE, "yes"
        for member, choices in module.options():
            readers = [source for source in native if runs and f'"{member}"' in source]
            known = [choice for choice in choices if any(f'"{choice}"' in source for source in readers)]
            yield "", f"`{member}`", _listed(choices), _listed(known), _listed(choices)


class Module:
    """The syntax tree of a module of operators."""

    def __init__(self, source: str) -> None:
        self._tree = ast.parse(source)
        self._assigned: dict[str, list[ast.expr]] = {}
        for name, value in self._assignments():
            self._assigned.setdefault(name, []).append(value)

    def operators(self) -> list[str]:
        """The names in `@operator("...")`, in order."""
        calls = (
            call
            for function in ast.walk(self._tree)
            if isinstance(function, ast.FunctionDef)
            for call in function.decorator_list
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "operator"
        )
        return [text for call in calls for argument in call.args if (text := self._text(argument))]

    def options(self) -> list[tuple[str, list[str]]]:
        """The members of parameters that name a choice, with the choices."""
        found: dict[str, list[str]] = {}
        for call in ast.walk(self._tree):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            if call.func.attr != "choice" or len(call.args) < 2:
                continue
            member = self._text(call.args[0])
            if member:
                known = found.setdefault(member, [])
                known += [choice for choice in self._keys(call.args[1]) if choice not in known]
        return [(member, choices) for member, choices in found.items() if choices]

    def _assignments(self) -> Iterator[tuple[str, ast.expr]]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                yield node.targets[0].id, node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                yield node.target.id, node.value

    def _text(self, node: ast.expr | None) -> str | None:
        if isinstance(node, ast.Name):
            node = self._assigned.get(node.id, [None])[0]
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

    def _keys(self, node: ast.expr) -> Iterator[str]:
        if isinstance(node, ast.Name):
            for value in self._assigned.get(node.id, []):
                yield from self._keys(value)
        elif isinstance(node, ast.Call):
            # dict.fromkeys(CHOICES)
            yield from self._keys(node.args[0])
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if key is None:
                    yield from self._keys(value)
                elif text := self._text(key):
                    yield text
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            yield from filter(None, map(self._text, node.elts))


def _listed(choices: list[str]) -> str:
    return prose(", ".join(choices)) or NONE


if __name__ == "__main__":
    sys.exit(run(main))
