"""Code in pandas, PySpark and SQL, and user-defined functions."""

import datetime as dt
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import Apply
from spark_engine.errors import FlowError

PANDAS = "sagemaker.spark.custom_pandas_0.1"
PYSPARK = "sagemaker.spark.custom_pyspark_0.1"
SQL = "sagemaker.spark.custom_sql_0.1"
CODE = "sagemaker.spark.custom_code_0.1"
SECRET = "customer data"


@pytest.fixture
def frame(spark: SparkSession) -> DataFrame:
    rows = [
        (1, 0.5, "x", True, dt.date(2026, 1, 2)),
        (None, None, None, None, None),
        (3, 1.5, SECRET, False, None),
    ]
    return spark.createDataFrame(rows, "a bigint, b double, s string, f boolean, d date")


def rows(frame: DataFrame) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame.collect()]


def test_pandas_keeps_nulls_and_types_of_untouched_columns(frame: DataFrame, apply: Apply) -> None:
    result = apply(frame, PANDAS, {"code": "df['c'] = df['b'] * 2"})
    assert result.dtypes == [
        ("a", "double"),
        ("b", "double"),
        ("s", "string"),
        ("f", "boolean"),
        ("d", "date"),
        ("c", "double"),
    ]
    assert rows(result)[1] == (None, None, None, None, None, None)
    assert rows(result)[0] == (1.0, 0.5, "x", True, dt.date(2026, 1, 2), 1.0)


def test_pandas_results_become_types_of_data_wrangler(spark: SparkSession, apply: Apply) -> None:
    code = """
import pandas as pd
df = pd.get_dummies(df)
df['small'] = df['s_x'].astype('int8')
df['real'] = df['s_x'].astype('float32')
df['kind'] = pd.Categorical(['u', 'v'])
df['none'] = None
df[7] = pd.to_datetime('2026-01-02')
"""
    result = apply(spark.createDataFrame([("x",), ("y",)], "s string"), PANDAS, {"code": code})
    assert result.dtypes == [
        ("s_x", "bigint"),
        ("s_y", "bigint"),
        ("small", "bigint"),
        ("real", "double"),
        ("kind", "string"),
        ("none", "string"),
        ("7", "timestamp"),
    ]


def test_pandas_code_of_version_1_runs(frame: DataFrame, apply: Apply) -> None:
    code = "import pandas as pd\ndf = pd.concat((df[['a']], df[['b']]), 1).append(df[['a', 'b']])"
    assert apply(frame, PANDAS, {"code": code}).count() == 6


def test_pyspark_runs_code_on_a_spark_frame(frame: DataFrame, apply: Apply) -> None:
    code = "import pyspark.sql.functions as F\nstr = 'a'\ndf = df.withColumn('c', F.col(str) + 1).drop('d')"
    for operator, parameters in (
        (PYSPARK, {"code": code}),
        (CODE, {"operator": "Python (PySpark)", "pyspark_parameters": {"code": code}}),
    ):
        result = apply(frame, operator, parameters)
        assert result.columns == ["a", "b", "s", "f", "c"]
        assert [row["c"] for row in result.collect()] == [2, None, 4]


def test_sql_selects_from_df(frame: DataFrame, apply: Apply) -> None:
    result = apply(frame, SQL, {"code": "SELECT a, b * 2 AS c FROM df WHERE a IS NOT NULL"})
    assert rows(result) == [(1, 1.0), (3, 3.0)]


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (
            "Pandas",
            "import pandas as pd\n\ndef custom_func(series: pd.Series) -> pd.Series:\n  return series * 2",
        ),
        ("Python", "def custom_func(value):\n  return None if value is None else value * 2"),
    ],
)
def test_function_computes_a_column(frame: DataFrame, apply: Apply, mode: str, code: str) -> None:
    block = {"return_type": "float", "udf_mode": mode, "input_col": "b", "output_col": "c"}
    block[f"{mode.lower()}_code"] = code
    result = apply(frame, CODE, {"operator": "Python (User-Defined Function)", "udf_parameters": block})
    assert result.dtypes[-1] == ("c", "double")
    assert [row["c"] for row in result.collect()] == [1.0, None, 3.0]


@pytest.mark.parametrize(
    ("operator", "code", "problem"),
    [
        (PANDAS, "df = df['a']", "the code left a Series in `df`, not a pandas DataFrame"),
        (PANDAS, "del df", "the code left no value in `df`"),
        (PYSPARK, "df = 1", "the code left a int in `df`, not a Spark DataFrame"),
        (PANDAS, "x = 1\ndf['no']", r"line 2 \(`df\['no'\]`\): KeyError: no"),
        (PANDAS, "df['s'].map(int)", r"line 1 \(`df\['s'\].map\(int\)`\): ValueError"),
        (PANDAS, "import nomodule", r"No module named 'nomodule'.*pip install"),
        (PANDAS, "def f(:", r"line 1 \(`def f\(:`\): SyntaxError"),
        (PANDAS, "import sys\nsys.exit(0)", r"ended Python with exit\(\)"),
        (PANDAS, "df['m'] = [1, 'x', 2.5]", "`m` has values of several types"),
        (PYSPARK, "df = df.select('no')", r"line 1 .*UNRESOLVED_COLUMN.*`no`"),
        (
            PYSPARK,
            "from pyspark.sql import functions as F\ndf = df.select(F.udf(int, 'int')('s'))",
            "failed in a Python process",
        ),
        (SQL, "SELECT no FROM df", "UNRESOLVED_COLUMN"),
        (SQL, "SELECT", "correct the query"),
    ],
)
def test_names_the_node_and_quotes_no_data(
    frame: DataFrame, apply: Apply, operator: str, code: str, problem: str
) -> None:
    with pytest.raises(FlowError, match=problem) as raised:
        apply(frame, operator, {"code": code})
    assert str(raised.value).startswith(f"node node-1 ({operator}): ")
    assert SECRET not in str(raised.value)


def test_names_the_node_whose_function_fails(frame: DataFrame, apply: Apply) -> None:
    block = {
        "return_type": "long",
        "udf_mode": "Python",
        "input_col": "s",
        "python_code": "def custom_func(v): int(v)",
    }
    with pytest.raises(
        FlowError, match=r"node node-1 .*in line 1 in a Python process of Spark: ValueError; "
    ):
        apply(frame, CODE, {"operator": "Python (User-Defined Function)", "udf_parameters": block})


def test_refuses_unknown_languages_by_name(frame: DataFrame, apply: Apply) -> None:
    with pytest.raises(FlowError, match="operator `R` is not supported"):
        apply(frame, CODE, {"operator": "R"})
