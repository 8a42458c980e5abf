"""Custom formula: a Spark SQL expression.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-custom-formula>
"""

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator


@operator("sagemaker.spark.custom_formula_0.1")
def custom_formula(frames: list[DataFrame], parameters: Parameters, context: Context) -> DataFrame:
    """Compute a column with a Spark SQL expression."""
    [frame] = frames
    output, formula = parameters.text("output_column"), parameters.text("formula")
    try:
        fixed = context.clock.fixed(formula, frame.columns) if context.clock else formula
        return frame.withColumn(output, sf.expr(fixed))
    except ParseException as error:
        raise parameters.error("the formula is no Spark SQL expression", "correct the formula") from error
    except AnalysisException as error:
        problem = f"Spark rejects the formula ({error.getErrorClass() or 'no error class'})"
        raise parameters.error(
            problem, "correct the formula, for example the names of its columns"
        ) from error
