"""Manage vectors: combine columns into a vector, and flatten a vector into columns.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-manage-vectors>

No public flow has such a node. `manage_vectors_0.1` is named as Data Wrangler names all groups, and
the members are the labels of the documentation with the names that they have in other nodes:
`input_column`, `output_column`, and `output_prefix`, which the code that SageMaker Canvas exports
lists among the names for outputs. The new columns are numbered from 0 as those of the similarity
encoder are. Other members are refused, except the method `Length of first vector`, the only one
that is documented.
"""

from pyspark.ml.feature import VectorAssembler, VectorSizeHint
from pyspark.ml.functions import vector_to_array
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import ArrayType, BooleanType, NumericType

from spark_engine.columns import column, unused
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.strict import only

FIRST_LENGTH = "Length of first vector"


@operator("sagemaker.spark.manage_vectors_0.1")
def manage_vectors(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Assemble or flatten vectors."""
    [frame] = frames
    kinds = {"Assemble": assemble, "Flatten": flatten}
    return parameters.choice("operator", kinds)(frame, parameters.block())


def assemble(frame: DataFrame, block: Parameters) -> DataFrame:
    """Combine columns of numbers and of vectors into one vector."""
    only(block, "input_column", "output_column")
    inputs, output = block.columns(frame, "input_column"), block.text("output_column")
    assembled, vector = assemble_columns(frame, block, inputs)
    names = dict.fromkeys([*frame.columns, output])
    return assembled.withColumn(output, column(vector)).select(*map(column, names))


def assemble_columns(frame: DataFrame, block: Parameters, inputs: list[str]) -> tuple[DataFrame, str]:
    """Append a vector of columns, with NaN for missing numbers. Return the frame and the vector's name."""
    # The assembler finds no columns with dots in their names, so it gets copies.
    *names, vector = unused(frame, *(f"input_{index}" for index in range(len(inputs))), "vector")
    for name, copy in zip(inputs, names):
        kind = frame.schema[name].dataType
        frame = frame.withColumn(copy, column(name))
        if isinstance(kind, VectorUDT):
            size = _length(frame, block, name)
            hint = VectorSizeHint(inputCol=copy, size=size, handleInvalid="optimistic")
            frame = hint.transform(frame)
        elif not isinstance(kind, (NumericType, BooleanType)):
            raise block.error(f"`{name}` is neither a number nor a vector", "cast or encode it first")
    assembler = VectorAssembler(inputCols=names, outputCol=vector, handleInvalid="keep")
    return assembler.transform(frame).drop(*names), vector


def flatten(frame: DataFrame, block: Parameters) -> DataFrame:
    """Append a column for each element of the first vector. Missing elements are NaN."""
    methods = [member for member in block.members() if block.get(member) == FIRST_LENGTH]
    only(block, "input_column", "output_prefix", *methods)
    [name, *others] = block.columns(frame, "input_column")
    if others:
        raise block.error("Flatten takes one column", "use one node for each column")
    prefix = block.text("output_prefix")
    values, length = _values(frame, block, name), _length(frame, block, name)
    # Missing numbers in an array are missing elements too.
    elements = {
        f"{prefix}_{at}": sf.coalesce(values[at].cast("double"), sf.lit(float("nan"))) for at in range(length)
    }
    return frame.withColumns(elements)


def _values(frame: DataFrame, block: Parameters, name: str) -> Column:
    kind = frame.schema[name].dataType
    if isinstance(kind, VectorUDT):
        return vector_to_array(column(name))
    if isinstance(kind, ArrayType) and isinstance(kind.elementType, NumericType):
        return column(name)
    raise block.error(f"`{name}` is neither a vector nor an array of numbers", "choose another column")


def _length(frame: DataFrame, block: Parameters, name: str) -> int:
    """Return the number of elements of the first vector that is not missing."""
    first = frame.where(column(name).isNotNull()).select(_values(frame, block, name)).head()
    if first is None:
        raise block.error(f"`{name}` has no vector", "choose another column")
    return len(first[0])
