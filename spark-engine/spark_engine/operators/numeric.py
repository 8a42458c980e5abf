"""Process numeric: scale columns with Spark ML's scalers.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-process-numeric>

Evidence of the names and defaults: the flows abalone-builtin.flow and those of the native engine's tests, and
flows that Data Wrangler exported to Python code. The code scales each column on its own, fits the scaler
to the rows with a number, and turns missing values into NaN.
"""

from collections.abc import Callable
from typing import Any

from pyspark.ml.feature import (
    MaxAbsScaler,
    MaxAbsScalerModel,
    MinMaxScaler,
    MinMaxScalerModel,
    RobustScaler,
    RobustScalerModel,
    StandardScaler,
    StandardScalerModel,
    VectorAssembler,
)
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql.types import NumericType

from spark_engine import trained
from spark_engine.columns import column, unused
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.repeatable import in_one_partition
from spark_engine.strict import COLUMNS, only

# A scaler with its settings, and the class of its trained model.
Scaler = tuple[Any, Any]


@operator("sagemaker.spark.process_numeric_0.1")
def process_numeric(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Scale one or more columns."""
    [frame] = frames
    parameters.choice("operator", {"Scale values": None})
    scaling = parameters.block()
    read = scaling.choice("scaler", SCALERS)
    block = scaling.block("scaler")
    scaler = read(block)
    pairs = block.outputs(frame)
    for name, output in pairs:
        frame = scale(frame, block, scaler, name, output or name, len(pairs))
    return frame


def standard(block: Parameters) -> Scaler:
    """Read a scaler that divides by the sample's standard deviation."""
    only(block, *COLUMNS, "center", "scale")
    scaler = StandardScaler(withMean=block.flag("center", False), withStd=block.flag("scale", True))
    return scaler, StandardScalerModel


def min_max(block: Parameters) -> Scaler:
    """Read a scaler to a range."""
    only(block, *COLUMNS, "min", "max")
    smallest, largest = block.number("min", 0), block.number("max", 1)
    if smallest >= largest:
        raise block.error(f"{block.name('min')} must be less than max")
    return MinMaxScaler(min=smallest, max=largest), MinMaxScalerModel


def robust(block: Parameters) -> Scaler:
    """Read a scaler that uses the median and a range of quantiles."""
    only(block, *COLUMNS, "lower_quantile", "upper_quantile", "center", "scale")
    lower, upper = block.number("lower_quantile", 0.25), block.number("upper_quantile", 0.75)
    if not 0 < lower < upper < 1:
        name = block.name("lower_quantile")
        raise block.error(f"{name} and upper_quantile must be between 0 and 1, in this order")
    center, scale = block.flag("center", False), block.flag("scale", True)
    scaler = RobustScaler(lower=lower, upper=upper, withCentering=center, withScaling=scale)
    return scaler, RobustScalerModel


def max_absolute(block: Parameters) -> Scaler:
    """Read a scaler that divides by the largest absolute value."""
    only(block, *COLUMNS)
    return MaxAbsScaler(), MaxAbsScalerModel


SCALERS: dict[str, Callable[[Parameters], Scaler]] = {
    "Standard scaler": standard,
    "Min-max scaler": min_max,
    "Robust scaler": robust,
    "Max absolute scaler": max_absolute,
}


def scale(
    frame: DataFrame, block: Parameters, scaler: Scaler, name: str, output: str, columns: int
) -> DataFrame:
    """Scale one column with the trained model, or with a model of this data."""
    kind = frame.schema[name].dataType
    if not isinstance(kind, NumericType):
        problem = f"the column `{name}` is a {kind.simpleString()}, but only numbers can be scaled"
        raise block.error(problem, "cast it first")
    estimator, model_kind = scaler
    copied, vector, scaled = unused(frame, "value", "vector", "scaled")
    frame = frame.withColumn(copied, column(name).cast("double"))
    of_column = trained.of_column(block.trained, name, columns)
    model = trained.load(block, of_column, "scaler_model", model_kind)
    if model is None:
        numbers = VectorAssembler(inputCols=[copied], outputCol=vector, handleInvalid="skip").transform(frame)
        if numbers.isEmpty():
            raise block.error(
                f"the column `{name}` has no numbers to fit a scaler to", "fill or drop it first"
            )
        numbers = numbers.select(vector)
        if isinstance(estimator, RobustScaler):
            numbers = in_one_partition(numbers)
        model = estimator.setInputCol(vector).fit(numbers)
    else:
        apply_settings(estimator, model)
    model = model.setInputCol(vector).setOutputCol(scaled)
    assembler = VectorAssembler(inputCols=[copied], outputCol=vector, handleInvalid="keep")
    result = model.transform(assembler.transform(frame))
    return result.withColumn(output, vector_to_array(scaled)[0]).drop(copied, vector, scaled)


def apply_settings(estimator: Any, model: Any) -> None:
    """Give a trained model the settings of the node, which may have changed since the training."""
    for setting in estimator.params:
        if estimator.isSet(setting):
            model.set(model.getParam(setting.name), estimator.getOrDefault(setting))
