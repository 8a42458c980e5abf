"""The engine runs on the Python of AWS's Spark image."""

import ast
from pathlib import Path

import vermin

ENGINE = Path(__file__).parents[1]
FILES = [*sorted((ENGINE / "spark_engine").rglob("*.py")), *sorted((ENGINE / "job").glob("*.py"))]


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


def test_annotations_of_newer_syntax_are_not_evaluated() -> None:
    """Unions of types with `|` fail on Python 3.9 when they are evaluated."""
    for file in FILES:
        tree = ast.parse(file.read_text())
        unions = [
            node
            for each in ast.walk(tree)
            if isinstance(each, (ast.FunctionDef, ast.AnnAssign, ast.arg))
            for annotation in [getattr(each, "annotation", None), getattr(each, "returns", None)]
            if annotation is not None
            for node in ast.walk(annotation)
            if isinstance(node, ast.BinOp)
        ]
        future = any(isinstance(each, ast.ImportFrom) and each.module == "__future__" for each in tree.body)
        assert future or not unions, file.name
