"""The data: Abalone, repeated with small deviations."""

from __future__ import annotations

import csv
import gzip
import random
from pathlib import Path

ABALONE = Path(__file__).parents[2] / "crates/flow-engine/tests/oracle/abalone.csv.gz"
MEASURED = slice(2, 9)  # from `length` to `shell_weight`
DEVIATION = 0.001


def write(rows: int, target: Path) -> None:
    """Write the first rows of Abalone, repeated without end. The same number of rows gives the same file.

    The first pass is Abalone itself. Later passes differ a little, so that the file is not just repetition.
    """
    with gzip.open(ABALONE, "rt", encoding="utf-8", newline="") as packed:
        header, *original = list(csv.reader(packed))
    numbers = random.Random(0)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for number in range(rows):
            row = list(original[number % len(original)])
            row[0] = str(number)
            if number >= len(original):
                row[MEASURED] = [
                    f"{float(value) + DEVIATION * (numbers.random() - 0.5):.7f}" for value in row[MEASURED]
                ]
            writer.writerow(row)
