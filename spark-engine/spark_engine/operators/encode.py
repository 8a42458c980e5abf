"""Encode categorical: numbers, indicators or embeddings instead of labels.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-cat-encode>

Evidence of the names and defaults: the flows fraud-claims.flow (`Ordinal encode`), join.flow and others
(`One-hot encode`), with trained models; flows that Data Wrangler exported to Python code, also for
`Similarity encode`. The code decides where the documentation is silent: one-hot encoding treats empty
texts as missing, and similarity encoding gives an array of numbers in [-1, 1]. Data Wrangler draws the
hash functions of the similarity at random. Here they are always the same, unless the flow has a trained
model. All exported code that is public has these encoders only, and no target encoding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from pyspark.ml.feature import (
    HashingTF,
    MinHashLSH,
    MinHashLSHModel,
    NGram,
    OneHotEncoder,
    OneHotEncoderModel,
    StringIndexer,
    StringIndexerModel,
)
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import NumericType, StringType

from spark_engine import trained
from spark_engine.columns import column, unused
from spark_engine.parameters import Parameters, plain_name
from spark_engine.registry import Context, operator
from spark_engine.strict import COLUMNS, only

# A column of IDs would exhaust the memory.
MAX_LABELS = 10_000
NGRAM_LENGTH = 3
HASH_SEED = 0
# A hash is between 0 and the largest number of 32 bits.
HALF_RANGE = (2**31 - 1) / 2
AS_COLUMNS = {"Columns": True, "Vector": False}
STRATEGIES = {"Keep": "keep", "Skip": "skip", "Error": "error"}
ORDINAL_INPUT = "input_already_ordinal_encoded"
REPLACE_WITH_NAN = "Replace with NaN"

# Encodes a column. The number is how many columns the node has.
Encoder = Callable[[DataFrame, Parameters, str, Optional[str], int], DataFrame]


@operator("sagemaker.spark.encode_categorical_0.1")
def encode_categorical(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Encode the labels of one or more columns."""
    [frame] = frames
    encode = parameters.choice("operator", ENCODERS)
    block = parameters.block()
    pairs = block.outputs(frame)
    for name, output in pairs:
        frame = encode(frame, block, name, output, len(pairs))
    return frame


def ordinal_encode(
    frame: DataFrame, block: Parameters, name: str, output: str | None, columns: int
) -> DataFrame:
    """Replace labels with their numbers, in the order of their frequency."""
    only(block, *COLUMNS, "invalid_handling_strategy")
    strategies = STRATEGIES | {REPLACE_WITH_NAN: "keep"}
    strategy = block.choice("invalid_handling_strategy", strategies, "Error")
    if output is not None and output.casefold() in map(str.casefold, frame.columns):
        raise block.error(f"the column `{output}` already exists", "choose another output_column")
    [number] = unused(frame, "number")
    frame, labels = with_numbers(frame, block, (name, number), strategy, columns)
    value = sf.col(number)
    if block.get("invalid_handling_strategy") == REPLACE_WITH_NAN:
        value = sf.when(value == len(labels), float("nan")).otherwise(value)
    return frame.withColumn(output or name, value).drop(number)


