"""Split data into two or three parts, and take samples.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-split-data>
<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-sampling>

Evidence of `split_0.1`: the flow `sagemaker-datawrangler/joined-dataflow/join.flow` of
aws/amazon-sagemaker-examples, whose later nodes read the outputs `Train` and `Test`, and a flow
that SageMaker Canvas exported to Python code in 2025, which has all four splits, their defaults and
the default seed.

No public flow has a node of the group Sampling. `sampling_0.1` is named as Data Wrangler names all
groups; the members are the labels of the documentation, with the names that they have elsewhere
(`seed`, `limit_rows`). Other members are refused. The exported code shows that a stratified sample
has the same share of each stratum, rounded down.

Random numbers depend on the rows and the seed only, so that a run on more workers or a repeated run gives the
same parts. Parts of a split must not overlap, so the column that they are cut from is computed once and kept.
"""

from collections.abc import Callable, Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf
from pyspark.sql.types import MapType, NumericType

from spark_engine.columns import column, unused
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.repeatable import with_chance
from spark_engine.strict import only

DEFAULT_SEED = 838257247
DEFAULT_ERROR = 5e-4
DEFAULT_OUTPUT = "default"
MOST_STRATA = 1000

Parts = dict[str, DataFrame]


@operator("sagemaker.spark.split_0.1")
def split(frames: list[DataFrame], parameters: Parameters, _: Context) -> Mapping[str, DataFrame]:
    """Split the rows. The first part is also the default output."""
    [frame] = frames
    kinds: dict[str, Callable[[DataFrame, Parameters], Parts]] = {
        "Randomized split": randomized,
        "Ordered split": ordered,
        "Stratified split": stratified,
        "Split by key": by_key,
    }
    block = parameters.block()
    parts = parameters.choice("operator", kinds)(frame, block)
    empty = [name for name, part in parts.items() if part.isEmpty()]
    if empty:
        problem = f"the part {', '.join(empty)} of the split is empty"
        raise block.error(problem, "give it a larger percentage, or handle duplicates in an ordered split")
    return {DEFAULT_OUTPUT: next(iter(parts.values())), **parts}


def randomized(frame: DataFrame, block: Parameters) -> Parts:
    """Split by a random number."""
    [chance] = unused(frame, "chance")
    return _cut(with_chance(frame, chance, _seed(block)), block, column(chance), frame.columns)


def ordered(frame: DataFrame, block: Parameters) -> Parts:
    """Split by a column, or else by the order of the rows."""
    name = block.optional_column(frame, "input_column")
    if name is None:
        return _cut(frame, block, sf.monotonically_increasing_id(), frame.columns)
    if not isinstance(frame.schema[name].dataType, NumericType):
        raise block.error(f"`{name}` is no column of numbers", "cast it to a number first")
    _refuse_missing(frame, block, name)
    if not block.flag("handle_duplicates", default=False):
        return _cut(frame, block, column(name), frame.columns)
    [chance] = unused(frame, "chance")
    order = column(name).cast("double") * (1 + column(chance) * 1e-13)
    return _cut(with_chance(frame, chance, _seed(block)), block, order, frame.columns)


def by_key(frame: DataFrame, block: Parameters) -> Parts:
    """Split by a hash of columns: rows with the same key are in the same part."""
    keys = block.columns(frame, "key_columns")
    for key in keys:
        if isinstance(frame.schema[key].dataType, MapType):
            raise block.error(f"`{key}` is a map, which has no hash", "choose another key")
    return _cut(frame, block, sf.hash(*map(column, keys)), frame.columns)


def stratified(frame: DataFrame, block: Parameters) -> Parts:
    """Split each stratum, the rows with the same value, by a random number."""
    stratum = block.column(frame, "input_column")
    _refuse_missing(frame, block, stratum)
    shares = _shares(block)
    chance, order, rows = unused(frame, "chance", "order", "rows")
    strata = frame.select(column(stratum)).distinct().count()
    if strata > MOST_STRATA:
        problem = f"`{stratum}` has {strata} values, and Data Wrangler supports {MOST_STRATA} strata"
        raise block.error(problem, "choose a column with fewer values")
    same = Window.partitionBy(column(stratum))
    numbered = with_chance(frame, chance, _seed(block)).withColumns(
        {order: sf.row_number().over(same.orderBy(column(chance))), rows: sf.count(sf.lit(1)).over(same)}
    )
    # Sums of shares are not exact.
    bounds = [sf.ceil(sf.round(column(rows) * share, 6)) for share in _thresholds(shares)]
    _error(block)
    return _between(numbered.persist(), frame.columns, list(shares), column(order), bounds)


