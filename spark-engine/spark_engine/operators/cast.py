"""Types of columns: infer and cast all of them, or cast one.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-cast-type>

Values that cannot be cast become null, as in Spark. The run reports them as lost.

Flows that Data Wrangler exported to Python code show how one column becomes a date or a time: with the format
of `date_formatting`, by default day, month and year, or of `datetime_formatting`, by default any that
pandas reads.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import StringType

from spark_engine.columns import column
from spark_engine.inference import infer
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, LostValues, operator

# Data Wrangler's types, and Spark's.
TYPES = {
    "bool": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "float": "double",
    "long": "bigint",
    "string": "string",
}
# A column of this type keeps its own type.
OBJECT = "object"
# Python reads the value that replaces failed casts.
PYTHON_TYPES: dict[str, Callable[[Any], Any]] = {"bool": bool, "float": float, "long": int, "string": str}
METHOD = "non_castable_data_handling_method"
DATE_FORMAT = "dd-MM-yyyy"
ERRORS_SUFFIX = "_typecast_error"


@operator("sagemaker.spark.infer_and_cast_type_0.1")
def infer_and_cast(frames: list[DataFrame], parameters: Parameters, context: Context) -> DataFrame:
    """Cast all columns to the types of the trained schema, in its order, or to inferred types."""
    [frame] = frames
    schema = _trained_schema(frame, parameters) or infer(frame)
    wanted = {name: TYPES[kind] for name, kind in schema.items() if kind != OBJECT}
    casts = {name: cast(frame, name, kind) for name, kind in wanted.items()}
    report_lost(frame, casts, wanted, parameters, context)
    return frame.select(*(casts.get(name, column(name)).alias(name) for name in schema))


@operator("sagemaker.spark.cast_single_data_type_0.1")
def cast_single(frames: list[DataFrame], parameters: Parameters, context: Context) -> DataFrame:
    """Cast one column, and handle failed casts."""
    [frame] = frames
    name = parameters.column(frame, "column")
    kind = parameters.choice("data_type", TYPES)
    handle = parameters.choice(METHOD, METHODS, default="replace_null")
    if dict(frame.dtypes)[name] == kind:
        return frame
    value = _cast_to_format(frame, name, kind, parameters)
    if handle is _replace_null:
        report_lost(frame, {name: value}, {name: kind}, parameters, context)
    return handle(frame, name, value, parameters)


def _cast_to_format(frame: DataFrame, name: str, kind: str, parameters: Parameters) -> Column:
    """Return the column with another type. The node may have a format of dates and times."""
    time_format = parameters.optional_text("datetime_formatting")
    if kind == "date":
        return sf.to_date(column(name), _date_format(parameters))
    if kind == "timestamp" and time_format is not None:
        return sf.to_timestamp(column(name), time_format)
    return cast(frame, name, kind)


def _date_format(parameters: Parameters) -> str:
    return parameters.optional_text("date_formatting") or DATE_FORMAT


def cast(frame: DataFrame, name: str, kind: str) -> Column:
    """Return the column with another type. Data Wrangler lets pandas read times in any format."""
    before = dict(frame.dtypes)[name]
    if kind == "timestamp" and before == "string":
        return _parsed_time(column(name)).cast("timestamp")
    return column(name).cast(kind)


def report_lost(
    frame: DataFrame,
    casts: Mapping[str, Column],
    kinds: Mapping[str, str],
    parameters: Parameters,
    context: Context,
) -> None:
    """Count the values that the casts turn into null, in one pass."""
    before = dict(frame.dtypes)
    changed = [name for name in casts if before[name] != kinds[name] and kinds[name] != "string"]
    if not changed:
        return
    lost = (column(name).isNotNull() & casts[name].isNull() for name in changed)
    counts = frame.select(*(sf.count(sf.when(is_lost, 1)) for is_lost in lost)).first() or ()
    context.lost.extend(
        LostValues(parameters.node_id, name, kinds[name], rows) for name, rows in zip(changed, counts) if rows
    )


def _trained_schema(frame: DataFrame, parameters: Parameters) -> dict[str, str]:
    """Return the trained schema, which must have the columns of the data. Empty if there is none."""
    schema = parameters.trained.get("schema") if isinstance(parameters.trained, Mapping) else None
    if not schema:
        return {}
    unknown = [kind for kind in schema.values() if kind not in TYPES and kind != OBJECT]
    if unknown:
        raise parameters.unsupported(f"trained_parameters.schema has the unknown type {unknown[0]}")
    missing = [name for name in schema if name not in frame.columns]
    others = len(set(frame.columns) - set(schema))
    if missing or others:
        lacks = (
            f" it lacks {len(missing)} of {len(schema)} columns ({', '.join(missing)});" if missing else ""
        )
        has = f" it has {others} other columns;" if others else ""
        raise parameters.error(
            f"the data does not match the node's schema:{lacks}{has}".removesuffix(";"),
            "give the data these columns, or retrain the flow",
        )
    return dict(schema)


@sf.pandas_udf(StringType())  # type: ignore[untyped-decorator, unused-ignore]
def _parsed_time(values: pd.Series) -> pd.Series:
    """Return times in ISO 8601, and null for texts that are no times."""
    times = pd.to_datetime(values, errors="coerce", utc=True)
    return times.dt.strftime("%Y-%m-%d %H:%M:%S.%f").where(times.notna(), None)


def _constant(parameters: Parameters) -> Any:
    value = parameters.get("replace_value")
    if parameters.text("data_type") == "date":
        return None if value is None else sf.to_date(sf.lit(str(value)), _date_format(parameters))
    read = PYTHON_TYPES.get(parameters.text("data_type"))
    if read is None:
        raise parameters.unsupported("a value that replaces failed casts of times is not supported")
    try:
        return None if value is None else read(value)
    except (TypeError, ValueError) as error:
        raise parameters.error(f"{parameters.name('replace_value')} does not match the data_type") from error


def _replace_null(frame: DataFrame, name: str, value: Column, _: Parameters) -> DataFrame:
    return frame.withColumn(name, value)


def _drop(frame: DataFrame, name: str, value: Column, _: Parameters) -> DataFrame:
    return frame.withColumn(name, value).where(column(name).isNotNull())


def _replace_value(frame: DataFrame, name: str, value: Column, parameters: Parameters) -> DataFrame:
    return frame.withColumn(name, sf.when(value.isNotNull(), value).otherwise(_constant(parameters)))


def _null_with_errors(frame: DataFrame, name: str, value: Column, parameters: Parameters) -> DataFrame:
    return _with_errors(frame, name, value, None, parameters)


def _value_with_errors(frame: DataFrame, name: str, value: Column, parameters: Parameters) -> DataFrame:
    return _with_errors(frame, name, value, _constant(parameters), parameters)


def _with_errors(
    frame: DataFrame, name: str, value: Column, constant: Any, parameters: Parameters
) -> DataFrame:
    """Add a column with the values that cannot be cast. It is empty where the cast succeeded."""
    errors = f"{name}{ERRORS_SUFFIX}"
    if errors in frame.columns:
        raise parameters.error(f"the column `{errors}` already exists", "rename it before this node")
    names = frame.columns
    names.insert(names.index(name) + 1, errors)
    changed = frame.withColumns(
        {
            name: sf.when(value.isNotNull(), value).otherwise(constant),
            errors: sf.when(value.isNotNull(), "").otherwise(column(name)),
        }
    )
    return changed.select(*(column(each) for each in names))


METHODS: dict[str, Callable[[DataFrame, str, Column, Parameters], DataFrame]] = {
    "replace_null": _replace_null,
    "drop": _drop,
    "replace_value": _replace_value,
    "replace_null_with_new_col": _null_with_errors,
    "replace_value_with_new_col": _value_with_errors,
}
