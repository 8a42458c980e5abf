"""Data Wrangler's operators, implemented with Spark."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.ml import Estimator
from pyspark.ml.feature import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
    StringIndexer,
    VectorAssembler,
)
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf
from pyspark.sql.types import DataType, DateType, IntegralType, NumericType, StringType, TimestampType

Parameters = dict[str, Any]
MEDIAN_ERROR = 0.001
TYPES = {"bool": "boolean", "date": "date", "float": "double", "long": "bigint", "string": "string"}


def source(spark: SparkSession, folder: Path, options: Parameters) -> DataFrame:
    """Read a source node. The options are a path in the fixtures and members of s3ExecutionContext."""
    path = str(folder / options["path"])
    reader = spark.read.option("recursiveFileLookup", str(options.get("s3DirIncludesNested", False)).lower())
    kind = options.get("s3ContentType", "csv")
    if kind == "csv":
        frame = reader.csv(
            path=path,
            header=options.get("s3HasHeader", True),
            escape='"',
            quote='"',
            sep=options.get("s3FieldDelimiter", ","),
            mode="PERMISSIVE",
            encoding="utf-8",
            multiLine=options.get("s3MultiLine", False),
        )
    elif kind == "parquet":
        frame = reader.parquet(path)
    else:
        frame = reader.option("multiline", "false").json(path)
    if options.get("s3AddsFilenameColumn"):
        # The test runs in a different folder, so compare only the common part.
        name = sf.regexp_extract(sf.input_file_name(), "tests/oracle/(.*)$", 1)
        frame = frame.withColumn("_data_source_filename", name)
    return frame


def apply(frame: DataFrame, node: Parameters) -> DataFrame:
    """Apply a node of a flow."""
    name = node["operator"].removeprefix("sagemaker.spark.").removesuffix("_0.1")
    return OPERATORS[name](frame, node.get("parameters", {}), node.get("trained_parameters", {}))


def infer_and_cast(frame: DataFrame, _: Parameters, trained: Parameters) -> DataFrame:
    """Cast to the schema's types, in its order."""
    wanted = trained["schema"]
    return frame.selectExpr(
        *(
            f"`{name}`" if kind == "object" else f"CAST(`{name}` AS {TYPES[kind]})"
            for name, kind in wanted.items()
        )
    )


def cast_single(frame: DataFrame, parameters: Parameters, _: Parameters) -> DataFrame:
    """Cast one column and handle failed casts."""
    name, kind = parameters["column"], TYPES[parameters["data_type"]]
    if dict(frame.dtypes)[name] == kind:
        return frame
    method = parameters.get("non_castable_data_handling_method", "replace_null")
    cast = frame[name].cast(kind)
    if method == "replace_null":
        return frame.withColumn(name, cast)
    if method == "drop":
        dropped = frame.withColumn(name, cast)
        return dropped.where(dropped[name].isNotNull())
    value = parameters.get("replace_value")
    python: dict[str, Callable[[Any], Any]] = {"bool": bool, "float": float, "long": int, "string": str}
    constant = None if value is None or "null" in method else python[parameters["data_type"]](value)
    error = sf.when(cast.isNotNull(), "").otherwise(frame[name])
    names = frame.columns
    columns = {name: sf.when(cast.isNotNull(), cast).otherwise(constant)}
    if method.endswith("new_col"):
        columns[f"{name}_typecast_error"] = error
        names.insert(names.index(name) + 1, f"{name}_typecast_error")
    return frame.withColumns(columns).select(names)


def manage_columns(frame: DataFrame, parameters: Parameters, _: Parameters) -> DataFrame:
    """Drop, rename, duplicate and move columns."""
    operator = parameters["operator"]
    if operator == "Drop column":
        return frame.drop(*listed(parameters["drop_column_parameters"]["column_to_drop"]))
    if operator == "Rename column":
        block = parameters["rename_column_parameters"]
        pairs = list(block.get("columns_to_rename", []))
        if "input_column" in block:
            pairs.append(block)
        for pair in pairs:
            frame = frame.withColumnRenamed(pair["input_column"], pair["new_name"])
        return frame
    if operator == "Duplicate column":
        block = parameters["duplicate_column_parameters"]
        return frame.withColumn(block["new_name"], frame[block["input_column"]])
    kind = parameters["move_column_parameters"]["move_type"]
    block = parameters["move_column_parameters"][kind.lower().replace(" ", "_") + "_parameters"]
    moved = sorted(listed(block["column_to_move"]), key=frame.columns.index)
    rest = [name for name in frame.columns if name not in moved]
    positions: dict[str, Callable[[], int]] = {
        "Move to start": lambda: 0,
        "Move to end": lambda: len(rest),
        "Move to index": lambda: int(block["index"]),
        "Move after": lambda: rest.index(block["target_column"]) + 1,
        "Move before": lambda: rest.index(block["target_column"]),
    }
    index = positions[kind]()
    return frame.select([*rest[:index], *moved, *rest[index:]])


