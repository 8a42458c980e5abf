"""Featurize text: character statistics and vectors of words.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-featurize-text>

Evidence of the names, the defaults and the names of the new columns: flows that Data Wrangler
exported to Python code, with the nodes `Vectorize` (2021, GitHub issues as TF-IDF vectors) and
`Character statistics` (2021). The code names a statistic `<prefix>_word_count` with the default
prefix `<column>_`, although the documentation names it `<column>-stats_word_count`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from pyspark.ml import Transformer
from pyspark.ml.feature import (
    IDF,
    CountVectorizer,
    CountVectorizerModel,
    HashingTF,
    IDFModel,
    RegexTokenizer,
    Tokenizer,
)
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import StringType

from spark_engine import trained
from spark_engine.columns import column, unused
from spark_engine.parameters import Parameters, plain_name
from spark_engine.registry import Context, operator

STATISTICS = ["word_count", "char_count", "special_ratio", "digit_ratio", "lower_ratio", "capital_ratio"]
YES_NO = {"Yes": True, "No": False}
AS_COLUMNS = {"Columns": True, "Vector": False}


@operator("sagemaker.spark.featurize_text_0.1")
def featurize_text(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Compute features of a column of text."""
    [frame] = frames
    apply = parameters.choice(
        "operator", {"Character statistics": character_statistics, "Vectorize": vectorize}
    )
    return apply(frame, parameters.block())


def character_statistics(frame: DataFrame, block: Parameters) -> DataFrame:
    """Append counts and ratios of the characters of each text."""
    columns = block.columns(frame, "input_column")
    prefix = block.optional_text("output_column_prefix")
    for name in columns:
        _refuse_missing(frame, block, name)
        plain = plain_name(name)
        start = f"{plain}_" if prefix is None else prefix if len(columns) == 1 else f"{prefix}_{plain}"
        statistics = _statistics(column(name).cast("string"))
        features = {f"{start}_{member}": statistics[member] for member in STATISTICS}
        frame = frame.withColumns(features)
    return frame


def _refuse_missing(frame: DataFrame, block: Parameters, name: str) -> None:
    if not frame.where(column(name).isNull()).isEmpty():
        problem = f"`{name}` has missing values, which have no statistics"
        raise block.error(problem, "fill them first, for example with Handle missing")


def _statistics(text: Column) -> Column:
    schema = ", ".join(f"{name} double" for name in STATISTICS)
    result: Column = sf.pandas_udf(_statistics_of, schema)(text)
    return result


def _statistics_of(texts: pd.Series) -> pd.DataFrame:
    """Return the statistics of texts, in Python: its classes of characters are not Java's."""
    return pd.DataFrame([_statistics_of_one(text) for text in texts], columns=STATISTICS)


def _statistics_of_one(text: str) -> list[float]:
    dense = re.sub(r"\s+", "", text)
    ratios = [
        len(re.sub(r"\w+", "", dense)),
        sum(character.isdigit() for character in dense),
        sum(character.islower() for character in dense),
        sum(character.isupper() for character in dense),
    ]
    return [float(len(text.split())), float(len(text)), *(ratio / max(len(dense), 1) for ratio in ratios)]


def vectorize(frame: DataFrame, block: Parameters) -> DataFrame:
    """Split each text into tokens, and count them in a vector."""
    columns = block.columns(frame, "input_column")
    as_columns = block.choice("output_format", AS_COLUMNS)
    for name, output in block.outputs(frame):
        if not isinstance(frame.schema[name].dataType, StringType):
            raise block.error(f"`{name}` is not a column of text", "cast it to a string first")
        learned = trained.of_column(block.trained, name, len(columns))
        frame = _vectorize_column(frame, block, learned, name, output, as_columns=as_columns)
    return frame


