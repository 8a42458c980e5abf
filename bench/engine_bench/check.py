"""Compares the engines' outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

KEY, TIME = "record_id", "record_time"
TOLERANCE = 1e-12


def difference(outputs: Mapping[str, Path], since: float, until: float) -> float:
    """Return the largest difference between outputs, relative to numbers above 1.

    The time of a job is the same in all its rows, and is within the run. Raises `ValueError` if outputs
    differ in their columns, rows or values.
    """
    tables = {name: read(path) for name, path in outputs.items()}
    for name, table in tables.items():
        times = pc.unique(table[TIME]).to_pylist()
        if len(times) != 1 or not int(since) <= times[0] <= until:
            raise ValueError(f"{name}: {TIME} is {times[:3]}, but the run was from {since} to {until}")
    (first, expected), *others = ((name, table.drop_columns([TIME])) for name, table in tables.items())
    largest = 0.0
    for name, table in others:
        if table.schema.names != expected.schema.names or len(table) != len(expected):
            raise ValueError(
                f"{name} has {len(table)} rows of {table.schema.names}, "
                f"but {first} has {len(expected)} of {expected.schema.names}"
            )
        for column in expected.schema.names:
            largest = max(
                largest, _difference(expected[column], table[column], f"{first} and {name}: {column}")
            )
    return largest


def read(output: Path) -> pa.Table:
    """Read an output, one file or a folder of files, in the order of its key."""
    files = sorted(output.glob("**/*.parquet")) if output.is_dir() else [output]
    return pa.concat_tables([pq.read_table(file) for file in files]).sort_by(KEY)


def _difference(expected: pa.ChunkedArray, actual: pa.ChunkedArray, what: str) -> float:
    if expected.null_count or actual.null_count:
        raise ValueError(f"{what}: there are nulls")
    left, right = expected.to_numpy(), actual.to_numpy()
    if left.dtype != right.dtype:
        raise ValueError(f"{what}: the types are {left.dtype} and {right.dtype}")
    if left.dtype != np.float64:
        if not np.array_equal(left, right):
            raise ValueError(f"{what}: values differ")
        return 0.0
    largest = float(np.max(np.abs(left - right) / np.maximum(1.0, np.abs(left)), initial=0.0))
    if not largest <= TOLERANCE:
        raise ValueError(f"{what}: values differ by {largest:.1e}")
    return largest
