"""Whole flows, in the shapes that Data Wrangler exports."""

import gzip
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from spark_engine import engine
from spark_engine.errors import FlowError
from spark_engine.flow import Flow

FLOWS = Path(__file__).parent / "fixtures" / "flows"
ROOT = Path(__file__).parents[2]
ABALONE = ROOT / "crates/flow-engine/tests/oracle/abalone.csv.gz"
SCALED = ["length", "diameter", "height", "whole_weight", "shucked_weight", "viscera_weight", "shell_weight"]


def run(spark: SparkSession, name: str, inputs: dict[str, Path]) -> engine.Result:
    flow = Flow.read(FLOWS / f"{name}.flow")
    return engine.run(spark, flow, flow.output(), {dataset: [path] for dataset, path in inputs.items()})


@pytest.fixture
def abalone(tmp_path: Path) -> Path:
    path = tmp_path / "abalone.csv"
    path.write_bytes(gzip.decompress(ABALONE.read_bytes()))
    return path


def test_pandas_nodes_equal_pandas(spark: SparkSession, abalone: Path) -> None:
    """scikit-learn divides by the population's deviation, Spark by the sample's."""
    result = run(spark, "abalone-pandas", {"abalone.csv": abalone}).frame.toPandas()
    raw = pd.read_csv(abalone)
    expected = (raw[SCALED] - raw[SCALED].mean()) / raw[SCALED].std(ddof=0)
    assert len(result) == 4177
    assert (result[SCALED] - expected).abs().max().max() < 1e-12
    for sex in ("M", "F", "I"):
        assert (result[f"sex_{sex}"] == (raw["sex"] == sex).astype(float)).all()
    assert (result[["record_id", "rings"]] == raw[["record_id", "rings"]]).all().all()
    assert result["record_time"].nunique() == 1


def test_built_in_operators_keep_every_row(spark: SparkSession, abalone: Path) -> None:
    flow = Flow.read(ROOT / "flows/abalone.flow")
    result = engine.run(spark, flow, flow.output(), {"abalone.csv": [abalone]})
    assert result.frame.count() == 4177
    assert result.account.rows_malformed == 0


def test_joins_queries_and_resamples(spark: SparkSession) -> None:
    result = run(spark, "rides", {name: FLOWS / name for name in ("rides.csv", "zones.csv")}).frame
    assert result.columns == ["borough", "hour", "minutes", "rides"]
    rows = {(row["borough"], str(row["hour"])): (row["minutes"], row["rides"]) for row in result.collect()}
    # Two rides of 20 and 30 minutes, none in the next hour, and one of 45 minutes.
    assert rows == {
        ("north", "2026-01-01 08:00:00"): (25.0, 2.0),
        ("north", "2026-01-01 09:00:00"): (35.0, 1.5),
        ("north", "2026-01-01 10:00:00"): (45.0, 1.0),
        ("south", "2026-01-01 08:00:00"): (12.5, 1.0),
    }


def test_encodes_formats_and_scales(spark: SparkSession) -> None:
    result = run(spark, "customers", {"customers.csv": FLOWS / "customers.csv"}).frame
    rows = [
        tuple(row)
        for row in result.select("churned", "plan_number", "city_seoul", "city_köln", "spent").collect()
    ]
    assert rows == [(1, 0.0, 1.0, 0.0, 0.0), (0, 1.0, 0.0, 1.0, 0.5), (0, 0.0, 1.0, 0.0, 1.0)]


@pytest.mark.parametrize(("name", "kind"), [("athena", "Athena"), ("redshift", "Redshift")])
def test_refuses_sources_outside_s3_by_name(name: str, kind: str) -> None:
    flow = Flow.read(FLOWS / f"{name}.flow")
    with pytest.raises(FlowError, match=f"reads from {kind}, not from S3"):
        engine.check(flow, flow.output())
