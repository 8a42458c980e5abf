"""Joins."""

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

TABLES = "sagemaker.spark.join_tables_0.1"
KEYS = "sagemaker.spark.join_multi_keys_0.1"


@pytest.fixture
def sides(spark: SparkSession) -> list[DataFrame]:
    left = spark.createDataFrame(
        [(1, "a", 10), (2, "b", 20), (2, "b", 21)], "id bigint, name string, x bigint"
    )
    right = spark.createDataFrame([(2, "B", 0.5), (3, "C", 0.7)], "id bigint, name string, y double")
    return [left, right]


def rows(frame: DataFrame) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in frame.collect()), key=str)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("inner", [(2, "b", 20, 2, "B", 0.5), (2, "b", 21, 2, "B", 0.5)]),
        (
            "leftouter",
            [(1, "a", 10, None, None, None), (2, "b", 20, 2, "B", 0.5), (2, "b", 21, 2, "B", 0.5)],
        ),
        (
            "rightouter",
            [(2, "b", 20, 2, "B", 0.5), (2, "b", 21, 2, "B", 0.5), (None, None, None, 3, "C", 0.7)],
        ),
        (
            "fullouter",
            [
                (1, "a", 10, None, None, None),
                (2, "b", 20, 2, "B", 0.5),
                (2, "b", 21, 2, "B", 0.5),
                (None, None, None, 3, "C", 0.7),
            ],
        ),
    ],
)
def test_joins_and_numbers_shared_columns(
    sides: list[DataFrame], apply: Apply, kind: str, expected: list[tuple[Any, ...]]
) -> None:
    joined = apply(sides, TABLES, {"left_column": "id", "right_column": "id", "join_type": kind})
    assert joined.columns == ["id_0", "name_0", "x", "id_1", "name_1", "y"]
    assert rows(joined) == expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("leftsemi", [(2, "b", 20), (2, "b", 21)]), ("leftanti", [(1, "a", 10)])]
)
def test_keeps_the_left_side_only(
    sides: list[DataFrame], apply: Apply, kind: str, expected: list[tuple[Any, ...]]
) -> None:
    joined = apply(sides, TABLES, {"left_column": "id", "right_column": "id", "join_type": kind})
    assert joined.columns == ["id", "name", "x"]
    assert rows(joined) == expected


def test_crosses_without_keys(sides: list[DataFrame], apply: Apply) -> None:
    assert apply(sides, TABLES, {"join_type": "cross"}).count() == 6


def test_joins_on_several_keys(sides: list[DataFrame], apply: Apply) -> None:
    other = sides[0].withColumnRenamed("x", "z")
    keys = [{"left": "id", "right": "id"}, {"left": "x", "right": "z"}]
    joined = apply([sides[0], other], KEYS, {"join_keys": keys, "join_type": "inner"})
    assert joined.columns == ["id", "name_0", "x", "name_1", "z"]
    assert joined.count() == 3


def test_has_keys_of_the_same_name_once(sides: list[DataFrame], apply: Apply) -> None:
    keys = [{"left": "id", "right": "id"}]
    joined = apply(sides, KEYS, {"join_keys": keys, "join_type": "fullouter"}).select("id", "x", "y")
    assert rows(joined) == [(1, 10, None), (2, 20, 0.5), (2, 21, 0.5), (3, None, 0.7)]


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"left_column": "id", "right_column": "no", "join_type": "inner"}, "there is no column `no`"),
        (
            {"left_column": "id", "right_column": "id", "join_type": "asof"},
            "join_type `asof` is not supported",
        ),
    ],
)
def test_names_what_is_wrong(
    sides: list[DataFrame], apply: Apply, parameters: dict[str, str], problem: str
) -> None:
    with pytest.raises(FlowError, match=problem):
        apply(sides, TABLES, parameters)
