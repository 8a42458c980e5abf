"""Columns by name. Spark gives dots and backticks in names a meaning of their own."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf


def quoted(name: str) -> str:
    """Return the name as it is in an expression."""
    escaped = name.replace("`", "``")
    return f"`{escaped}`"


def column(name: str) -> Column:
    """Return the column with exactly this name."""
    return sf.col(quoted(name))


def unused(frame: DataFrame, *names: str) -> list[str]:
    """Return names for temporary columns, which no column of the frame has. Spark ignores case.

    They begin with underscores, so that they also differ from the names of the columns to make.
    """
    taken = {name.casefold() for name in frame.columns}
    found = []
    for name in names:
        temporary = f"__{name}"
        while temporary.casefold() in taken:
            temporary = f"_{temporary}"
        found.append(temporary)
    return found
