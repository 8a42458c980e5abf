"""Manage columns: drop, rename, duplicate, move and concatenate.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-manage-columns>

Evidence of "Concatenate columns": flows that Data Wrangler exported to Python code. The code names the block
`concat_columns_parameters`, and leaves out nulls together with their delimiter.
"""

from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from spark_engine.columns import column
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.strict import only


@operator("sagemaker.spark.manage_columns_0.1")
def manage_columns(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Drop, rename, duplicate, move or concatenate columns."""
    [frame] = frames
    manage = parameters.choice("operator", OPERATORS)
    block = parameters.nested("concat_columns_parameters") if manage is concatenate else parameters.block()
    return manage(frame, block)


def drop(frame: DataFrame, block: Parameters) -> DataFrame:
    """Drop columns."""
    return frame.drop(*(column(name) for name in block.columns(frame, "column_to_drop")))


def rename(frame: DataFrame, block: Parameters) -> DataFrame:
    """Rename columns, one after the other."""
    pairs = block.items("columns_to_rename")
    if not pairs or (block.get("input_column") is not None and block.get("new_name") is not None):
        pairs.append(block)
    for pair in pairs:
        frame = frame.withColumnRenamed(pair.column(frame, "input_column"), new_name(pair))
    return frame


def duplicate(frame: DataFrame, block: Parameters) -> DataFrame:
    """Copy a column."""
    return frame.withColumn(new_name(block), column(block.column(frame, "input_column")))


def new_name(block: Parameters) -> str:
    """Return the new name of a column, which differs from the old one."""
    name = block.text("new_name")
    if name == block.text("input_column"):
        raise block.error(f"{block.name('new_name')} is the old name", "choose another name")
    return name


def move(frame: DataFrame, parameters: Parameters) -> DataFrame:
    """Move columns. They keep their order."""
    place = parameters.choice("move_type", PLACES)
    block = parameters.block("move_type")
    moved = set(block.columns(frame, "column_to_move"))
    rest = [name for name in frame.columns if name not in moved]
    index = place(block, frame, rest)
    names = [*rest[:index], *(name for name in frame.columns if name in moved), *rest[index:]]
    return frame.select(*(column(name) for name in names))


def at_index(block: Parameters, frame: DataFrame, _: list[str]) -> int:
    """Return the index of the node, which counts the columns that are not moved."""
    index = block.integer("index")
    if not 0 <= index < len(frame.columns):
        raise block.error(f"{block.name('index')} is not between 0 and {len(frame.columns) - 1}")
    return index


def target(block: Parameters, frame: DataFrame, rest: list[str]) -> int:
    """Return the index of the target among the columns that are not moved."""
    name = block.column(frame, "target_column")
    if name not in rest:
        raise block.error(f"{block.name('target_column')} is itself a column to move")
    return rest.index(name)


def concatenate(frame: DataFrame, block: Parameters) -> DataFrame:
    """Join the texts of two columns. Numbers, dates and others become text first."""
    only(block, "left_column", "right_column", "delimiter", "output_column")
    left, right = block.column(frame, "left_column"), block.column(frame, "right_column")
    # An empty delimiter is one, too.
    delimiter = "" if block.get("delimiter") == "" else block.optional_text("delimiter") or "_"
    joined = sf.concat_ws(delimiter, column(left).cast("string"), column(right).cast("string"))
    return frame.withColumn(block.optional_text("output_column") or f"{left}_{right}", joined)


Place = Callable[[Parameters, DataFrame, list[str]], int]
PLACES: dict[str, Place] = {
    "Move to start": lambda *_: 0,
    "Move to end": lambda _, __, rest: len(rest),
    "Move to index": at_index,
    "Move after": lambda *arguments: target(*arguments) + 1,
    "Move before": target,
}
OPERATORS: dict[str, Callable[[DataFrame, Parameters], DataFrame]] = {
    "Drop column": drop,
    "Rename column": rename,
    "Duplicate column": duplicate,
    "Move column": move,
    "Concatenate columns": concatenate,
}
