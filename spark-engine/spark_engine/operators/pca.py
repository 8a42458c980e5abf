"""Dimensionality reduction: principal component analysis.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-dimensionality-reduction>

No public flow has such a node. `dimensionality_reduction_0.1` is named as Data Wrangler names all
groups, and the members are the labels of the documentation. Other members are refused, and so are
columns without a name for the output, because the documentation does not name a default. Components
are numbered from 0 as the columns of the similarity encoder are.
"""

from itertools import accumulate

from pyspark.ml.feature import PCA, PCAModel, StandardScaler, VectorSlicer
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame

from spark_engine.columns import column, unused
from spark_engine.operators.vectors import assemble_columns
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.strict import only

METHODS = ["PCA", "Principal component analysis", "Principal Component Analysis"]
MEMBERS = [
    "input_column",
    "number_of_principal_components",
    "variance_threshold_percentage",
    "center",
    "scale",
    "output_format",
    "output_column",
    "keep_input_columns",
]
DEFAULT_THRESHOLD = 95.0
# The share of the variance is a sum of floating point numbers.
ROUNDING = 1e-9


@operator("sagemaker.spark.dimensionality_reduction_0.1")
def dimensionality_reduction(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Replace columns of numbers by their principal components."""
    [frame] = frames
    parameters.choice("operator", dict.fromkeys(METHODS))
    block = only(parameters.block(), *MEMBERS)
    inputs, output = block.columns(frame, "input_column"), block.text("output_column")
    as_vector = block.choice("output_format", {"Columns": False, "Vector": True})
    _refuse_missing(frame, block, inputs)
    scored, scores, count = _components(frame, block, inputs)
    kept = [
        name
        for name in frame.columns
        if name != output and (name not in inputs or block.flag("keep_input_columns", default=False))
    ]
    values = vector_to_array(column(scores))
    features = [values[at].alias(f"{output}_{at}") for at in range(count)]
    if as_vector:
        features = [column(scores).alias(output)]
    return scored.select(*map(column, kept), *features)


def _refuse_missing(frame: DataFrame, block: Parameters, inputs: list[str]) -> None:
    for name in inputs:
        if not frame.where(column(name).isNull() | (column(name) != column(name))).isEmpty():
            problem = f"`{name}` has missing values, which have no principal components"
            raise block.error(problem, "fill them first, for example with Handle missing")


def _components(frame: DataFrame, block: Parameters, inputs: list[str]) -> tuple[DataFrame, str, int]:
    """Append the components of each row. Return the frame, their column and their number."""
    assembled, vector = assemble_columns(frame, block, inputs)
    scaled, scores, leading = unused(assembled, "scaled", "scores", "leading")
    scaler = StandardScaler(
        inputCol=vector,
        outputCol=scaled,
        withMean=block.flag("center", default=True),
        withStd=block.flag("scale", default=True),
    )
    ready = scaler.fit(assembled).transform(assembled)
    model = PCA(k=len(inputs), inputCol=scaled, outputCol=scores).fit(ready)
    count = _count(block, model, len(inputs))
    slicer = VectorSlicer(inputCol=scores, outputCol=leading, indices=list(range(count)))
    return slicer.transform(model.transform(ready)), leading, count


def _count(block: Parameters, model: PCAModel, most: int) -> int:
    """Return the number that is asked for, or the smallest one that explains enough of the variance."""
    explained = list(accumulate(float(share) for share in model.explainedVariance.toArray()))
    if block.get("number_of_principal_components") in (None, ""):
        threshold = block.number("variance_threshold_percentage", DEFAULT_THRESHOLD) / 100
        if not 0 < threshold <= 1:
            raise block.error(
                f"{block.name('variance_threshold_percentage')} must be above 0 and at most 100"
            )
        return next(at for at, share in enumerate(explained, 1) if share >= threshold - ROUNDING)
    count = block.integer("number_of_principal_components")
    if not 1 <= count <= most:
        problem = f"{block.name('number_of_principal_components')} must be from 1 to {most}"
        raise block.error(problem, "choose as many components as there are input columns, or fewer")
    return count