def _cut(frame: DataFrame, block: Parameters, order: Column, columns: list[str]) -> Parts:
    """Split at approximate quantiles of an order. The parts have these columns."""
    shares = _shares(block)
    [name] = unused(frame, "order")
    numbered = frame.withColumn(name, order).persist()
    values = numbered.select(column(name).cast("double")).repartition(1).sortWithinPartitions(column(name))
    quantiles = values.approxQuantile(name, _thresholds(shares), _error(block))
    bounds = [sf.lit(quantile) for quantile in quantiles]
    return _between(numbered, columns, list(shares), column(name).cast("double"), bounds)


def _between(
    frame: DataFrame, columns: list[str], names: list[str], order: Column, bounds: list[Column]
) -> Parts:
    """Return the rows up to the first bound, between two bounds, and above the last one."""
    limits = [None, *bounds, None]
    parts = {}
    for name, (low, high) in zip(names, zip(limits, limits[1:])):
        part = frame
        if low is not None:
            part = part.where(order > low)
        if high is not None:
            part = part.where(order <= high)
        parts[name] = part.select(*map(column, columns))
    return parts


def _shares(block: Parameters) -> dict[str, float]:
    """Return the parts' names and their shares of the rows."""
    items = block.items("splits")
    shares = {item.text("name"): item.number("percentage") for item in items}
    if len(shares) < len(items) or DEFAULT_OUTPUT in shares:
        raise block.error(f"the names of {block.name('splits')} are not unique, or one is `{DEFAULT_OUTPUT}`")
    if len(shares) not in (2, 3):
        raise block.error(f"{block.name('splits')} has {len(shares)} parts, but must have 2 or 3")
    if min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-3:
        raise block.error(f"the percentages of {block.name('splits')} must be above 0 and sum to 1")
    return shares


def _thresholds(shares: Mapping[str, float]) -> list[float]:
    values = list(shares.values())
    return [sum(values[:end]) for end in range(1, len(values))]


def _error(block: Parameters) -> float:
    """Return the error that a quantile may have. The documentation limits it to 1."""
    error = block.number("error", DEFAULT_ERROR)
    if error < 0:
        raise block.error(f"{block.name('error')} is negative")
    return min(error, 1.0)


def _seed(block: Parameters) -> int:
    return block.integer("seed", DEFAULT_SEED)


def _refuse_missing(frame: DataFrame, block: Parameters, name: str) -> None:
    if not frame.where(column(name).isNull()).isEmpty():
        problem = f"`{name}` has missing values, whose rows no part would get"
        raise block.error(problem, "fill or drop them first, for example with Handle missing")


@operator("sagemaker.spark.sampling_0.1")
def sampling(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Take a sample of the rows."""
    [frame] = frames
    kinds = {"Limit": limited, "Randomized": random_sample, "Stratified": stratified_sample}
    return parameters.choice("operator", kinds)(frame, parameters.block())


def limited(frame: DataFrame, block: Parameters) -> DataFrame:
    """Take the first rows. Spark's limit alone may take rows of any partition."""
    size = _size(only(block, "limit_rows"), "limit_rows")
    [position] = unused(frame, "position")
    numbered = frame.withColumn(position, sf.monotonically_increasing_id())
    return numbered.orderBy(column(position)).limit(size).drop(position)


def random_sample(frame: DataFrame, block: Parameters) -> DataFrame:
    """Take about as many rows as asked for."""
    only(block, "sample_size", "seed")
    [chance] = unused(frame, "chance")
    drawn = with_chance(frame, chance, _seed(block))
    return drawn.where(column(chance) < _fraction(frame, block)).drop(chance)


def stratified_sample(frame: DataFrame, block: Parameters) -> DataFrame:
    """Take the same share of each stratum, the rows with the same value."""
    only(block, "sample_size", "seed", "stratify_column")
    stratum = column(block.column(frame, "stratify_column"))
    fraction = _fraction(frame, block)
    chance, place, rows = unused(frame, "chance", "place", "rows")
    numbered = with_chance(frame, chance, _seed(block)).withColumns(
        {
            place: sf.row_number().over(Window.partitionBy(stratum).orderBy(column(chance))),
            rows: sf.count(sf.lit(1)).over(Window.partitionBy(stratum)),
        }
    )
    chosen = numbered.where(column(place) <= sf.floor(column(rows) * fraction))
    return chosen.drop(chance, place, rows)


def _fraction(frame: DataFrame, block: Parameters) -> float:
    rows: int = frame.count()
    return min(1.0, _size(block, "sample_size") / max(rows, 1))


def _size(block: Parameters, member: str) -> int:
    size = block.integer(member)
    if size < 1:
        raise block.error(f"{block.name(member)} must be at least 1")
    return size
