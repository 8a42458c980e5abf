"""Paths of the files that `make build` creates for this machine."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
ARCHITECTURE: Final = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
_FOLDER: Final = {"x86_64": "target/lambda", "arm64": "target/lambda-arm64"}[ARCHITECTURE]
PACKAGE: Final = f"{_FOLDER}/start-pipeline/bootstrap.zip"
CLI: Final = f"{_FOLDER}/ingestion-pipeline/ingestion-pipeline"
ENGINE: Final = f"{_FOLDER}/ingest-features/ingest-features"
SPARK_ENGINE: Final = "target/spark-engine/spark-engine.zip"
