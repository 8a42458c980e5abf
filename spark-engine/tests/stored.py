"""Writes a model as Data Wrangler stores it in a flow."""

import base64
import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


def stored_model(model: Any) -> str:
    """Return the model's folder as a zip archive in base 85."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, "model")
        model.save(folder.as_uri())
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(folder))
        return base64.b85encode(zipped.getvalue()).decode()
