"""The parts of the engines' benchmark that need pandas and Arrow."""

from __future__ import annotations

import gzip
import re
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine_bench import check, data, pandas_flow
from engine_bench.data import ABALONE

EXPECTED = ABALONE.with_name("abalone.expected.csv.gz")


def write(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_data_begins_with_abalone_and_repeats_it_with_deviations(tmp_path: Path) -> None:
    original = gzip.decompress(ABALONE.read_bytes()).decode().splitlines()
    data.write(4_179, tmp_path / "a.csv")
    data.write(4_179, tmp_path / "b.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[: len(original)] == original
    assert re.fullmatch(r"4178,M,0\.3\d{6},(0\.\d{7},){6}7", lines[-1])
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_pandas_computes_what_spark_computes(tmp_path: Path) -> None:
    since = time.time()
    data.write(4_177, tmp_path / "abalone.csv")
    pandas_flow.main(str(tmp_path / "abalone.csv"), str(tmp_path / "pandas.parquet"))
    expected = pd.read_csv(EXPECTED, float_precision="round_trip")
    expected["record_time"] = float(int(time.time()))
    expected.to_parquet(tmp_path / "spark.parquet", index=False)
    outputs = {"pandas": tmp_path / "pandas.parquet", "Spark": tmp_path / "spark.parquet"}
    assert check.difference(outputs, since, time.time()) <= check.TOLERANCE


def test_outputs_may_be_folders_in_any_order_and_differ_in_the_last_bits(tmp_path: Path) -> None:
    one = write(tmp_path / "one.parquet", record_id=[1, 2], x=[0.5, 2.0], record_time=[9.0, 9.0])
    (tmp_path / "spark/rows").mkdir(parents=True)
    write(tmp_path / "spark/rows/a.parquet", record_id=[2], x=[2.0 + 1e-12], record_time=[8.0])
    write(tmp_path / "spark/rows/b.parquet", record_id=[1], x=[0.5], record_time=[8.0])
    found = check.difference({"native": one, "Spark": tmp_path / "spark"}, 8.0, 9.5)
    assert found == pytest.approx(5e-13, rel=0.01)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"record_id": [1, 2], "x": [0.5, 2.1], "record_time": [9.0, 9.0]}, "values differ by 5.0e-02"),
        ({"record_id": [1, 3], "x": [0.5, 2.0], "record_time": [9.0, 9.0]}, "record_id: values differ"),
        ({"record_id": [1], "x": [0.5], "record_time": [9.0]}, "has 1 rows"),
        ({"record_id": [1, 2], "y": [0.5, 2.0], "record_time": [9.0, 9.0]}, "of .'record_id', 'y'"),
        ({"record_id": [1, 2], "x": [0.5, None], "record_time": [9.0, 9.0]}, "there are nulls"),
        ({"record_id": [1, 2], "x": [1, 2], "record_time": [9.0, 9.0]}, "the types are float64 and int64"),
        ({"record_id": [1, 2], "x": [0.5, 2.0], "record_time": [9.0, 8.0]}, "record_time is"),
        ({"record_id": [1, 2], "x": [0.5, 2.0], "record_time": [7.0, 7.0]}, "record_time is"),
    ],
)
def test_outputs_that_differ_are_refused(tmp_path: Path, columns: dict[str, Any], problem: str) -> None:
    first = write(tmp_path / "first.parquet", record_id=[1, 2], x=[0.5, 2.0], record_time=[9.0, 9.0])
    second = write(tmp_path / "second.parquet", **columns)
    with pytest.raises(ValueError, match=problem):
        check.difference({"native": first, "Spark": second}, 8.0, 9.5)
