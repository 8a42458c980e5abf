"""Compares the table of docs/engines.md with the code."""

import pytest

import engine_tables
from docs_tables import ROOT
from engine_tables import PAGE, Module, rewritten, rows
from staging.errors import PackagingError

MODULE = """
STATIC: dict[str, int] = {"One": 1, **MORE}
MORE = {"Two": 2}
MEMBER = "kind"

@operator("sagemaker.spark.first_0.1", inputs=2)
def first(frames, parameters, context):
    parameters.choice("operator", STATIC)
    block.choice(MEMBER, {"a": True, "b": False})

@operator("sagemaker.spark.second_0.1")
def second(frames, parameters, context):
    parameters.choice("operator", dict.fromkeys(NAMES))

NAMES = ("Three", "Four")
"""


def test_page_is_current() -> None:
    page = (ROOT / PAGE).read_text()
    assert page == rewritten(page, ROOT), f"run `python packaging/engine_tables.py` to update {PAGE}"


def test_reads_operators_and_options_of_a_module() -> None:
    module = Module(MODULE)
    assert module.operators() == ["sagemaker.spark.first_0.1", "sagemaker.spark.second_0.1"]
    assert module.options() == [("operator", ["One", "Two", "Three", "Four"]), ("kind", ["a", "b"])]


def test_compares_options_with_the_native_engine() -> None:
    table = list(rows(ROOT))
    [types] = [row for row in table if row[1] == "`data_type`"]
    assert types[2:4] == ("bool, date, datetime, float, long, string", "bool, float, long, string")
    [joins] = [row for row in table if row[0].startswith("`join_tables_0.1`")]
    assert joins[3] == engine_tables.NONE


def test_names_the_missing_marks() -> None:
    with pytest.raises(PackagingError, match="has no table of operators"):
        rewritten("", ROOT)