def manage_rows(frame: DataFrame, parameters: Parameters, _: Parameters) -> DataFrame:
    """Drop duplicates or sort."""
    if parameters["operator"] == "Drop duplicates":
        return frame.dropDuplicates()
    block = parameters["sort_parameters"]
    orders = {"Ascending": sf.asc, "Descending": sf.desc}
    return frame.sort([orders[c["order"]](c["sort_by"]) for c in block.get("conditions") or [block]])


def process_numeric(frame: DataFrame, parameters: Parameters, _: Parameters) -> DataFrame:
    """Scale numbers with Spark ML's scalers."""
    parameters = parameters["scale_values_parameters"]
    scaler = parameters["scaler"]
    name = scaler.lower().replace(" ", "_").replace("-", "_") + "_parameters"
    block = parameters[name]
    stage: Estimator[Any]
    if scaler == "Standard scaler":
        stage = StandardScaler(withMean=block.get("center", False), withStd=block.get("scale", True))
    elif scaler == "Min-max scaler":
        stage = MinMaxScaler(min=float(block.get("min", 0)), max=float(block.get("max", 1)))
    elif scaler == "Robust scaler":
        stage = RobustScaler(
            lower=block.get("lower_quantile", 0.25),
            upper=block.get("upper_quantile", 0.75),
            withCentering=block.get("center", False),
            withScaling=block.get("scale", True),
        )
    else:
        stage = MaxAbsScaler()
    for column, output in outputs(block):
        with plain(frame, column) as (plain_frame, plain_name, restore):
            frame = restore(scale(plain_frame, plain_name, stage, output or plain_name))
    return frame


def scale(frame: DataFrame, column: str, stage: Any, output: str) -> DataFrame:
    """Scale one column. Nulls become NaN."""
    assemble = {"inputCols": [column], "outputCol": "_in"}
    model = stage.copy()
    model.setParams(inputCol="_in", outputCol="_out")
    fitted = model.fit(VectorAssembler(handleInvalid="skip", **assemble).transform(frame))
    scaled = fitted.transform(VectorAssembler(handleInvalid="keep", **assemble).transform(frame))
    return scaled.withColumn(output, vector_to_array("_out")[0]).drop("_in", "_out")


def encode_categorical(frame: DataFrame, parameters: Parameters, _: Parameters) -> DataFrame:
    """Encode labels with Spark ML's indexer and encoder."""
    one_hot = parameters["operator"] == "One-hot encode"
    block = parameters["one_hot_encode_parameters" if one_hot else "ordinal_encode_parameters"]
    for column, output in outputs(block):
        with plain(frame, column) as (plain_frame, plain_name, restore):
            encode = one_hot_encode if one_hot else ordinal_encode
            frame = restore(encode(plain_frame, plain_name, output, block))
    return frame


def indexer(column: str, block: Parameters) -> StringIndexer:
    """Create an indexer with the node's strategy for invalid values."""
    strategies = {"Keep": "keep", "Skip": "skip", "Error": "error", "Replace with NaN": "keep"}
    strategy = strategies[block.get("invalid_handling_strategy", "Error")]
    return StringIndexer(inputCol=column, outputCol="_index", handleInvalid=strategy)


def ordinal_encode(frame: DataFrame, column: str, output: str | None, block: Parameters) -> DataFrame:
    """Replace labels with numbers."""
    model = indexer(column, block).fit(frame)
    encoded = model.transform(frame)
    index = sf.col("_index")
    if block.get("invalid_handling_strategy") == "Replace with NaN":
        index = sf.when(index == len(model.labels), float("nan")).otherwise(index)
    return encoded.withColumn(output or column, index).drop("_index")


def one_hot_encode(frame: DataFrame, column: str, output: str | None, block: Parameters) -> DataFrame:
    """Replace labels with columns."""
    frame = frame.withColumn(column, sf.when(sf.col(column) == "", None).otherwise(sf.col(column)))
    model = indexer(column, block).fit(frame)
    encoder = OneHotEncoder(
        inputCol="_index", outputCol="_vector", dropLast=block.get("drop_last", True), handleInvalid="error"
    )
    indexed = model.transform(frame)
    encoded = encoder.fit(indexed).transform(indexed)
    output = output or column
    array = vector_to_array(encoded["_vector"])
    kept = [f"`{name}`" for name in frame.columns if output != column or name != column]
    new = [array[i].alias(f"{output}_{label}") for i, label in enumerate(model.labels)]
    return encoded.select(*kept, *new)


