"""Concatenate two datasets: the rows of the left one, and then those of the right one.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-concatenate>

We know no public flow with this operator, so its options (remove duplicates, add a column with the source)
are refused by the name that they have in the flow.
"""

from pyspark.sql import DataFrame

from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator


@operator(
    "sagemaker.spark.concatenate_0.1",
    "sagemaker.spark.concatenate_datasets_0.1",
    "sagemaker.spark.concatenate_tables_0.1",
    inputs=2,
)
def concatenate(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Append rows by the names of their columns."""
    left, right = frames
    options = [name for name in parameters.members() if parameters.get(name)]
    if options:
        raise parameters.unsupported(f"{parameters.name(options[0])} is not supported")
    differing = [name for name in left.columns if dict(left.dtypes)[name] != dict(right.dtypes).get(name)]
    others = set(right.columns) - set(left.columns)
    if differing or others:
        problem = f"the sides differ in columns or their types ({len(differing) + len(others)} differ)"
        raise parameters.error(problem, "give both sides the same columns before this node")
    return left.unionByName(right)
