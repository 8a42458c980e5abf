"""Format string: pad, strip, change case, add and remove characters.

<https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-transform.html#data-wrangler-transform-format-string>

Evidence of the names and defaults: the flow fraud-claims.flow (`Remove symbols`), and flows that Data
Wrangler exported to Python code. Where documentation and code differ, the code counts: "Center" does
not shorten long strings, and "Remove symbols" removes punctuation by default, not white space. The
operator "Add prefix or suffix" of the documentation is in the code as "Add prefix" and "Add suffix".
"""

import sys
from collections.abc import Callable

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from spark_engine.columns import column
from spark_engine.parameters import Parameters
from spark_engine.registry import Context, operator
from spark_engine.strict import COLUMNS, only

# A function of a text. Null stays null.
Format = Callable[[Column], Column]

MAX_WIDTH = 1000
SYMBOLS = "!@#$%^&*()_+=-/\\`~{}|<>?"
# Python's white space, which has more characters than Spark's.
WHITE_SPACE = "".join(filter(str.isspace, map(chr, range(sys.maxunicode + 1))))


@operator("sagemaker.spark.format_string_0.1")
def format_string(frames: list[DataFrame], parameters: Parameters, _: Context) -> DataFrame:
    """Format the texts of one or more columns."""
    [frame] = frames
    read = parameters.choice("operator", FORMATS)
    block = parameters.block()
    format_text = read(block)
    for name, output in block.outputs(frame):
        frame = frame.withColumn(output or name, format_text(column(name).cast("string")))
    return frame


def plain(function: Format) -> Callable[[Parameters], Format]:
    """Return a reader of a format without parameters."""

    def read(block: Parameters) -> Format:
        only(block, *COLUMNS)
        return function

    return read


def title(text: Column) -> Column:
    """Write each word with a capital letter, as Python does: a word is a run of letters."""
    return in_python(lambda texts: texts.str.title())(text)


def capitalize(text: Column) -> Column:
    """Write the first character as a capital letter, and all others as small letters."""
    return in_python(lambda texts: texts.str.capitalize())(text)


def swap_case(text: Column) -> Column:
    """Exchange capital and small letters."""
    return in_python(lambda texts: texts.str.swapcase())(text)


def in_python(function: Callable[[pd.Series], pd.Series]) -> Format:
    """Return a format that Spark does not have."""

    def apply(texts: pd.Series) -> pd.Series:
        return function(texts)

    result: Format = sf.pandas_udf(apply, "string")
    return result


def left_pad(block: Parameters) -> Format:
    """Read the padding of the start. Longer texts are shortened."""
    wide, fill = padding(block)
    return lambda text: sf.lpad(text, wide, fill)


def right_pad(block: Parameters) -> Format:
    """Read the padding of the end. Longer texts are shortened."""
    wide, fill = padding(block)
    return lambda text: sf.rpad(text, wide, fill)


def center(block: Parameters) -> Format:
    """Read the padding of both sides. Longer texts stay as they are."""
    wide, fill = padding(block)
    return in_python(lambda texts: texts.str.center(wide, fill))


def prepend_zeros(block: Parameters) -> Format:
    """Read the padding with zeros. Longer texts are shortened."""
    only(block, *COLUMNS, "width")
    wide = width(block)
    return lambda text: sf.lpad(text, wide, "0")


def width(block: Parameters) -> int:
    """Read a width that Data Wrangler accepts."""
    wide = block.integer("width")
    if wide > MAX_WIDTH:
        raise block.error(f"{block.name('width')} is {wide}, but must be at most {MAX_WIDTH}")
    return wide


def padding(block: Parameters) -> tuple[int, str]:
    """Read the width, and the character to pad with. The default is a space."""
    only(block, *COLUMNS, "width", "fill_character")
    fill = block.optional_text("fill_character") or " "
    if len(fill) > 1:
        raise block.error(f"{block.name('fill_character')} must be a single character")
    return width(block), fill


def strip(*functions: str) -> Callable[[Parameters], Format]:
    """Return a reader of the removal of any of some characters, with these functions of Spark."""

    def read(block: Parameters) -> Format:
        only(block, *COLUMNS, "characters_to_remove")
        characters = sf.lit(block.optional_text("characters_to_remove") or WHITE_SPACE)

        def stripped(text: Column) -> Column:
            for function in functions:
                text = sf.call_function(function, characters, text)
            return text

        return stripped

    return read


def add_prefix(block: Parameters) -> Format:
    """Read a text to write before each text."""
    only(block, *COLUMNS, "prefix")
    prefix = block.text("prefix")
    return lambda text: sf.concat(sf.lit(prefix), text)


def add_suffix(block: Parameters) -> Format:
    """Read a text to write after each text."""
    only(block, *COLUMNS, "suffix")
    suffix = block.text("suffix")
    return lambda text: sf.concat(text, sf.lit(suffix))


def remove_symbols(block: Parameters) -> Format:
    """Read the characters to remove."""
    only(block, *COLUMNS, "symbols")
    symbols = block.optional_text("symbols") or SYMBOLS
    return lambda text: sf.translate(text, symbols, "")


FORMATS: dict[str, Callable[[Parameters], Format]] = {
    "Lower case": plain(sf.lower),
    "Upper case": plain(sf.upper),
    "Title case": plain(title),
    "Capitalize": plain(capitalize),
    "Swap case": plain(swap_case),
    "Left pad": left_pad,
    "Right pad": right_pad,
    "Center (pad on either side)": center,
    "Strip characters from left": strip("ltrim"),
    "Strip characters from right": strip("rtrim"),
    "Strip left and right": strip("ltrim", "rtrim"),
    "Prepend zeros": prepend_zeros,
    "Add prefix": add_prefix,
    "Add suffix": add_suffix,
    "Remove symbols": remove_symbols,
}
