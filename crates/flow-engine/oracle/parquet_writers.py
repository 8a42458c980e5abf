"""The same table, written by DuckDB, fastparquet and pyarrow with several settings."""

import datetime as dt
import json
import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import fastparquet
import pandas
import pyarrow
import pyarrow.parquet

UTC = dt.UTC
ROWS: list[tuple[Any, ...]] = [
    (
        1,
        7,
        1.5,
        0.1,
        True,
        "a",
        dt.date(2026, 11, 22),
        dt.datetime(2026, 11, 22, 1, 2, 3, 500000),
        "12.30",
        "x",
    ),
    (2**62, -1, -0.0, math.inf, False, "", dt.date(1970, 1, 1), dt.datetime(1970, 1, 1), "-0.05", "y"),
    (
        -5,
        2**31 - 1,
        3e38,
        -0.0,
        None,
        "전복 🐚\n",
        dt.date(2262, 4, 12),
        dt.datetime(2261, 12, 31, 23, 59),
        "9999999.99",
        "x",
    ),
    (4, None, None, None, True, None, None, None, None, None),
    (
        5,
        0,
        0.1,
        1e-300,
        False,
        "NaN",
        dt.date(1900, 1, 1),
        dt.datetime(1969, 12, 31, 23, 59, 59, 1),
        "0.00",
        "y",
    ),
]
NAMES = ["id", "small", "real", "x", "flag", "text", "day", "at", "price", "code"]
SCHEMA = pyarrow.schema(
    [
        ("id", pyarrow.int64()),
        ("small", pyarrow.int32()),
        ("real", pyarrow.float32()),
        ("x", pyarrow.float64()),
        ("flag", pyarrow.bool_()),
        ("text", pyarrow.string()),
        ("day", pyarrow.date32()),
        ("at", pyarrow.timestamp("us", "UTC")),
        ("price", pyarrow.decimal128(9, 2)),
        ("code", pyarrow.dictionary(pyarrow.int32(), pyarrow.string())),
    ]
)
FORMULAS = [
    *("id", "cast(small as bigint)", "cast(real as double)", "x", "flag", "text", "code"),
    *("cast(day as string)", "cast(at as string)", "cast(at as double)", "cast(price as string)"),
    *("x is null", "text is null", "at is null", "cast(price as double)"),
]


def write(folder: Path) -> None:
    """Write the missing files, and all cases. Newer writers may write other bytes, so existing files stay."""
    for name, writer in WRITERS.items():
        path = folder / f"parquet-{name}.parquet"
        if not path.exists():
            writer(path)
        case = {"source": {"path": path.name, "s3ContentType": "parquet"}, "nodes": [], "formulas": FORMULAS}
        path.with_suffix(".case.json").write_text(json.dumps(case, indent=1) + "\n")


def arrow(**options: Any) -> Callable[[Path], None]:
    """Return a function that writes with pyarrow."""

    def writer(path: Path) -> None:
        rows = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
        for row in rows:
            row["price"] = None if row["price"] is None else Decimal(row["price"])
            row["at"] = None if row["at"] is None else row["at"].replace(tzinfo=UTC)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, SCHEMA), path, **options)

    return writer


def fast(**options: Any) -> Callable[[Path], None]:
    """Return a function that writes with fastparquet, which has no decimals and no dates."""

    def writer(path: Path) -> None:
        frame = pandas.DataFrame(ROWS, columns=NAMES)
        frame["small"] = frame["small"].astype("Int32")
        frame["real"] = frame["real"].astype("float32")
        frame["flag"] = frame["flag"].astype("boolean")
        frame["at"] = pandas.to_datetime(frame["at"]).dt.tz_localize("UTC")
        frame["price"] = frame["price"].astype("float64")
        frame["day"] = pandas.to_datetime(frame["day"])
        frame["code"] = frame["code"].astype("category")
        fastparquet.write(str(path), frame, **options)

    return writer


def duck(options: str) -> Callable[[Path], None]:
    """Return a function that writes with DuckDB."""

    def writer(path: Path) -> None:
        with duckdb.connect() as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute(
                "CREATE TABLE t (id BIGINT, small INTEGER, real FLOAT, x DOUBLE, flag BOOLEAN, text VARCHAR, "
                'day DATE, "at" TIMESTAMPTZ, price DECIMAL(9, 2), code VARCHAR)'
            )
            rows = [
                tuple(v.replace(tzinfo=UTC) if isinstance(v, dt.datetime) else v for v in row) for row in ROWS
            ]
            database.executemany(f"INSERT INTO t VALUES ({', '.join('?' for _ in NAMES)})", rows)
            database.execute(f"COPY t TO '{path}' (FORMAT parquet{options})")

    return writer


WRITERS = {
    "pyarrow": arrow(),
    "pyarrow-v1-int96": arrow(version="1.0", use_deprecated_int96_timestamps=True, compression="gzip"),
    "pyarrow-pages-v2": arrow(data_page_version="2.0", compression="zstd", row_group_size=2),
    "pyarrow-plain": arrow(use_dictionary=False, compression="none", store_schema=False),
    "pyarrow-lz4-millis": arrow(coerce_timestamps="ms", allow_truncated_timestamps=True, compression="lz4"),
    "pyarrow-delta": arrow(
        use_dictionary=False,
        column_encoding={
            "id": "DELTA_BINARY_PACKED",
            "small": "DELTA_BINARY_PACKED",
            "text": "DELTA_BYTE_ARRAY",
        },
    ),
    "fastparquet": fast(),
    "fastparquet-int96": fast(times="int96", compression="GZIP"),
    "duckdb": duck(""),
    "duckdb-zstd": duck(", COMPRESSION zstd, ROW_GROUP_SIZE 2048"),
}
