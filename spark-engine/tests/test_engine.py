"""Whole flows."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

import flows
from spark_engine import engine, job
from spark_engine.errors import FlowError
from spark_engine.flow import Flow

CODE = "sagemaker.spark.custom_pyspark_0.1"
CAST = "sagemaker.spark.infer_and_cast_type_0.1"
INPUT = "id,n\n1,2\n2,x\n3,4\n4,5\n5,6\n6,7\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(INPUT)
    return path


def test_accounts_for_rows_and_lost_values(spark: SparkSession, data: Path, tmp_path: Path) -> None:
    path = flows.write(
        tmp_path,
        flows.node("drop", CODE, "cast", code="df = df.where('id > 1')"),
        flows.source("s", "a.csv"),
        flows.node("cast", CAST, "s"),
    )
    flow = Flow.read(path)
    result = engine.run(spark, flow, flow.output(), {"a.csv": [data]})
    assert result.frame.count() == 5
    assert result.account.summary() == {
        "rows_read": 6,
        "rows_malformed": 0,
        "rows_rejected": 0,
        "rows_dropped": 6,
        "rows_written": 0,
        "values_lost": [{"node_id": "cast", "column": "n", "kind": "bigint", "rows": 1}],
    }


def test_names_the_node_that_fails_when_rows_are_computed(
    spark: SparkSession, data: Path, tmp_path: Path
) -> None:
    formula = "sagemaker.spark.custom_formula_0.1"
    path = flows.write(
        tmp_path,
        flows.source("s", "a.csv"),
        flows.node("fine", formula, "s", output_column="a", formula="id"),
        flows.node("bad", formula, "fine", output_column="b", formula="raise_error(n)"),
        flows.node("last", formula, "bad", output_column="c", formula="id"),
    )
    flow = Flow.read(path)
    result = engine.run(spark, flow, flow.output(), {"a.csv": [data]})
    error = result.steps.blame(ValueError())
    assert error.node_id == "bad"


@pytest.mark.parametrize(
    ("operator", "problem"),
    [("sagemaker.spark.unknown_0.1", "the operator is not supported"), (CODE, "the code failed in line 1")],
)
def test_names_the_node(spark: SparkSession, data: Path, tmp_path: Path, operator: str, problem: str) -> None:
    path = flows.write(tmp_path, flows.source("s", "a.csv"), flows.node("n", operator, "s", code="df.no"))
    flow = Flow.read(path)
    with pytest.raises(FlowError, match=rf"^node n \({operator}\): {problem}"):
        engine.run(spark, flow, flow.output(), {"a.csv": [data]})


def test_command_writes_parquet_and_prints_the_account(
    spark: SparkSession, data: Path, tmp_path: Path
) -> None:
    flow = flows.write(tmp_path, flows.source("s", "a.csv"), flows.node("c", CODE, "s", code="print('seen')"))
    output = tmp_path / "features"
    command = [sys.executable, "-m", "spark_engine", "--flow", str(flow)]
    command += ["--input", str(data), "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["rows_written"] == 6
    assert done.stderr.splitlines() == [
        "node s (sagemaker.s3_source_0.1) starts",
        f"node c ({CODE}) starts",
        "seen",
    ]
    assert spark.read.parquet(str(output / "rows")).count() == 6


def test_command_rejects_malformed_rows_and_bounds_the_rows_of_a_file(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "LEAST_ROWS", 2)
    monkeypatch.setattr(job, "CELLS", 4)
    data = tmp_path / "a.csv"
    data.write_text("id,n\n1,2\n2\n3,4\n4,5\n")
    flow = Flow.read(flows.write(tmp_path, flows.source("s", "a.csv")))
    output = tmp_path / "features"
    (output / "rejected").mkdir(parents=True)
    (output / "rejected" / "part-of-a-former-run.json").touch()
    options = job.Options(reject_malformed=True)
    written, account = job.run_and_account(
        spark, flow, flow.output(), {"a.csv": [data]}, str(output), options
    )
    assert written.count() == 3
    parts = sorted((output / "rows").glob("part-*.parquet"))
    assert [pq.read_table(part)["id"].to_pylist() for part in parts] == [["1", "3"], ["4"]]
    [rejected] = (output / "rejected").glob("part-*.json")
    assert json.loads(rejected.read_text())["text"] == "2"
    [line] = (output / "account").glob("part-*.txt")
    assert json.loads(line.read_text()) == account.summary()
    assert (account.rows_read, account.rows_rejected, account.rows_written) == (4, 1, 3)
