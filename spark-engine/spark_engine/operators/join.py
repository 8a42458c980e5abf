"""Join two datasets.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-join>

Columns that both sides have get the suffixes `_0` and `_1`, as public flows show that drop them after
the join: <https://github.com/aws/amazon-sagemaker-examples/blob/main/sagemaker-datawrangler/joined-dataflow/join.flow>

A join on several keys has keys of the same name only once, without a suffix, as in
<https://github.com/aws/amazon-sagemaker-examples/blob/main/sagemaker-datawrangler/timeseries-quantile-selection-dataflow/Quantile-Selector.flow>
"""

from collections.abc import Collection
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator

# By the names that flows use. Spark accepts each of them, too.
JOIN_TYPES = {
    "inner": "inner",
    "left": "leftouter",
    "leftouter": "leftouter",
    "left_outer": "leftouter",
    "right": "rightouter",
    "rightouter": "rightouter",
    "right_outer": "rightouter",
    "full": "fullouter",
    "outer": "fullouter",
    "fullouter": "fullouter",
    "full_outer": "fullouter",
    "leftsemi": "leftsemi",
    "left_semi": "leftsemi",
    "semi": "leftsemi",
    "leftanti": "leftanti",
    "left_anti": "leftanti",
    "anti": "leftanti",
    "cross": "cross",
}
# These keep rows and columns of the left side only.
ONE_SIDED = frozenset({"leftsemi", "leftanti"})


@operator("sagemaker.spark.join_tables_0.1", inputs=2)
def join_tables(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Join on one column of each side."""
    how = parameters.choice("join_type", JOIN_TYPES)
    left, right = frames
    keys = [] if how == "cross" else [_key(parameters, frames, "left_column", "right_column")]
    return _join(left, right, how, keys, merged=())


@operator("sagemaker.spark.join_multi_keys_0.1", inputs=2)
def join_multi_keys(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Join on several columns of each side."""
    how = parameters.choice("join_type", JOIN_TYPES)
    left, right = frames
    items = [] if how == "cross" else parameters.items("join_keys")
    keys = [_key(item, frames, "left", "right") for item in items]
    if not keys and how != "cross":
        raise parameters.error(f"{parameters.name('join_keys')} is missing")
    return _join(left, right, how, keys, merged=[one for one, other in keys if one == other])


def _key(parameters: Parameters, frames: list[DataFrame], one: str, other: str) -> tuple[str, str]:
    """Read the columns of both sides that must be equal."""
    left, right = frames
    return parameters.column(left, one), parameters.column(right, other)


def _join(
    left: DataFrame, right: DataFrame, how: str, keys: list[tuple[str, str]], *, merged: Collection[str]
) -> DataFrame:
    """Join under temporary names, so that no name is ambiguous, even in a join with itself.

    Merged keys come first, with the value of the side that has one.
    """
    lefts = {name: f"left_{index}" for index, name in enumerate(left.columns)}
    rights = {name: f"right_{index}" for index, name in enumerate(right.columns)}
    one, other = left.toDF(*lefts.values()), right.toDF(*rights.values())
    if how == "cross":
        joined = one.crossJoin(other)
    else:
        equal = (sf.col(lefts[a]) == sf.col(rights[b]) for a, b in keys)
        joined = one.join(other, reduce(Column.__and__, equal), how)
    if how in ONE_SIDED:
        return joined.toDF(*left.columns)
    shared = set(left.columns) & set(right.columns)
    columns = [sf.coalesce(lefts[name], rights[name]).alias(name) for name in merged]
    for names, suffix in ((lefts, "_0"), (rights, "_1")):
        rest = {name: temporary for name, temporary in names.items() if name not in merged}
        columns += [
            sf.col(temporary).alias(f"{name}{suffix}" if name in shared else name)
            for name, temporary in rest.items()
        ]
    return joined.select(*columns)
