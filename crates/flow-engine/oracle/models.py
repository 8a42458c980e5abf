"""Trained parameters in the form in which Data Wrangler stores Spark models in a flow."""

import base64
import io
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark.ml.feature import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    StringIndexer,
    VectorAssembler,
)
from pyspark.sql import SparkSession

CITIES = ["Oslo", "Bern", "Oslo", "Lima", "Bern", "Oslo", None]
NUMBERS = [1.0, 2.0, 4.0, 8.0, 16.0]


def write(spark: SparkSession, folder: Path) -> None:
    """Write models.json: models of CITIES and NUMBERS, by class."""
    cities = spark.createDataFrame([(city,) for city in CITIES], "value string")
    numbers = spark.createDataFrame([(number,) for number in NUMBERS], "value double")
    vectors = VectorAssembler(inputCols=["value"], outputCol="in").transform(numbers)
    indexer = StringIndexer(inputCol="value", outputCol="out", handleInvalid="keep")
    models = {"StringIndexerModel": encode(indexer.fit(cities))}
    for scaler in (StandardScaler, MinMaxScaler, RobustScaler, MaxAbsScaler):
        models[f"{scaler.__name__}Model"] = encode(scaler(inputCol="in", outputCol="out").fit(vectors))
    path = folder / "models.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    # Spark gives each model a random name, a time and random metadata order. Keep models whose data is
    # unchanged, so that the diff shows only real changes.
    for name, model in models.items():
        if name in kept and learned(spark, kept[name]) == learned(spark, model):
            models[name] = kept[name]
    path.write_text(json.dumps(models, indent=1) + "\n")


def learned(spark: SparkSession, model: str) -> list[Any]:
    """Return a model's data without its metadata."""
    with TemporaryDirectory() as scratch:
        zipfile.ZipFile(io.BytesIO(base64.b85decode(model))).extractall(scratch)
        rows: list[Any] = spark.read.parquet(str(Path(scratch, "data"))).collect()
        return rows


def encode(model: Any) -> str:
    """Encode a model's folder as a zip archive in base 85."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, "model")
        model.save(str(folder))
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(folder))
        return base64.b85encode(zipped.getvalue()).decode()
