"""Manage rows: sort, shuffle, and drop duplicates and empty rows.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-manage-rows>

Evidence of "Drop empty": flows that Data Wrangler exported to Python code. The code also names "Filter" and
its block, `filter_parameters`, but not the block's members, so "Filter" is refused.
"""

from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from spark_engine.columns import column, quoted, unused
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.repeatable import with_chance

SEED = 0
ORDERS = {"Ascending": sf.asc, "Descending": sf.desc}


@operator("sagemaker.spark.manage_rows_0.1")
def manage_rows(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Sort or shuffle rows, or drop duplicates or empty rows."""
    [frame] = frames
    return parameters.choice("operator", OPERATORS)(frame, parameters)


def drop_duplicates(frame: DataFrame, _: Parameters) -> DataFrame:
    """Drop rows that equal another row."""
    return frame.dropDuplicates()


def drop_empty(frame: DataFrame, _: Parameters) -> DataFrame:
    """Drop rows in which every value is null or NaN."""
    return frame.na.drop(how="all", subset=[quoted(name) for name in frame.columns])


def sort(frame: DataFrame, parameters: Parameters) -> DataFrame:
    """Sort rows by one or more columns. As in Spark, nulls are first when ascending."""
    block = parameters.block()
    conditions = block.items("conditions") or [block]
    orders = [
        condition.choice("order", ORDERS)(quoted(condition.column(frame, "sort_by")))
        for condition in conditions
    ]
    return frame.sort(*orders)


def shuffle(frame: DataFrame, _: Parameters) -> DataFrame:
    """Put rows in a random order, the same one in each run."""
    [chance] = unused(frame, "chance")
    return with_chance(frame, chance, SEED).sort(column(chance)).drop(chance)


OPERATORS: dict[str, Callable[[DataFrame, Parameters], DataFrame]] = {
    "Drop duplicates": drop_duplicates,
    "Drop empty": drop_empty,
    "Shuffle": shuffle,
    "Sort": sort,
}
