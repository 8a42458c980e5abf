"""Search and edit: find, extract, replace and split texts.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-search-edit>

Evidence of the names and defaults: flows that Data Wrangler exported to Python code, in which all thirteen
operators occur. The code decides where the documentation is silent or differs:

- "Matches" (in the documentation "Matches prefix"), "Find all occurrences" and the two searches for
  a substring use Python. All others use Java's regular expressions.
- A search without a result is -1. A missing value does not match.
- "Replace between delimiters" replaces what follows the last left delimiter that a right one follows.
- The patterns of "Convert regex to missing" and "Convert non-matches to missing" are put between `^` and `$`
  as they are: in `a|b`, `^` belongs to `a` only.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from spark_engine.columns import column
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.strict import COLUMNS, only

Edit = Callable[[Column], Column]

# Spark counts in 32 bits. Longer texts do not exist.
TO_THE_END = 1 << 30
MAX_LIMIT = 2**31 - 1


@operator("sagemaker.spark.search_and_edit_0.1")
def search_and_edit(frames: list[DataFrame], parameters: Parameters, context: Context) -> DataFrame:
    """Search and edit the texts of one or more columns."""
    [frame] = frames
    read = parameters.choice("operator", EDITS)
    block = parameters.block()
    edit = read(block, context)
    for name, output in block.outputs(frame):
        frame = frame.withColumn(output or name, edit(column(name)))
    return frame


def find_and_replace(block: Parameters, context: Context) -> Edit:
    """Read the replacement of all matches of a pattern. It may refer to groups: `$1`."""
    only(block, *COLUMNS, "pattern", "replacement")
    pattern, replacement = java_pattern(block, context), block.optional_text("replacement") or ""
    check_replacement(block, context, pattern, replacement)
    return lambda text: sf.regexp_replace(text, pattern, replacement)


def split_by_delimiter(block: Parameters, _: Context) -> Edit:
    """Read the split into an array. The default delimiter is white space."""
    only(block, *COLUMNS, "delimiter", "limit")
    delimiter = block.optional_text("delimiter")
    pattern = r"\s+" if delimiter is None else re.escape(delimiter)
    limit = block.integer("limit", 0)
    if abs(limit) > MAX_LIMIT:
        raise block.error(f"{block.name('limit')} is {limit}, but must be at most {MAX_LIMIT}")
    return lambda text: sf.split(text, pattern, limit or -1)


def find_substring(block: Parameters, _: Context) -> Edit:
    """Read the search for the first place of a substring."""
    needle, start, end = needle_and_range(block)
    return in_python(lambda texts: texts.str.find(needle, start, end).astype("float64"), "double")


def find_substring_from_right(block: Parameters, _: Context) -> Edit:
    """Read the search for the last place of a substring."""
    needle, start, end = needle_and_range(block)
    return in_python(lambda texts: texts.str.rfind(needle, start, end).astype("float64"), "double")


def needle_and_range(block: Parameters) -> tuple[str, int, int | None]:
    """Read a substring, and where to begin and to end the search. The end is not part of it."""
    only(block, *COLUMNS, "needle", "start_index", "end_index")
    end = None if block.get("end_index") in (None, "") else block.integer("end_index")
    return block.text("needle"), block.integer("start_index", 0), end


def matches(block: Parameters, _: Context) -> Edit:
    """Read the test whether a text begins with a match."""
    only(block, *COLUMNS, "pattern", "case")
    pattern, case = python_pattern(block), block.flag("case")
    return in_python(lambda texts: texts.str.match(pattern, case=case, na=False), "boolean")


def find_all(block: Parameters, _: Context) -> Edit:
    """Read the search for all matches. If the pattern has a group, it finds the group's texts."""
    only(block, *COLUMNS, "pattern")
    pattern = python_pattern(block)
    if re.compile(pattern).groups > 1:
        problem = f"{block.name('pattern')} has more than one group, which gives no texts"
        raise block.error(problem, "make the groups non-capturing: (?:...)")
    return in_python(lambda texts: texts.str.findall(pattern), "array<string>")


def extract_by_regex(block: Parameters, context: Context) -> Edit:
    """Read the extraction of a group of the first match: by default the first, or the whole match."""
    only(block, *COLUMNS, "pattern", "index")
    pattern = java_pattern(block, context)
    groups = re.compile(pattern).groups
    index = block.integer("index", min(groups, 1))
    if not 0 <= index <= groups:
        raise block.error(f"{block.name('index')} is {index}, but the pattern has {groups} groups")
    return lambda text: sf.regexp_extract(text, pattern, index)


