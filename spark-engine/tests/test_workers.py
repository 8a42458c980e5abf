"""The same flow on one worker and on two gives the same rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyspark

import flows

SPLIT = [{"name": "Train", "percentage": 0.8}, {"name": "Test", "percentage": 0.2}]
# Rows in an order, with duplicates, missing values and equal times.
RIDES = "".join(
    f"{number % 100},zone {number * 7919 % 40},{number * 31 % 97 if number % 11 else ''},"
    f"2026-01-{number % 28 + 1:02} 08:00:00\n"
    for number in range(600)
)
ZONES = "".join(f"zone {number},borough {number % 5}\n" for number in range(40))
# Runs a flow with as many workers as asked for, and small partitions, so that all of them work.
PROGRAM = """
import os, sys
from pathlib import Path
from spark_engine import engine, session
from spark_engine.flow import Flow
from spark_engine.job import Options, run_and_account
workers, flow, output, *files = sys.argv[1:]
settings = {"spark.sql.files.maxPartitionBytes": "8192", "spark.sql.files.openCostInBytes": "0"}
# Compiling queries takes longer than running them on a few rows.
settings |= {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
settings |= {"spark.sql.shuffle.partitions": "3"}
spark = session.start(master=f"local-cluster[{workers},1,1024]", settings=settings)
read = Flow.read(Path(flow))
inputs = {Path(file).name: [Path(file)] for file in files}
run_and_account(spark, read, read.output("last.default"), inputs, output, Options(reject_malformed=True))
rows = sorted(map(repr, spark.read.parquet(output + "/rows").collect()))
print("\\n".join(rows))
"""


def operator(node_id: str, name: str, *inputs: str, **parameters: Any) -> dict[str, Any]:
    return {**flows.node(node_id, f"sagemaker.spark.{name}_0.1", *inputs), "parameters": parameters}


def flow(folder: Path) -> Path:
    """A flow with each operator whose result could depend on the partitions."""
    series = {
        "sequence_column": "minutes",
        "id_column": "zone",
        "timestamp_column": "at",
        "output_column": "past",
    }
    window = """
SELECT *, row_number() OVER (PARTITION BY zone ORDER BY minutes, id, at) AS place FROM df
"""
    pandas = "df['double'] = df['minutes'].fillna(0) * 2\ndf = df.sort_values(['zone', 'place'])"
    return flows.write(
        folder,
        flows.source("rides", "rides.csv"),
        flows.source("zones", "zones.csv"),
        operator("cast", "infer_and_cast_type", "rides"),
        operator(
            "median",
            "handle_missing",
            "cast",
            operator="Impute",
            impute_parameters={
                "column_type": "Numeric",
                "numeric_parameters": {"strategy": "Approximate Median", "input_column": "minutes"},
            },
        ),
        operator(
            "split",
            "split",
            "median",
            operator="Randomized split",
            randomized_split_parameters={"splits": SPLIT},
        ),
        operator(
            "sample",
            "sampling",
            "split",
            operator="Stratified",
            stratified_parameters={"sample_size": 400, "stratify_column": "zone", "seed": 3},
        ),
        operator(
            "join",
            "join_tables",
            "sample",
            "zones",
            join_type="inner",
            left_column="zone",
            right_column="zone",
        ),
        operator(
            "rename", "custom_sql", "join", code="SELECT id, zone_0 AS zone, minutes, at, borough FROM df"
        ),
        operator(
            "lag",
            "time_series",
            "rename",
            operator="Lag features",
            **{"Lag features_parameters": {"lag": 2, **series}},
        ),
        operator("window", "custom_sql", "lag", code=window),
        operator("pandas", "custom_pandas", "window", code=pandas),
        operator(
            "shuffle",
            "manage_rows",
            "pandas",
            operator="Shuffle",
        ),
        operator(
            "last",
            "sampling",
            "shuffle",
            operator="Randomized",
            randomized_parameters={"sample_size": 200, "seed": 3},
        ),
    )


def rows(folder: Path, workers: int, path: Path, files: list[Path]) -> list[str]:
    output = folder / f"result-{workers}"
    command = [sys.executable, "-c", PROGRAM, str(workers), str(path), str(output), *map(str, files)]
    # Workers write into SPARK_HOME.
    home = folder / f"spark-{workers}"
    home.mkdir()
    for name in ("bin", "jars", "python", "sbin"):
        (home / name).symlink_to(Path(pyspark.__file__).parent / name)
    environment = {**os.environ, "SPARK_HOME": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    account = json.loads(next((output / "account").glob("part-*")).read_text())
    assert (account["rows_read"], account["rows_rejected"]) == (641, 1)
    return done.stdout.splitlines()


def test_one_and_two_workers_give_the_same_rows(tmp_path: Path) -> None:
    path = flow(tmp_path)
    files = [tmp_path / "rides.csv", tmp_path / "zones.csv"]
    files[0].write_text(f"id,zone,minutes,at\n{RIDES}malformed\n")
    files[1].write_text(f"zone,borough\n{ZONES}")
    one, two = (rows(tmp_path, workers, path, files) for workers in (1, 2))
    assert len(one) > 100
    assert one == two
