"""Balance data: change the ratio between the two classes of a column.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-balance-data>

Evidence of the names: the flow `hotel-booking.flow` of
arunprsh/SageMaker-Data-Wrangler-L400-Workshop (`balance_data_0.1`), and a flow that SageMaker
Canvas exported to Python code in 2025. The code shows what the documentation leaves open: the seed
is always 0, the ratio is the smaller class to the larger one, and a processing job makes synthetic
rows with Spark: neighbours come from BucketedRandomProjectionLSH, whose bucket is max(2 *
neighbours, 5) wide, and numbers become single precision.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.ml.feature import BucketedRandomProjectionLSH, Imputer, RobustScaler, VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf
from pyspark.sql.types import DoubleType, FloatType, LongType

from spark_engine.columns import column, unused
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.repeatable import number_between, with_chance

SEED = 0
NEIGHBORS = 5
NARROWEST_BUCKET = 5
# Data Wrangler takes a column for numbers if at least this share of its values is present.
PRESENT = 0.3
# In the pairs of neighbours, the prefixes of a row's columns and of its neighbour's.
ROW, NEIGHBOR = "row", "neighbor"


@dataclass(frozen=True)
class Classes:
    """The two values of the target, and how many rows have them."""

    minority: Any
    majority: Any
    fewer: int
    more: int


@operator("sagemaker.spark.balance_data_0.1")
def balance_data(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Add rows of the smaller class, or remove rows of the larger one."""
    [frame] = frames
    kinds: dict[str, Callable[[DataFrame, Parameters, Column, Classes], DataFrame]] = {
        "Random undersample": undersample,
        "Random oversample": oversample,
        "SMOTE": smote,
    }
    balance = parameters.choice("operator", kinds)
    target = parameters.column(frame, "target_column")
    classes = _classes(frame, parameters, target)
    ratio = parameters.number("ratio")
    if not 0 < ratio <= 1:
        raise parameters.error(f"{parameters.name('ratio')} must be above 0 and at most 1")
    if ratio <= classes.fewer / classes.more:
        problem = f"`{target}` already has the ratio {classes.fewer / classes.more:.6g}"
        raise parameters.error(problem, "ask for a larger ratio, or remove the node")
    return balance(frame.persist(), parameters, column(target), classes)


def _classes(frame: DataFrame, parameters: Parameters, target: str) -> Classes:
    counted = frame.groupBy(column(target).alias("label")).count().orderBy("count").head(3)
    if len(counted) != 2 or any(row.label is None for row in counted):
        problem = f"`{target}` must have two different values, and none missing"
        raise parameters.error(problem, "choose another target column, or fill or filter its values first")
    fewer, more = counted
    return Classes(fewer.label, more.label, fewer["count"], more["count"])


def undersample(frame: DataFrame, parameters: Parameters, target: Column, classes: Classes) -> DataFrame:
    """Keep only some rows of the larger class, in the order of the data."""
    keep = round(classes.fewer / parameters.number("ratio"))
    position, chance = unused(frame, "position", "chance")
    numbered = frame.withColumn(position, sf.monotonically_increasing_id()).persist()
    minority = numbered.where(target == sf.lit(classes.minority))
    majority = numbered.where(target == sf.lit(classes.majority))
    drawn = with_chance(majority, chance, SEED, ignored=position)
    kept = drawn.orderBy(column(chance)).limit(keep).drop(chance)
    return minority.union(kept).orderBy(column(position)).drop(position)


def oversample(frame: DataFrame, parameters: Parameters, target: Column, classes: Classes) -> DataFrame:
    """Repeat rows of the smaller class after the data."""
    copies, rest = divmod(_missing(parameters, classes), classes.fewer)
    [chance] = unused(frame, "chance")
    drawn = with_chance(frame.where(target == sf.lit(classes.minority)), chance, SEED)
    shuffled = drawn.persist().orderBy(column(chance))
    whole, part = (rows.drop(chance) for rows in (shuffled, shuffled.limit(rest)))
    return reduce(DataFrame.union, [frame, *[whole] * copies, part])


def _missing(parameters: Parameters, classes: Classes) -> int:
    """Return how many rows the smaller class lacks."""
    missing = round(parameters.number("ratio") * classes.more - classes.fewer)
    if missing == 0:
        raise parameters.error("the ratio needs no further row", "ask for a larger ratio")
    return missing


def smote(frame: DataFrame, parameters: Parameters, target: Column, classes: Classes) -> DataFrame:
    """Add rows between rows of the smaller class and their neighbours."""
    options = parameters.nested("smote_params")
    for field in frame.schema.fields:
        if isinstance(field.dataType, VectorUDT):
            raise parameters.error(f"`{field.name}` is a vector", "flatten it with Manage vectors first")
    numbers = _numbers(frame)
    if not numbers:
        raise parameters.error("SMOTE needs a column of numbers", "cast a column to a number first")
    single = frame.withColumns({name: column(name).cast("float") for name in numbers}).persist()
    minority = single.where(target == sf.lit(classes.minority))
    pairs = _pairs(minority, options, numbers).persist()
    return _interpolate(single, pairs, numbers, _missing(parameters, classes))


