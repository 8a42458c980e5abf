"""Time series: validate, impute, resample, and extract features of the past.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-time-series>

Evidence of the names: the flows `sagemaker-datawrangler/timeseries-dataflow/timeseries.flow` and
`TS-Workshop-DataPreparation.flow` of aws/amazon-sagemaker-examples, which have `Validate
timestamps`, `Handle missing`, `Resample`, `Featurize datetime`, `Lag features` and `Rolling window
features`. `Extract features` has the members of `Rolling window features`. No public flow has the
other transforms (`Group by`, `Standardize length`, `Datetime range`), and their labels do not give
their members, so they are refused.

What no source says, this module decides:

- New columns: `<column>_lag_<n>` for lags, and tsfresh's `<column>__<feature>` for features,
  because Data Wrangler uses tsfresh.
- Windows at the start of a series have the rows that there are. Without any row, the features are
  missing.
- Resampling aggregates each interval, and then fills the empty ones. Each series keeps its own
  start and end.
"""

from collections.abc import Callable, Mapping

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as sf
from pyspark.sql.types import (
    ArrayType,
    DateType,
    DoubleType,
    FractionalType,
    NumericType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from spark_engine.columns import column, unused
from spark_engine.operators.dates import extract_columns, timestamps
from spark_engine.parameters import Parameters, plain_name
from spark_engine.registry import Context, operator
from spark_engine.repeatable import content_hash
from spark_engine.resampling import Resampling
from spark_engine.strict import only

# pandas' offsets by their descriptions in Data Wrangler: `Hourly` is in flows, `Week`, `Month`,
# `Annual Quarter`, `Year` and `Business day` are in exported code. The others mean only one thing.
OFFSETS = {
    "Annual Quarter": "Q",
    "Business day": "B",
    "Calendar day": "D",
    "Daily": "D",
    "Day": "D",
    "Hour": "H",
    "Hourly": "H",
    "Minute": "T",
    "Minutely": "T",
    "Month": "M",
    "Monthly": "M",
    "Quarterly": "Q",
    "Second": "S",
    "Secondly": "S",
    "Week": "W",
    "Weekly": "W",
    "Year": "A",
    "Yearly": "A",
}
AGGREGATES = {name: name for name in ("mean", "median", "min", "max", "sum", "first", "last")}
FILLS = {"ffill": "ffill", "bfill": "bfill"}
FEATURE_MEMBERS = ["strategy", "flatten", "output_column"]
ALONG = "hm_input_type_Along column_parameters"
CONSTANT = "hmac_strategy_Constant Value_parameters"


@operator("sagemaker.spark.time_series_0.1")
def time_series(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Transform time series."""
    [frame] = frames
    kinds: dict[str, Callable[[DataFrame, Parameters], DataFrame]] = {
        "Validate timestamps": validate,
        "Handle missing": impute,
        "Resample": resample,
        "Featurize datetime": extract_columns,
        "Lag features": lag,
        "Rolling window features": roll,
        "Extract features": extract,
    }
    return parameters.choice("operator", kinds)(frame, parameters.block())


def validate(frame: DataFrame, block: Parameters) -> DataFrame:
    """Drop rows whose timestamp is missing or invalid."""
    only(block, "timestamp_column", "policy")
    block.choice("policy", {"drop": True})
    return frame.where(_time(frame, block).isNotNull())


def _time(frame: DataFrame, block: Parameters, prefix: str = "") -> Column:
    """Return the column of timestamps. Invalid ones are missing."""
    name = block.column(frame, f"{prefix}timestamp_column")
    if not isinstance(frame.schema[name].dataType, (TimestampType, DateType, StringType)):
        raise block.error(f"`{name}` has neither timestamps nor text", "cast it to a datetime first")
    return timestamps(frame, block, name)


def _series(frame: DataFrame, block: Parameters, prefix: str = "") -> WindowSpec:
    """Return the rows of the same series in the order of time. Equal times have an order, too."""
    identity = block.optional_column(frame, f"{prefix}id_column")
    return Window.partitionBy(*([] if identity is None else [column(identity)])).orderBy(
        _time(frame, block, prefix), content_hash(frame)
    )


def impute(frame: DataFrame, block: Parameters) -> DataFrame:
    """Replace missing values of a column with a value, or with one before or after it in the series."""
    only(block, "hm_input_type", ALONG)
    along = block.choice("hm_input_type", {"Along column": block.nested(ALONG)})
    members = [
        "output_column",
        "id_column",
        "strategy",
        "leftovernans",
        "sequence_column",
        "timestamp_column",
    ]
    only(along, CONSTANT, *(f"hmac_{member}" for member in members))
    name = along.column(frame, "hmac_sequence_column")
    output = along.optional_text("hmac_output_column") or name
    strategies: dict[str, Callable[[DataFrame, Parameters, str], Column]] = {
        "Constant Value": _constant,
        "Most Common Value": _most_common,
        "Forward Fill": _forward,
        "Backward Fill": _backward,
    }
    filled = along.choice("hmac_strategy", strategies)(frame, along, name)
    names = dict.fromkeys([*frame.columns, output])
    return frame.withColumn(output, filled).select(*map(column, names))


def _known(frame: DataFrame, name: str) -> Column:
    """Return a column with null for each missing value, also for NaN."""
    if isinstance(frame.schema[name].dataType, FractionalType):
        return sf.when(~sf.isnan(column(name)), column(name))
    return column(name)


def _constant(frame: DataFrame, along: Parameters, name: str) -> Column:
    constant, kind = along.nested(CONSTANT), frame.schema[name].dataType
    read = constant.number if isinstance(kind, NumericType) else constant.text
    return sf.coalesce(_known(frame, name), sf.lit(read("hmac_custom_value")).cast(kind))


def _most_common(frame: DataFrame, along: Parameters, name: str) -> Column:
    """Fill with the value that most rows have. Of several, it is the smallest one."""
    counted = frame.select(_known(frame, name).alias("value")).dropna().groupBy("value").count()
    first = counted.orderBy(sf.desc("count"), "value").head()
    if first is None:
        raise along.error(f"`{name}` has no value", "choose another column")
    return sf.coalesce(_known(frame, name), sf.lit(first.value))


def _forward(frame: DataFrame, along: Parameters, name: str) -> Column:
    before, after = _neighbors(frame, along, name)
    return sf.coalesce(before, after) if _fills_leftover(along) else before


def _backward(frame: DataFrame, along: Parameters, name: str) -> Column:
    before, after = _neighbors(frame, along, name)
    return sf.coalesce(after, before) if _fills_leftover(along) else after


def _neighbors(frame: DataFrame, along: Parameters, name: str) -> tuple[Column, Column]:
    """Return the last known value up to each row, and the first one from each row."""
    value, series = _known(frame, name), _series(frame, along, "hmac_")
    return (
        sf.last(value, ignorenulls=True).over(series.rowsBetween(Window.unboundedPreceding, 0)),
        sf.first(value, ignorenulls=True).over(series.rowsBetween(0, Window.unboundedFollowing)),
    )


def _fills_leftover(along: Parameters) -> bool:
    if along.optional_text("hmac_leftovernans") is None:
        return False
    return along.choice("hmac_leftovernans", {"Fill with Forward/Backward feed": True})


def resample(frame: DataFrame, block: Parameters) -> DataFrame:
    """Give each series a row for each interval."""
    only(block, "frequency", "downsample", "upsample", "timestamp_column", "id_column")
    plan = _resampling(frame, block)
    time = _time(frame, block)
    if not frame.where(time.isNull()).isEmpty():
        problem = f"`{plan.time}` has missing or invalid timestamps"
        raise block.error(problem, "drop them with Validate timestamps first")
    numbers = {name: column(name).cast("double") for name in plan.numbers}
    [tie] = unused(frame, "tie")
    typed = frame.withColumns({**numbers, plan.time: time})
    keys = [] if plan.identity is None else [column(plan.identity)]
    schema = StructType([StructField(field.name, field.dataType) for field in typed.schema.fields])

    # Spark reads the annotations of a function, so it gets one instead of an object.
    def series(rows):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return plan(rows.sort_values(tie, kind="stable"))

    return typed.withColumn(tie, content_hash(typed)).groupBy(*keys).applyInPandas(series, schema)


def _resampling(frame: DataFrame, block: Parameters) -> Resampling:
    frequency = only(block.nested("frequency"), "quantity", "offset_description")
    quantity = frequency.integer("quantity", 1)
    if quantity < 1:
        raise frequency.error(f"{frequency.name('quantity')} must be at least 1")
    down, up = block.nested("downsample"), block.nested("upsample")
    time, identity = block.column(frame, "timestamp_column"), block.optional_column(frame, "id_column")
    numbers = [field.name for field in frame.schema.fields if isinstance(field.dataType, NumericType)]
    return Resampling(
        time=time,
        identity=identity,
        columns=frame.columns,
        numbers=frozenset(numbers) - {time, identity},
        rule=f"{quantity}{frequency.choice('offset_description', OFFSETS)}",
        aggregate=down.choice("numeric", AGGREGATES, "mean"),
        most_common=down.choice("non_numeric", {"most common": True, "first": False}, "most common"),
        interpolate=up.choice("numeric", {"linear": "linear", **FILLS}, "linear"),
        fill=up.choice("non_numeric", FILLS, "ffill"),
    )


def lag(frame: DataFrame, block: Parameters) -> DataFrame:
    """Append the values of rows before each row: of one, or of all up to it."""
    window = "entire_window_True_parameters"
    members = ["lag", "entire_window", "drop_rows", "output_column"]
    only(block, window, *members, "sequence_column", "id_column", "timestamp_column")
    name = block.column(frame, "sequence_column")
    longest = _positive(block, "lag")
    base = f"{block.optional_text('output_column') or plain_name(name)}_lag"
    series = _series(frame, block)
    entire = block.flag("entire_window", default=False)
    lags = {
        f"{base}_{distance}": sf.lag(column(name), distance).over(series)
        for distance in range(1 if entire else longest, longest + 1)
    }
    if entire and not block.nested(window).flag("flatten", default=False):
        lags = {base: sf.array(*lags.values())}
    if not block.flag("drop_rows", default=False):
        return frame.withColumns(lags)
    [position] = unused(frame, "position")
    numbered = frame.withColumns({**lags, position: sf.row_number().over(series)})
    return numbered.where(column(position) > longest).drop(position)


def roll(frame: DataFrame, block: Parameters) -> DataFrame:
    """Append features of the rows before each row."""
    only(block, "window_size", "sequence_column", "id_column", "timestamp_column", *FEATURE_MEMBERS)
    name = _features_of(frame, block)
    size = _positive(block, "window_size")
    past = _series(frame, block).rowsBetween(-size, -1)
    value = _known(frame, name).cast("double")
    features = {
        "sum_values": sf.sum(value),
        "median": sf.percentile(value, 0.5),
        "mean": sf.avg(value),
        "length": sf.sum(sf.lit(1.0)),
        "standard_deviation": sf.stddev_pop(value),
        "variance": sf.var_pop(value),
        "maximum": sf.max(value),
        "minimum": sf.min(value),
    }
    over = {feature: aggregate.over(past) for feature, aggregate in features.items()}
    return frame.withColumns(_named(block, name, over))


def extract(frame: DataFrame, block: Parameters) -> DataFrame:
    """Append features of each array."""
    only(block, "sequence_column", *FEATURE_MEMBERS)
    name = _features_of(frame, block)
    kind = frame.schema[name].dataType
    if not isinstance(kind, ArrayType) or not isinstance(kind.elementType, NumericType):
        raise block.error(f"`{name}` has no arrays of numbers", "group the values of each series first")
    values = sf.filter(column(name).cast(ArrayType(DoubleType())), lambda value: ~sf.isnan(value))
    [numbers] = unused(frame, "numbers")
    present = frame.withColumn(numbers, sf.when(sf.size(values) > 0, values))
    features = _named(block, name, _features_of_array(column(numbers)))
    return present.withColumns(features).drop(numbers)


def _features_of_array(values: Column) -> dict[str, Column]:
    count = sf.size(values).cast("double")
    total = sf.aggregate(values, sf.lit(0.0), lambda sum_, value: sum_ + value)
    mean = total / count
    variance = sf.aggregate(values, sf.lit(0.0), lambda sum_, value: sum_ + (value - mean) ** 2) / count
    ordered = sf.array_sort(values)
    middle = [sf.get(ordered, sf.floor((count - odd) / 2).cast("int")) for odd in (1, 0)]
    return {
        "sum_values": total,
        "median": (middle[0] + middle[1]) / 2,
        "mean": mean,
        "length": sf.when(values.isNotNull(), count),
        "standard_deviation": sf.sqrt(variance),
        "variance": variance,
        "maximum": sf.array_max(values),
        "minimum": sf.array_min(values),
    }


def _features_of(frame: DataFrame, block: Parameters) -> str:
    """Return the column to extract features of. Only tsfresh's minimal set, as columns, is supported."""
    block.choice("strategy", {"Minimal subset": True})
    if not block.flag("flatten", default=False):
        raise block.unsupported("features in one column, without flatten, are not supported")
    return block.column(frame, "sequence_column")


def _named(block: Parameters, name: str, features: Mapping[str, Column]) -> dict[str, Column]:
    base = block.optional_text("output_column") or plain_name(name)
    return {f"{base}__{feature}": value for feature, value in features.items()}


def _positive(block: Parameters, member: str) -> int:
    number = block.integer(member)
    if number < 1:
        raise block.error(f"{block.name(member)} must be at least 1")
    return number