def _vectorize_column(
    frame: DataFrame,
    block: Parameters,
    learned: Mapping[str, Any],
    name: str,
    output: str | None,
    *,
    as_columns: bool,
) -> DataFrame:
    output = output or f"{plain_name(name)}_features"
    text, tokens, counts, vector = unused(frame, "text", "tokens", "counts", "vector")
    # Data Wrangler replaces a missing text with an empty one, also in the result.
    filled = frame.withColumn(name, sf.coalesce(column(name), sf.lit("")))
    words = _tokenizer(block, text, tokens).transform(filled.withColumn(text, column(name)))
    vectorizer = _vectorizer(block, learned, words, tokens, counts)
    counted = vectorizer.transform(words)
    weighted = _weigh(block, learned, counted, counts, vector)
    if not as_columns:
        names = dict.fromkeys([*filled.columns, output])
        return weighted.withColumn(output, column(vector)).select(*map(column, names))
    if not isinstance(vectorizer, CountVectorizerModel):
        raise block.error("the output format Columns needs the vectorizer Count Vectorizer")
    values = vector_to_array(column(vector))
    features = [values[at].alias(f"{output}_{word}") for at, word in enumerate(vectorizer.vocabulary)]
    return weighted.select(*map(column, filled.columns), *features)


def _tokenizer(block: Parameters, text: str, tokens: str) -> Transformer:
    if block.choice("tokenizer", {"Standard": True, "Custom": False}):
        return Tokenizer(inputCol=text, outputCol=tokens)
    custom = block.nested("tokenizer_custom_parameters")
    pattern = custom.text("pattern")
    try:
        re.compile(pattern)
    except re.error as error:
        raise custom.error(f"{custom.name('pattern')} is no regular expression") from error
    return RegexTokenizer(
        inputCol=text,
        outputCol=tokens,
        pattern=pattern,
        minTokenLength=custom.integer("minimum_token_length", 1),
        gaps=custom.flag("gaps", default=True),
        toLowercase=custom.flag("lowercase_before_tokenization", default=True),
    )


def _vectorizer(
    block: Parameters, learned: Mapping[str, Any], words: DataFrame, tokens: str, counts: str
) -> Transformer:
    if block.choice("vectorizer", {"Hashing": True, "Count Vectorizer": False}):
        hashing = block.nested("vectorizer_hashing_parameters")
        features = hashing.integer("number_of_features", 262144)
        return HashingTF(inputCol=tokens, outputCol=counts, numFeatures=features)
    model = trained.load(block, learned, "vectorizer_model", CountVectorizerModel)
    if model is None:
        model = _trained_vectorizer(block.nested("vectorizer_count_vectorizer_parameters"), words, tokens)
    return model.setInputCol(tokens).setOutputCol(counts)


def _trained_vectorizer(counting: Parameters, words: DataFrame, tokens: str) -> CountVectorizerModel:
    """Train a vectorizer. Of words that are equally frequent, the first in the alphabet is first."""
    word, times = "word", "times"
    counts = (
        words.select(sf.explode(column(tokens)).alias(word)).groupBy(word).agg(sf.count("*").alias(times))
    )
    counts = counts.persist()
    vectorizer = _count_vectorizer(counting, tokens)
    largest = vectorizer.getVocabSize()
    # Spark takes any of the words that are equally frequent, so let it take all words.
    allowed = vectorizer.setVocabSize(max(1, counts.count())).fit(words).vocabulary
    ordered = counts.where(sf.col(word).isin(allowed)).sort(sf.desc(times), word)
    vocabulary = [row[word] for row in ordered.take(largest)]
    model = CountVectorizerModel.from_vocabulary(vocabulary, inputCol=tokens, minTF=vectorizer.getMinTF())
    return model.setBinary(vectorizer.getBinary())


def _count_vectorizer(counting: Parameters, tokens: str) -> CountVectorizer:
    return CountVectorizer(
        inputCol=tokens,
        minTF=counting.number("minimum_term_frequency", 1.0),
        minDF=counting.number("minimum_document_frequency", 1.0),
        maxDF=counting.number("maximum_document_frequency", 1.0),
        vocabSize=counting.integer("maximum_vocabulary_size", 10000),
        binary=counting.flag("binarize_count", default=False),
    )


def _weigh(
    block: Parameters, learned: Mapping[str, Any], counted: DataFrame, counts: str, vector: str
) -> DataFrame:
    """Multiply the counts by the inverse frequency of their words, if the node asks for it."""
    if not block.choice("apply_idf", YES_NO):
        return counted.withColumn(vector, column(counts))
    model = trained.load(block, learned, "idf_model", IDFModel)
    if model is None:
        least = block.nested("apply_idf_yes_parameters").integer("minimum_document_frequency", 1)
        model = IDF(inputCol=counts, minDocFreq=least).fit(counted)
    weighted: DataFrame = model.setInputCol(counts).setOutputCol(vector).transform(counted)
    return weighted
