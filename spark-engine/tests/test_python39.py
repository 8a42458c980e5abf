"""The engine runs on the Python of AWS's Spark image."""

import ast
from pathlib import Path

import vermin

ENGINE = Path(__file__).parents[1]
FILES = [*sorted((ENGINE / "spark_engine").rglob("*.py")), *sorted((ENGINE / "job").glob("*.py"))]

TYPES = {"bool", "bytes", "dict", "float", "int", "list", "set", "str", "tuple", "Column", "DataFrame"}


def test_uses_nothing_newer_than_python_3_9() -> None:
    config = vermin.Config()
    # Type annotations are not evaluated.
    config.set_eval_annotations(False)
    newer = {}
    for file in FILES:
        source = file.read_text()
        ast.parse(source, feature_version=(3, 9))
        visitor = vermin.visit(source, config)
        if (visitor.minimum_versions()[1] or (3, 0)) > (3, 9):
            newer[file.name] = visitor.output_text()
    assert len(FILES) > 40
    assert newer == {}


def test_unions_of_types_are_not_evaluated() -> None:
    """Python 3.9 cannot evaluate `str | None`. The future import keeps it from evaluating annotations."""
    evaluated: dict[str, list[str]] = {}
    for file in FILES:
        tree = ast.parse(file.read_text())
        future = any(isinstance(each, ast.ImportFrom) and each.module == "__future__" for each in tree.body)
        annotations = {
            node
            for each in ast.walk(tree)
            for annotation in (getattr(each, "annotation", None), getattr(each, "returns", None))
            if annotation is not None and future
            for node in ast.walk(annotation)
        }
        unions = [ast.unparse(node) for node in ast.walk(tree) if _is_union(node) and node not in annotations]
        evaluated |= {file.name: unions} if unions else {}
    assert evaluated == {}


def _is_union(node: ast.AST) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.BitOr):
        return False
    sides = (node.left, node.right)
    none = any(isinstance(side, ast.Constant) and side.value is None for side in sides)
    return none or any(isinstance(side, ast.Name) and side.id in TYPES for side in sides)