def extract_between(block: Parameters, _: Context) -> Edit:
    """Read the extraction between the first left delimiter and the last right one."""
    only(block, *COLUMNS, "left_delimiter", "right_delimiter")
    left, right = delimiters(block)
    return lambda text: sf.regexp_extract(text, f"{left}(.*){right}", 1)


def extract_from_position(block: Parameters, _: Context) -> Edit:
    """Read the extraction of some characters. The first position is 1."""
    only(block, *COLUMNS, "start_position", "length")
    start, length = block.integer("start_position"), block.integer("length")
    return lambda text: sf.substring(text, start, length)


def replace_between(block: Parameters, context: Context) -> Edit:
    """Read the replacement of the text between two delimiters."""
    only(block, *COLUMNS, "left_delimiter", "right_delimiter", "replacement")
    left, right = delimiters(block)
    pattern = f"(.*{left})(.*)({right}.*)"
    replacement = f"$1{re.escape(block.optional_text('replacement') or '')}$3"
    check_replacement(block, context, pattern, replacement)
    return lambda text: sf.regexp_replace(text, pattern, replacement)


def replace_from_position(block: Parameters, _: Context) -> Edit:
    """Read the replacement of some characters. The first position is 1."""
    only(block, *COLUMNS, "start_position", "length", "replacement")
    start, length = block.integer("start_position"), block.integer("length")
    replacement = sf.lit(block.optional_text("replacement") or "")
    return lambda text: sf.concat(
        sf.substring(text, 1, start - 1), replacement, sf.substring(text, start + length, TO_THE_END)
    )


def matches_to_missing(block: Parameters, context: Context) -> Edit:
    """Read the removal of texts that match."""
    only(block, *COLUMNS, "pattern")
    pattern = f"^{java_pattern(block, context)}$"
    return lambda text: sf.when(text.rlike(pattern), None).otherwise(text)


def non_matches_to_missing(block: Parameters, context: Context) -> Edit:
    """Read the removal of texts that do not match."""
    only(block, *COLUMNS, "pattern")
    pattern = f"^{java_pattern(block, context)}$"
    return lambda text: sf.when(text.rlike(pattern), text)


def in_python(function: Callable[[pd.Series], pd.Series], kind: str) -> Edit:
    """Return an edit that Data Wrangler computes in Python."""

    def apply(texts: pd.Series) -> pd.Series:
        return function(texts)

    compute = sf.pandas_udf(apply, kind)
    return lambda text: compute(text.cast("string"))


def delimiters(block: Parameters) -> tuple[str, str]:
    """Read two delimiters, as parts of a pattern."""
    return re.escape(block.text("left_delimiter")), re.escape(block.text("right_delimiter"))


def python_pattern(block: Parameters) -> str:
    """Read a regular expression of Python's."""
    pattern = block.text("pattern")
    try:
        re.compile(pattern)
    except re.error as error:
        raise block.error(f"{block.name('pattern')} is not a regular expression: {error}") from error
    return pattern


def java_pattern(block: Parameters, context: Context) -> str:
    """Read a regular expression that both Python and Java accept, as Data Wrangler requires."""
    pattern = python_pattern(block)
    try:
        context.spark._jvm.java.util.regex.Pattern.compile(pattern)
    except (Py4JError, PySparkException) as error:
        raise block.error(f"{block.name('pattern')} is not a regular expression of Java's") from error
    return pattern


def check_replacement(block: Parameters, context: Context, pattern: str, replacement: str) -> None:
    """Refuse replacements with references to groups that do not exist."""
    # The pattern has the same groups, and always matches.
    always = context.spark._jvm.java.util.regex.Pattern.compile(f"(?:{pattern}\n)|")
    try:
        always.matcher("").replaceAll(replacement)
    except (Py4JError, PySparkException) as error:
        problem = f"{block.name('replacement')} refers to a group that does not exist"
        raise block.error(problem, r"write \$ for a dollar sign") from error


EDITS: dict[str, Callable[[Parameters, Context], Edit]] = {
    "Find and replace substring": find_and_replace,
    "Split string by delimiter": split_by_delimiter,
    "Find substring": find_substring,
    "Find substring (from right)": find_substring_from_right,
    "Matches": matches,
    "Find all occurrences": find_all,
    "Extract using regex": extract_by_regex,
    "Extract between delimiters": extract_between,
    "Extract from position": extract_from_position,
    "Replace between delimiters": replace_between,
    "Replace from position": replace_from_position,
    "Convert regex to missing": matches_to_missing,
    "Convert non-matches to missing": non_matches_to_missing,
}
