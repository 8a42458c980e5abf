"""Code in a flow: pandas, PySpark, SQL and user-defined functions.

The code finds the data in the variable `df` and leaves its result there; SQL selects from the table
`df`: <https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-custom>

A user-defined function is named `custom_func` and gets a column, as in
<https://github.com/aws/amazon-sagemaker-examples/blob/main/sagemaker-datawrangler/redact-pii/redact-pii.flow>.
"""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    LongType,
    StringType,
    TimestampType,
)

from spark_engine.columns import column
from spark_engine.errors import FlowError
from spark_engine.faults import CODE, NO_MODULE, of_code, of_spark
from spark_engine.frames import UnfitFrameError, to_spark
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator

CORRECT = "correct the node's code"
ADD_MODULE = "add its package to `requirements.txt` next to `pipeline.yaml`"
if "SPARK_ENGINE_ML_DIR" not in os.environ:
    ADD_MODULE += f", or on this machine with `{sys.executable} -m pip install <package>`"
FUNCTION = "custom_func"
TABLE = "df"
RETURN_TYPES: dict[str, DataType] = {
    "bool": BooleanType(),
    "boolean": BooleanType(),
    "date": DateType(),
    "datetime": TimestampType(),
    "double": DoubleType(),
    "float": DoubleType(),
    "int": LongType(),
    "integer": LongType(),
    "long": LongType(),
    "string": StringType(),
    "timestamp": TimestampType(),
}


@operator("sagemaker.spark.custom_pandas_0.1")
def custom_pandas(frames: list[DataFrame], parameters: Parameters, context: Context) -> DataFrame:
    """Run code on a pandas frame."""
    [frame] = frames
    left = _run(_code(parameters), frame.toPandas(), parameters)
    if not isinstance(left, pd.DataFrame):
        raise _no_frame(parameters, left, "pandas DataFrame")
    before = {field.name: field.dataType for field in frame.schema.fields}
    try:
        return to_spark(context.spark, left, before)
    except UnfitFrameError as error:
        raise parameters.error(str(error), CORRECT) from error


@operator("sagemaker.spark.custom_pyspark_0.1")
def custom_pyspark(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Run code on a Spark frame."""
    [frame] = frames
    left = _run(_code(parameters), frame, parameters)
    if not isinstance(left, DataFrame):
        raise _no_frame(parameters, left, "Spark DataFrame")
    return _computed(left, parameters)


@operator("sagemaker.spark.custom_sql_0.1")
def custom_sql(frames: list[DataFrame], parameters: Parameters, context: Context) -> DataFrame:
    """Run a query on the table `df`."""
    [frame] = frames
    frame.createOrReplaceTempView(TABLE)
    try:
        selected = _selected(_code(parameters), frame, context)
    except Exception as error:
        raise parameters.error(of_spark(error), "correct the query, whose table is `df`") from error
    finally:
        context.spark.catalog.dropTempView(TABLE)
    return _computed(selected, parameters)


def _selected(query: str, frame: DataFrame, context: Context) -> DataFrame:
    """Return the rows of a query. Columns keep the names that they have with the machine's clock."""
    selected = context.spark.sql(query)
    fixed = context.clock.fixed(query, frame.columns) if context.clock else query
    return selected if fixed == query else context.spark.sql(fixed).toDF(*selected.columns)


def custom_function(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Apply a function to a column: to batches with pandas, or to each value with Python."""
    [frame] = frames
    create, member = parameters.choice("udf_mode", MODES)
    code = parameters.text(member)
    _compiled(code, parameters)
    source = parameters.column(frame, "input_col")
    function = create(_function(code), parameters.choice("return_type", RETURN_TYPES))
    output = parameters.optional_text("output_col") or source
    return _computed(frame.withColumn(output, function(column(source))), parameters)


@operator("sagemaker.spark.custom_code_0.1")
def custom_code(frames: list[DataFrame], parameters: Parameters, context: Context) -> DataFrame:
    """Run the kind of code that the node names."""
    apply, block = parameters.choice("operator", LANGUAGES)
    result: DataFrame = apply(frames, parameters.nested(block), context)
    return result


Apply = Callable[[list[DataFrame], Parameters, Context], Any]
LANGUAGES: dict[str, tuple[Apply, str]] = {
    "Python (Pandas)": (custom_pandas, "pandas_parameters"),
    "Python (PySpark)": (custom_pyspark, "pyspark_parameters"),
    "Python (User-Defined Function)": (custom_function, "udf_parameters"),
    "SQL (PySpark SQL)": (custom_sql, "sql_parameters"),
}
MODES: dict[str, tuple[Callable[..., Any], str]] = {
    "Pandas": (sf.pandas_udf, "pandas_code"),
    "Python": (sf.udf, "python_code"),
}


def _code(parameters: Parameters) -> str:
    return parameters.text("code")


def _compiled(code: str, parameters: Parameters) -> Any:
    try:
        return compile(code, CODE, "exec")
    except (SyntaxError, ValueError) as error:
        raise parameters.error(of_code(error, code), CORRECT) from error


def _run(code: str, frame: Any, parameters: Parameters) -> Any:
    """Run code with the variable `df`, and return what it left there. Its output goes to the log."""
    names: dict[str, Any] = {"__name__": "__main__", TABLE: frame}
    compiled = _compiled(code, parameters)
    try:
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            # The packages are pinned, so what later versions change does not matter.
            warnings.simplefilter("ignore", FutureWarning)
            exec(compiled, names)
    except SystemExit as error:
        raise parameters.error("the code ended Python with exit()", "remove the call") from error
    except ModuleNotFoundError as error:
        raise parameters.error(of_code(error, code), ADD_MODULE) from error
    except Exception as error:
        raise parameters.error(of_code(error, code), CORRECT) from error
    return names.get(TABLE)


def _no_frame(parameters: Parameters, left: Any, expected: str) -> FlowError:
    what = "no value" if left is None else f"a {type(left).__name__}"
    return parameters.error(f"the code left {what} in `df`, not a {expected}", CORRECT)


def _function(code: str) -> Callable[[Any], Any]:
    """Return a function that defines the node's function where it runs, and calls it."""
    defined: dict[str, Any] = {}

    def call(values: Any) -> Any:
        if FUNCTION not in defined:
            exec(compile(code, CODE, "exec"), defined)
        return defined[FUNCTION](values)

    # Spark reads from the annotations that the function gets and returns batches.
    call.__annotations__ = {"values": pd.Series, "return": pd.Series}
    return call


def _computed(frame: DataFrame, parameters: Parameters) -> DataFrame:
    """Compute the rows now, once, so that a failure of the code belongs to this node."""
    try:
        return frame.localCheckpoint(eager=True)
    except Exception as error:
        problem = of_spark(error)
        raise parameters.error(problem, ADD_MODULE if NO_MODULE in problem else CORRECT) from error
