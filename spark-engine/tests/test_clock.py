"""The current time in formulas and queries."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from conftest import Apply
from spark_engine.clock import Clock

CLOCK = Clock.parse("1767225600.25")
DATE, TIME = "DATE'2026-01-01'", "timestamp_micros(1767225600250000L)"


@pytest.mark.parametrize(
    ("sql", "fixed"),
    [
        ("unix_timestamp()", "1767225600L"),
        ("unix_timestamp(t) + UNIX_TIMESTAMP ( )", "unix_timestamp(t) + 1767225600L"),
        ("now() > current_timestamp", f"{TIME} > {TIME}"),
        ("current_date() = CURRENT_DATE", f"{DATE} = {DATE}"),
        ("SELECT 'now()', \"it's now()\", `now()`, t.current_date FROM t", None),
        ("SELECT 1 AS current_date -- now()\n/* now() */", None),
        (r"concat('it\'s ', now)", None),
        ("my_now() + nowhere", None),
    ],
)
def test_replaces_calls_only(sql: str, fixed: str | None) -> None:
    assert CLOCK.fixed(sql) == (sql if fixed is None else fixed)


def test_column_has_precedence_over_a_call_without_parentheses() -> None:
    assert CLOCK.fixed("current_date + current_date()", ["Current_Date"]) == f"current_date + {DATE}"


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00.25Z", "2026-01-01T09:00:00.250000+09:00"])
def test_reads_iso_8601(text: str) -> None:
    assert Clock.parse(text) == CLOCK


def test_formula_and_query_get_the_time_of_the_run(spark: SparkSession, apply: Apply) -> None:
    frame = spark.range(1)
    formula = {"output_column": "at", "formula": "unix_timestamp()"}
    assert apply(frame, "sagemaker.spark.custom_formula_0.1", formula, clock=CLOCK).first().at == 1767225600
    query = {"code": "SELECT current_date(), CAST(now() AS string) AS t FROM df"}
    row = apply(frame, "sagemaker.spark.custom_sql_0.1", query, clock=CLOCK).first().asDict()
    assert {name: str(value) for name, value in row.items()} == {
        "current_date()": "2026-01-01",
        "t": "2026-01-01 00:00:00.25",
    }
