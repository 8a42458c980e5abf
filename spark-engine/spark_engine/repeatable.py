"""Randomness and orders that do not depend on how Spark spreads the rows over partitions and workers."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from spark_engine.columns import column, unused

# The bits of a hash that a double can hold.
_BITS = 53


def content_hash(frame: DataFrame) -> Column:
    """Return a hash of each row's values. Hashes of Spark leave null out, so its place is hashed too."""
    values: list[Column] = []
    for field in frame.schema.fields:
        value = column(field.name)
        values += [sf.to_json(value) if _has_map(field.dataType) else value, value.isNull()]
    return sf.xxhash64(*values)


def number_between(seed: int, *values: Column) -> Column:
    """Return a random number from 0 to 1 that depends on values and a seed."""
    mixed = sf.xxhash64(sf.lit(seed).cast("bigint"), *values)
    return sf.shiftrightunsigned(mixed, 64 - _BITS) * sf.lit(2.0**-_BITS)


def with_chance(frame: DataFrame, name: str, seed: int, ignored: str | None = None) -> DataFrame:
    """Append a random number from 0 to 1. The same rows get the same numbers with the same seed.

    Equal rows get different numbers. One column may be ignored.
    """
    content, place = unused(frame, "content", "place")
    values = frame if ignored is None else frame.drop(ignored)
    hashed = frame.withColumn(content, content_hash(values))
    equal = Window.partitionBy(content).orderBy(content)
    placed = hashed.withColumn(place, sf.row_number().over(equal))
    chance = number_between(seed, column(content), column(place))
    return placed.withColumn(name, chance).drop(content, place)


def in_one_partition(values: DataFrame) -> DataFrame:
    """Return a frame with one partition, in the order of the rows. Approximate quantiles depend on both."""
    [position] = unused(values, "position")
    numbered = values.withColumn(position, sf.monotonically_increasing_id())
    return numbered.repartition(1).sortWithinPartitions(column(position)).drop(position)


def _has_map(kind: DataType) -> bool:
    if isinstance(kind, ArrayType):
        return _has_map(kind.elementType)
    if isinstance(kind, StructType):
        return any(_has_map(field.dataType) for field in kind.fields)
    return isinstance(kind, MapType)
