"""How a processing job divides the memory of an instance.

AWS's image gives almost all of it to Spark's executors, and 2 GB to the driver. A node with pandas code needs
all rows in the driver, and again in its Python process.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

DRIVER, EXECUTORS = 0.25, 0.4
# Where AWS's image reads settings:
# https://sagemaker.readthedocs.io/en/stable/amazon_sagemaker_processing.html#pysparkprocessor
SETTINGS = Path("processing", "input", "conf", "configuration.json")


def configure(ml: Path, *, megabytes: int | None = None) -> None:
    """Write the settings. The rest of the memory is for Python, on the driver and on the executors."""
    if megabytes is None:
        megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    properties = {
        "spark.driver.maxResultSize": "0",
        "spark.driver.memory": f"{int(megabytes * DRIVER)}m",
        "spark.executor.memory": f"{int(megabytes * EXECUTORS)}m",
    }
    file = ml / SETTINGS
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([{"Classification": "spark-defaults", "Properties": properties}]))
