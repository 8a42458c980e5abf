"""Parquet files from Spark with several settings, for the engine's tests."""

import shutil
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

# Dates and times at the limits of calendars and of 64-bit nanoseconds.
OLD = """
    VALUES (1, DATE'9999-12-31', TIMESTAMP'9999-12-31 00:00:00'),
           (2, DATE'2020-01-02', TIMESTAMP'2020-01-02 03:04:05.678901'),
           (3, DATE'2500-06-01', TIMESTAMP'2500-06-01 00:00:00'),
           (4, DATE'1899-12-30', TIMESTAMP'1899-12-30 00:00:00'),
           (5, DATE'1582-10-15', TIMESTAMP'1582-10-15 00:00:00'),
           (6, DATE'1582-10-04', TIMESTAMP'1582-10-04 23:59:59.999999'),
           (7, DATE'1500-03-01', TIMESTAMP'1500-03-01 12:00:00.5'),
           (8, DATE'0001-01-01', TIMESTAMP'0001-01-01 00:00:00'),
           (9, DATE'-0044-03-15', TIMESTAMP'-0044-03-15 12:00:00'),
           (10, NULL, NULL)
    AS rows(id, d, t)
"""
# Values of types that formulas can only cast.
TYPES = """
    VALUES (1, 12.34BD, 0.000000000000000001BD, TIMESTAMP'2026-11-22 01:02:03.5', 7Y, 300S, 1.5F, X'616263'),
           (2, -0.99BD, -12345678901234567890.123456789012345678BD, TIMESTAMP'1969-12-31 23:59:59.25', -1Y,
            -1S, -0.0F, X''),
           (3, 99999999.99BD, 9223372036854775808.5BD, TIMESTAMP'+12345-01-01 00:00:00', 127Y, 0S,
            CAST('NaN' AS FLOAT), X'C3A9FF41'),
           (4, 0.00BD, 0BD, TIMESTAMP'1970-01-01 00:00:00', 0Y, 32767S, 3e38F, X'EDA080'),
           (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
    AS rows(id, price, wide, t, tiny, small, real, raw)
"""
SELECT = {
    "parquet-old-dates": f"SELECT * FROM {OLD}",
    "parquet-types": f"""SELECT id, CAST(price AS DECIMAL(10,2)) AS price,
        CAST(wide AS DECIMAL(38,18)) AS wide, t, tiny, small, real, raw FROM {TYPES}""",
}
# File, table, type of times, and calendar of old values: LEGACY is Julian.
FILES = [
    ("parquet-old-dates-corrected", "parquet-old-dates", "TIMESTAMP_MICROS", "CORRECTED"),
    ("parquet-old-dates-legacy", "parquet-old-dates", "TIMESTAMP_MICROS", "LEGACY"),
    ("parquet-old-dates-int96-corrected", "parquet-old-dates", "INT96", "CORRECTED"),
    ("parquet-old-dates-int96-legacy", "parquet-old-dates", "INT96", "LEGACY"),
    ("parquet-old-dates-millis-legacy", "parquet-old-dates", "TIMESTAMP_MILLIS", "LEGACY"),
    ("parquet-types", "parquet-types", "TIMESTAMP_MICROS", "CORRECTED"),
]


def write(spark: SparkSession, fixtures: Path) -> None:
    """Write the missing files. Spark's output is not reproducible, so existing files stay."""
    for name, table, times, calendar in FILES:
        path = fixtures / f"{name}.parquet"
        if path.exists():
            continue
        spark.conf.set("spark.sql.parquet.outputTimestampType", times)
        spark.conf.set("spark.sql.parquet.datetimeRebaseModeInWrite", calendar)
        spark.conf.set("spark.sql.parquet.int96RebaseModeInWrite", calendar)
        with tempfile.TemporaryDirectory() as folder:
            spark.sql(SELECT[table]).coalesce(1).write.mode("overwrite").parquet(folder)
            [part] = Path(folder).glob("part-*.parquet")
            shutil.copy(part, path)