def _numbers(frame: DataFrame) -> list[str]:
    """Return the columns that Data Wrangler takes for numbers."""
    names = [
        field.name
        for field in frame.schema.fields
        if isinstance(field.dataType, (FloatType, LongType, DoubleType))
    ]
    shares = [sf.avg(_present(column(name)).cast("double")) for name in names]
    row = frame.agg(sf.count(sf.lit(1)), *shares).head()
    assert row is not None  # an aggregate without groups has one row
    return [name for name, share in zip(names, row[1:]) if (share or 0) >= PRESENT]


def _present(value: Column) -> Column:
    number = value.cast("double")
    infinite = sf.abs(number) == float("inf")
    return value.isNotNull() & ~sf.isnan(number) & ~infinite


def _pairs(minority: DataFrame, options: Parameters, numbers: list[str]) -> DataFrame:
    """Return each row with its nearest neighbours: `row0`, ..., `neighbor0`, ..., and the pair's `place`."""
    neighbors = options.integer("num_neighbors", NEIGHBORS)
    if neighbors < 1:
        raise options.error(f"{options.name('num_neighbors')} must be at least 1")
    # Columns have plain names inside structures.
    plain = sf.struct(*[column(name).alias(f"c{at}") for at, name in enumerate(minority.columns)])
    [chance] = unused(minority, "chance")
    rows = with_chance(minority, chance, SEED).select(column(chance).alias("id"), plain.alias("row"))
    vectors = _vectors(rows, [minority.columns.index(name) for name in numbers], options)
    width = float(max(neighbors * 2, NARROWEST_BUCKET))
    lsh = BucketedRandomProjectionLSH(inputCol="vector", outputCol="hashes", seed=SEED, bucketLength=width)
    joined = lsh.fit(vectors).approxSimilarityJoin(vectors, vectors, float("inf"), "distance")
    apart = joined.where("distance > 0")
    # Only if all rows are alike, each is its own neighbour.
    joined = joined if apart.isEmpty() else apart
    nearest = Window.partitionBy("datasetA.id").orderBy("distance", "datasetB.id")
    ranked = joined.withColumn("rank", sf.row_number().over(nearest)).where(f"rank <= {neighbors}")
    sides = [
        sf.col(f"dataset{side}.row.c{at}").alias(f"{prefix}{at}")
        for side, prefix in (("A", ROW), ("B", NEIGHBOR))
        for at in range(len(minority.columns))
    ]
    # All rows come once, then all rows come with their second neighbour, and so on.
    place = sf.row_number().over(Window.orderBy("rank", "datasetA.id"))
    return ranked.select(place.alias("place"), *sides)


def _vectors(rows: DataFrame, numbers: list[int], options: Parameters) -> DataFrame:
    """Append the vector that distances are computed of. Missing numbers are the medians."""
    names = [f"n{at}" for at in numbers]
    values = rows.withColumns({f"n{at}": sf.col(f"row.c{at}").cast("double") for at in numbers})
    if options.flag("normalize", default=False):
        assembler = VectorAssembler(inputCols=names, outputCol="raw", handleInvalid="keep")
        raw = assembler.transform(values)
        scaler = RobustScaler(inputCol="raw", outputCol="scaled", withCentering=True, withScaling=True)
        scaled = scaler.fit(_ordered(raw)).transform(raw)
        array = vector_to_array(sf.col("scaled"))
        values = scaled.withColumns({name: array[at] for at, name in enumerate(names)}).drop("raw", "scaled")
    median = Imputer(strategy="median", inputCols=names, outputCols=names)
    filled = median.fit(_ordered(values)).transform(values)
    return VectorAssembler(inputCols=names, outputCol="vector").transform(filled).drop(*names)


def _ordered(rows: DataFrame) -> DataFrame:
    """Return the rows in one order, because approximate quantiles depend on it."""
    return rows.repartition(1).sortWithinPartitions("id")


def _interpolate(frame: DataFrame, pairs: DataFrame, numbers: list[str], missing: int) -> DataFrame:
    """Append synthetic rows. If there are fewer pairs than rows to make, pairs are used again."""
    available = min(pairs.count(), missing)
    rounds = math.ceil(missing / available)
    for number in range(rounds):
        wanted = min(available, missing - number * available)
        chosen = pairs.where(f"place <= {wanted}").withColumn(
            "weight", number_between(SEED + number, sf.col("place"))
        )
        features = [
            _between(name in numbers, at, SEED + number).cast(frame.schema[name].dataType).alias(name)
            for at, name in enumerate(frame.columns)
        ]
        frame = frame.union(chosen.select(*features))
    return frame


def _between(number: bool, at: int, seed: int) -> Column:
    """Return a weighted average of a number, or one of two other values with the weight as its chance."""
    row, neighbor, weight = sf.col(f"{ROW}{at}"), sf.col(f"{NEIGHBOR}{at}"), sf.col("weight")
    if number:
        return weight * row + (1 - weight) * neighbor
    chance = number_between(seed * 1000 + at + 1, sf.col("place"))
    return sf.when(chance < weight, row).otherwise(neighbor)
