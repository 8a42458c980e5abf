"""Flatten structured columns, and explode arrays."""

from typing import Any

import pytest
from pyspark.sql import SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

OPERATOR = "sagemaker.spark.handle_structured_column_0.1"
# The example of the documentation.
PERSON = (
    '{"seq": 1,"name": {"first": "Nathaniel","last": "Ferguson"},"age": 59,"city": "Posbotno","state": "WV"}'
)


def flatten(name: str, *keys: str, **members: Any) -> dict[str, Any]:
    block = {"input_column": [name], "keys_to_flatten_on": list(keys)} | members
    return {"operator": "Flatten structured", "flatten_structured_parameters": block}


def explode(name: str, **members: Any) -> dict[str, Any]:
    return {"operator": "Explode array", "explode_array_parameters": {"input_column": name} | members}


def test_flattens_json_and_then_its_structures(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([(PERSON,), ("no JSON",), ("[1]",), (None,)], "person string")
    once = apply(frame, OPERATOR, flatten("person"))
    keys = ["age", "city", "name", "seq", "state"]
    assert once.columns == ["person", *(f"person_{key}" for key in keys)]
    assert once.collect()[0].person_seq == 1
    assert [row.person_city for row in once.collect()] == ["Posbotno", None, None, None]
    twice = apply(once, OPERATOR, flatten("person_name"))
    assert twice.head()[-2:] == ("Nathaniel", "Ferguson")
    assert twice.columns[-2:] == ["person_name_first", "person_name_last"]


def test_flattens_only_the_given_keys(spark: SparkSession, apply: Apply) -> None:
    frame = spark.createDataFrame([(PERSON,)], "person string")
    assert apply(frame, OPERATOR, flatten("person", "state")).columns == ["person", "person_state"]


def test_explodes_nested_arrays(spark: SparkSession, apply: Apply) -> None:
    rows = [(1, [["cat", "dog"], ["bat", "frog"]]), (2, [["rose"]]), (3, []), (4, None)]
    frame = spark.createDataFrame(rows, "id int, array array<array<string>>")
    once = apply(frame, OPERATOR, explode("array"))
    assert once.columns == ["id", "array_flatten"]
    twice = apply(once, OPERATOR, explode("array_flatten", output_column="item"))
    assert [tuple(row) for row in twice.collect()] == [
        (1, "cat"),
        (1, "dog"),
        (1, "bat"),
        (1, "frog"),
        (2, "rose"),
    ]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (flatten("text"), "`text` has neither structures nor JSON objects"),
        (flatten("person", "other"), "`person` has no key `other`"),
        (flatten("person", prefix="p"), r"flatten_structured_parameters\.prefix is not supported"),
        (explode("text"), "`text` is no column of arrays"),
        (flatten("person", input_column=["person", "text"]), "the transform takes one column"),
    ],
)
def test_refuses_columns(spark: SparkSession, apply: Apply, parameters: dict[str, Any], message: str) -> None:
    frame = spark.createDataFrame([(PERSON, "a")], "person string, text string")
    with pytest.raises(FlowError, match=message):
        apply(frame, OPERATOR, parameters)