def one_hot_encode(
    frame: DataFrame, block: Parameters, name: str, output: str | None, columns: int
) -> DataFrame:
    """Replace labels with a vector that is 1 at the label's number, or with a column for each label."""
    settings = ("output_style", "invalid_handling_strategy", "drop_last", ORDINAL_INPUT)
    only(block, *COLUMNS, *settings)
    as_columns = block.choice("output_style", AS_COLUMNS, "Vector")
    strategy = block.choice("invalid_handling_strategy", STRATEGIES, "Error")
    # An output name equal to the input name means "no output name".
    output = None if output == name else output
    names = frame.columns
    number, vector = unused(frame, "number", "vector")
    if block.flag(ORDINAL_INPUT, False):
        frame = frame.withColumn(number, column(name).cast("int"))
        model, labels = encoder_of_numbers(frame, block, (name, number), strategy, columns)
    else:
        if "string_indexer_model" not in trained.of_column(block.trained, name, columns):
            frame = without_empty_texts(frame, name)
        frame, labels = with_numbers(frame, block, (name, number), strategy, columns)
        model = encoder(block, "error").setInputCol(number).fit(frame)
    encoded = model.setInputCol(number).setOutputCol(vector).transform(frame)
    if not as_columns:
        return encoded.withColumn(output or name, sf.col(vector)).drop(number, vector)
    if len(labels) > MAX_LABELS:
        problem = f"the column `{name}` has {len(labels)} labels; the limit is {MAX_LABELS}"
        raise block.error(problem, "if it is an ID, drop it, or use ordinal encoding")
    kept = [column(other) for other in names if output is not None or other != name]
    indicators = vector_to_array(sf.col(vector))
    prefix = output or plain_name(name)
    new = [indicators[place].alias(f"{prefix}_{label}") for place, label in enumerate(labels)]
    return encoded.select(*kept, *new)


def with_numbers(
    frame: DataFrame, block: Parameters, names: tuple[str, str], strategy: str, columns: int
) -> tuple[DataFrame, list[str]]:
    """Append the numbers of a column's labels under a new name. Return the labels too."""
    name, number = names
    kind = frame.schema[name].dataType
    if not isinstance(kind, (StringType, NumericType)):
        problem = f"the column `{name}` is a {kind.simpleString()}, but only strings and numbers have labels"
        raise block.error(problem, "cast it first")
    [label] = unused(frame, "label")
    frame = frame.withColumn(label, column(name))
    model = trained.load(
        block, trained.of_column(block.trained, name, columns), "string_indexer_model", StringIndexerModel
    )
    if model is None:
        model = StringIndexer(inputCol=label, outputCol=number).fit(frame)
    model = model.setInputCol(label).setOutputCol(number)
    if strategy == "error":
        kept = model.setHandleInvalid("keep").transform(frame)
        refuse_invalid(block, name, kept.where(sf.col(number) == len(model.labels)))
    return model.setHandleInvalid(strategy).transform(frame).drop(label), list(model.labels)


def refuse_invalid(block: Parameters, name: str, invalid: DataFrame) -> None:
    """Refuse values without a label, before Spark fails with a message that quotes them."""
    if not invalid.isEmpty():
        problem = f"the column `{name}` has a value that is null or has no label"
        raise block.error(problem, "choose another invalid_handling_strategy, or fix the data")


def without_empty_texts(frame: DataFrame, name: str) -> DataFrame:
    """Replace empty texts by null. Spark ML has no empty labels."""
    if not isinstance(frame.schema[name].dataType, StringType):
        return frame
    return frame.withColumn(name, sf.when(column(name) != "", column(name)))


def encoder_of_numbers(
    frame: DataFrame, block: Parameters, names: tuple[str, str], strategy: str, columns: int
) -> tuple[Any, list[str]]:
    """Return the encoder of a column that has numbers of labels already, and the labels."""
    name, number = names
    value = sf.col(number)
    if not frame.where(value.isNull() | (value < 0)).isEmpty():
        problem = f"{block.name(ORDINAL_INPUT)} is set, but the column `{name}` has null or negative values"
        raise block.error(problem, "clear it, or fix the data")
    of_column = trained.of_column(block.trained, name, columns)
    model = trained.load(block, of_column, "one_hot_encoder_model", OneHotEncoderModel)
    # Spark's encoder cannot skip rows.
    invalid = "error" if strategy == "error" else "keep"
    if model is None:
        model = encoder(block, invalid).setInputCol(number).fit(frame)
    size = model.categorySizes[0]
    if invalid == "error":
        refuse_invalid(block, name, frame.where(value >= size))
    return model.setHandleInvalid(invalid), [str(label) for label in range(size)]