def handle_missing(frame: DataFrame, parameters: Parameters, _: Parameters) -> DataFrame:
    """Impute, fill, mark or drop missing values."""
    operator = parameters["operator"]
    if operator == "Drop missing":
        block = parameters["drop_missing_parameters"]
        block = block.get("drop_rows_parameters", block)
        for column in listed(block.get("input_column") or frame.columns):
            frame = frame.where(~missing(frame, column, frame.schema[column].dataType))
        return frame
    if operator == "Add indicator for missing":
        block = parameters["add_indicator_for_missing_parameters"]
        for column, output in outputs(block):
            indicator = missing(frame, column, frame.schema[column].dataType)
            frame = frame.withColumn(output or f"{column}_indicator", indicator)
        return frame
    if operator == "Fill missing":
        block = parameters["fill_missing_parameters"]
        for column, output in outputs(block):
            kind = frame.schema[column].dataType
            value = block["fill_value"]
            if isinstance(kind, NumericType):
                value = int(value) if isinstance(kind, IntegralType) else float(value)
            frame = replace_missing(frame, column, output, value, kind)
        return frame
    return impute(frame, parameters["impute_parameters"])


def impute(frame: DataFrame, parameters: Parameters) -> DataFrame:
    """Fill missing values with a statistic of the column."""
    if parameters["column_type"] == "Categorical":
        for column, output in outputs(parameters["categorical_parameters"]):
            kind = frame.schema[column].dataType
            known = frame.select(column).where(~missing(frame, column, kind))
            top = known.groupBy(column).count().sort("count", ascending=False).head()
            frame = replace_missing(frame, column, output, top[0] if top else None, kind)
        return frame
    block = parameters["numeric_parameters"]
    for column, output in outputs(block):
        doubles = frame.withColumn(column, frame[column].cast("double"))
        if block["strategy"] == "Mean":
            value = doubles.na.drop().groupBy().mean(column).collect()[0][0]
        else:
            value = doubles.approxQuantile(column, [0.5], MEDIAN_ERROR)[0]
        frame = replace_missing(frame, column, output, value, doubles.schema[column].dataType)
    return frame


def missing(frame: DataFrame, column: str, kind: DataType) -> Column:
    """Return whether a value is missing."""
    value = frame[f"`{column}`"].cast(kind)
    if isinstance(kind, StringType):
        return sf.isnull(value) | (sf.trim(value) == "")
    if isinstance(kind, DateType | TimestampType):
        return sf.isnull(value)
    return sf.isnull(value) | sf.isnan(value)


def replace_missing(
    frame: DataFrame, column: str, output: str | None, value: Any, kind: DataType
) -> DataFrame:
    """Fill missing values in a column."""
    known = missing(frame, column, kind) == sf.lit(False)
    filled = sf.when(known, frame[column]).otherwise(value).cast(kind)
    return frame.withColumn(output or column, filled)


def custom_formula(frame: DataFrame, parameters: Parameters, _: Parameters) -> DataFrame:
    """Compute a column with a Spark SQL expression."""
    return frame.withColumn(parameters["output_column"], sf.expr(parameters["formula"]))


def listed(value: str | list[str]) -> list[str]:
    """Return a list of one or more names."""
    return value if isinstance(value, list) else [value]


def outputs(block: Parameters) -> list[tuple[str, str | None]]:
    """Return pairs of an input column and its optional output column."""
    columns = listed(block["input_column"])
    output = block.get("output_column") or None
    if output and len(columns) > 1:
        return [(column, f"{output}_{plain_name(column)}") for column in columns]
    return [(column, output) for column in columns]


def plain_name(name: str) -> str:
    """Replace characters that have a meaning in Spark's expressions."""
    return re.sub("[.`]+", "_", name)


@contextmanager
def plain(frame: DataFrame, column: str) -> Iterator[tuple[DataFrame, str, Callable[[DataFrame], DataFrame]]]:
    """Yield the frame with the column renamed to a plain name, and a function that restores the name."""
    name = plain_name(column)
    yield frame.withColumnRenamed(column, name), name, lambda frame: frame.withColumnRenamed(name, column)


OPERATORS: dict[str, Callable[[DataFrame, Parameters, Parameters], DataFrame]] = {
    "infer_and_cast_type": infer_and_cast,
    "cast_single_data_type": cast_single,
    "manage_columns": manage_columns,
    "manage_rows": manage_rows,
    "process_numeric": process_numeric,
    "encode_categorical": encode_categorical,
    "handle_missing": handle_missing,
    "custom_formula": custom_formula,
}
