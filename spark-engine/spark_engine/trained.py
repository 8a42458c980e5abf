"""Trained parameters: Spark's models, as Data Wrangler stores them in a flow.

A model is the folder that Spark writes, as a zip archive in base 85.
"""

import base64
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from spark_engine.parameters import Parameters

REFIT = "train the node again: set refit in pipeline.yaml, or pass --refit"

UNREADABLE = (ValueError, TypeError, OSError, zipfile.BadZipFile, zlib.error)

# Some models read their folder only when they are used.
_FOLDERS: list[TemporaryDirectory[str]] = []


def of_column(trained: Any, column: str, columns: int) -> Mapping[str, Any]:
    """Return what was trained on one of a node's columns.

    A node with several columns has a list. Each entry names its column.
    """
    if isinstance(trained, list):
        entries = [entry for entry in trained if isinstance(entry, Mapping)]
        return next((entry for entry in entries if entry.get("input_column") == column), {})
    return trained if isinstance(trained, Mapping) and columns == 1 else {}


def load(parameters: Parameters, trained: Mapping[str, Any], name: str, kind: Any) -> Any:
    """Return the trained model with this name. None if the node has none."""
    encoded = trained.get(name)
    if encoded is None:
        return None
    folder: TemporaryDirectory[str] = TemporaryDirectory()
    _FOLDERS.append(folder)
    try:
        archive = zipfile.ZipFile(io.BytesIO(base64.b85decode(encoded)))
        archive.extractall(folder.name)
        return kind.load(Path(folder.name).as_uri())
    except (*UNREADABLE, PySparkException, Py4JError) as error:
        raise parameters.error(f"the trained {name} cannot be read", REFIT) from error