def encoder(block: Parameters, invalid: str) -> Any:
    """Create Spark's encoder with the node's settings."""
    return OneHotEncoder(dropLast=block.flag("drop_last", True), handleInvalid=invalid)


def similarity_encode(
    frame: DataFrame, block: Parameters, name: str, output: str | None, columns: int
) -> DataFrame:
    """Encode texts so that similar texts have similar numbers: by hashes of their n-grams."""
    only(block, *COLUMNS, "output_style", "target_dimension")
    as_columns = block.choice("output_style", AS_COLUMNS, "Vector")
    dimension = block.integer("target_dimension", 30)
    if dimension < 1:
        raise block.error(f"{block.name('target_dimension')} must be at least 1")
    kind = frame.schema[name].dataType
    if not isinstance(kind, StringType):
        problem = f"the column `{name}` is a {kind.simpleString()}, but only strings have a similarity"
        raise block.error(problem, "cast it first")
    [embedding] = unused(frame, "embedding")
    # Data Wrangler also fills the missing values of the input.
    frame = frame.withColumn(name, sf.coalesce(column(name), sf.lit(" ")))
    frame = with_embedding(frame, block, (name, embedding), dimension, columns)
    if as_columns:
        numbers = [
            sf.col(embedding)[place].alias(f"{output or plain_name(name)}_{place}")
            for place in range(dimension)
        ]
        return frame.select("*", *numbers).drop(embedding)
    if output is None:
        return frame.drop(name).withColumnRenamed(embedding, name)
    return frame.withColumn(output, sf.col(embedding)).drop(embedding)


def with_embedding(
    frame: DataFrame, block: Parameters, names: tuple[str, str], dimension: int, columns: int
) -> DataFrame:
    """Append the min-hashes of a column's n-grams under a new name, as numbers in [-1, 1]."""
    name, embedding = names
    characters, grams, vector, hashes = unused(frame, "characters", "grams", "vector", "hashes")
    frame = frame.withColumn(characters, padded_characters(column(name)))
    frame = NGram(n=NGRAM_LENGTH, inputCol=characters, outputCol=grams).transform(frame)
    frame = HashingTF(binary=True, inputCol=grams, outputCol=vector).transform(frame)
    of_column = trained.of_column(block.trained, name, columns)
    model = trained.load(block, of_column, "minhash_model", MinHashLSHModel)
    if model is None:
        model = MinHashLSH(numHashTables=dimension, seed=HASH_SEED).setInputCol(vector).fit(frame)
    elif model.getNumHashTables() != dimension:
        problem = f"the trained minhash_model of `{name}` does not have {dimension} dimensions"
        raise block.error(problem, trained.REFIT)
    frame = model.setInputCol(vector).setOutputCol(hashes).transform(frame)
    numbers = [
        (vector_to_array(sf.col(hashes)[place])[0] - HALF_RANGE) / HALF_RANGE for place in range(dimension)
    ]
    frame = frame.withColumn(embedding, sf.array(*numbers))
    return frame.drop(characters, grams, vector, hashes)


def padded_characters(text: Column) -> Column:
    """Return the characters of a text in small letters, with one space for each run of white space.

    A space at the start makes an n-gram of the first characters. The empty string at the end is what
    Spark returned for an empty pattern when Data Wrangler was written. It makes an n-gram of the last ones.
    """
    spaced = sf.regexp_replace(sf.lower(text), r"\s+", " ")
    filled = sf.when(spaced == "", " ").otherwise(spaced)
    return sf.concat(sf.split(sf.concat(sf.lit(" "), filled), ""), sf.array(sf.lit("")))


ENCODERS: dict[str, Encoder] = {
    "Ordinal encode": ordinal_encode,
    "One-hot encode": one_hot_encode,
    "Similarity encode": similarity_encode,
}
