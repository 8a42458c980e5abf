"""Manage columns."""

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

COLUMNS = "sagemaker.spark.manage_columns_0.1"


@pytest.fixture
def frame(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([(1, 2, 3)], "a bigint, `b.x` bigint, c bigint")


def move(kind: str, **block: Any) -> dict[str, Any]:
    name = kind.lower().replace(" ", "_") + "_parameters"
    return {"operator": "Move column", "move_column_parameters": {"move_type": kind, name: block}}


def concatenate(**block: Any) -> dict[str, Any]:
    return {"operator": "Concatenate columns", "concat_columns_parameters": block}


@pytest.mark.parametrize(
    ("settings", "name", "texts"),
    [
        ({}, "n_s.x", ["1_a", "2", "b", ""]),
        ({"delimiter": ", ", "output_column": "both"}, "both", ["1, a", "2", "b", ""]),
        ({"delimiter": "", "output_column": ""}, "n_s.x", ["1a", "2", "b", ""]),
        ({"output_column": "s.x"}, "s.x", ["1_a", "2", "b", ""]),
    ],
)
def test_concatenates_columns_without_their_nulls(
    spark: SparkSession, apply: Apply, settings: dict[str, Any], name: str, texts: list[str]
) -> None:
    frame = spark.createDataFrame([(1, "a"), (2, None), (None, "b"), (None, None)], "n bigint, `s.x` string")
    result = apply(frame, COLUMNS, concatenate(left_column="n", right_column="s.x", **settings))
    assert result.columns == list(dict.fromkeys(["n", "s.x", name]))
    assert [row[name] for row in result.collect()] == texts


@pytest.mark.parametrize(
    ("parameters", "columns"),
    [
        ({"operator": "Drop column", "drop_column_parameters": {"column_to_drop": "b.x"}}, ["a", "c"]),
        ({"operator": "Drop column", "drop_column_parameters": {"column_to_drop": ["a", "c"]}}, ["b.x"]),
        (
            {
                "operator": "Rename column",
                "rename_column_parameters": {"input_column": "b.x", "new_name": "b"},
            },
            ["a", "b", "c"],
        ),
        (
            {
                "operator": "Rename column",
                "rename_column_parameters": {"columns_to_rename": [{"input_column": "a", "new_name": "d"}]},
            },
            ["d", "b.x", "c"],
        ),
        (
            {
                "operator": "Duplicate column",
                "duplicate_column_parameters": {"input_column": "b.x", "new_name": "d"},
            },
            ["a", "b.x", "c", "d"],
        ),
        (move("Move to start", column_to_move="c"), ["c", "a", "b.x"]),
        (move("Move to end", column_to_move=["b.x", "a"]), ["c", "a", "b.x"]),
        (move("Move to index", column_to_move="a", index=1), ["b.x", "a", "c"]),
        (move("Move after", column_to_move="a", target_column="b.x"), ["b.x", "a", "c"]),
        (move("Move before", column_to_move="c", target_column="b.x"), ["a", "c", "b.x"]),
    ],
)
def test_manages_columns(
    frame: DataFrame, apply: Apply, parameters: dict[str, Any], columns: list[str]
) -> None:
    assert apply(frame, COLUMNS, parameters).columns == columns


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"operator": "Concatenate columns"}, "concat_columns_parameters.left_column is missing"),
        (
            concatenate(left_column="a", right_column="c", separator="-"),
            "concat_columns_parameters.separator is not supported",
        ),
        ({"operator": "Drop column"}, "drop_column_parameters.column_to_drop is missing"),
        (move("Move after", column_to_move="a", target_column="a"), "is itself a column to move"),
        (move("Move to index", column_to_move="a", index=3), "is not between 0 and 2"),
        (
            {"operator": "Rename column", "rename_column_parameters": {"input_column": "A", "new_name": "d"}},
            "there is no column `A` .* differs only in case",
        ),
    ],
)
def test_names_what_is_wrong(
    frame: DataFrame, apply: Apply, parameters: dict[str, Any], problem: str
) -> None:
    with pytest.raises(FlowError, match=problem):
        apply(frame, COLUMNS, parameters)
