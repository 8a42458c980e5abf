"""Nested data: flatten a structure into columns, and explode an array into rows.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-flatten-column>
<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-explode-array>

No public flow has such a node. `handle_structured_column_0.1` is the group of both transforms,
named as Data Wrangler names all groups, and the members are the labels of the documentation. Other
members are refused.

The documentation names a flattened key `<column>_<key>` (`name_first`). For an exploded array it
says `<column>_flatten` in its text and `<column>_items` in its table; this module follows the text.
"""

import json

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import ArrayType, StringType, StructType

from spark_engine.columns import column
from spark_engine.parameters import Parameters, plain_name
from spark_engine.registry import Context, operator
from spark_engine.strict import only


@operator("sagemaker.spark.handle_structured_column_0.1")
def handle_structured_column(frames: list[DataFrame], parameters: Parameters, context: Context) -> DataFrame:
    """Flatten or explode a column."""
    [frame] = frames
    explode = parameters.choice("operator", {"Flatten structured": False, "Explode array": True})
    block = parameters.block()
    return explode_array(frame, block) if explode else flatten_structured(frame, block, context)


def flatten_structured(frame: DataFrame, block: Parameters, context: Context) -> DataFrame:
    """Append a column for each key of the first level, or for the keys that the node names."""
    only(block, "input_column", "keys_to_flatten_on")
    name = _single(frame, block)
    structure, kind = _structure(frame, block, name, context)
    keys = block.texts("keys_to_flatten_on") or kind.names
    unknown = [key for key in keys if key not in kind.names]
    if unknown:
        raise block.error(f"`{name}` has no key `{unknown[0]}`", "correct the keys to flatten on")
    return frame.withColumns({f"{plain_name(name)}_{key}": structure.getField(key) for key in keys})


def _structure(frame: DataFrame, block: Parameters, name: str, context: Context) -> tuple[Column, StructType]:
    """Return the column as a structure. Text is read as JSON; text that is none is missing."""
    kind = frame.schema[name].dataType
    if isinstance(kind, StructType):
        return column(name), kind
    if isinstance(kind, StringType):
        texts = frame.select(column(name)).dropna().rdd.map(lambda row: row[0]).filter(_is_object)
        inferred = context.spark.read.json(texts).schema
        if inferred.names:
            return sf.from_json(column(name), inferred), inferred
    raise block.error(f"`{name}` has neither structures nor JSON objects", "choose another column")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def explode_array(frame: DataFrame, block: Parameters) -> DataFrame:
    """Put each element of an array into a row of its own. Rows without elements are dropped."""
    only(block, "input_column", "output_column")
    name = _single(frame, block)
    if not isinstance(frame.schema[name].dataType, ArrayType):
        raise block.error(f"`{name}` is no column of arrays", "choose another column")
    output = block.optional_text("output_column") or f"{plain_name(name)}_flatten"
    others = [column(other) for other in frame.columns if other != name]
    return frame.select(*others, sf.explode(column(name)).alias(output))


def _single(frame: DataFrame, block: Parameters) -> str:
    [name, *others] = block.columns(frame, "input_column")
    if others:
        raise block.error("the transform takes one column", "use one node for each column")
    return name
