"""Malformed CSV of every kind, as Spark reads it: lines and files of random quotes and delimiters."""

import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

LINES = 1500
FILES = 300
COLUMNS = 3


def write(spark: SparkSession, folder: Path) -> None:
    """Write csv-lines.json and csv-files.json: texts, and the rows that Spark makes of them."""
    chance = random.Random(1)
    with TemporaryDirectory() as scratch:
        texts = ["".join(chance.choices('a""", \t"b,', k=chance.randint(1, 12))) for _ in range(LINES)]
        texts = [text for text in texts if text.strip()]
        path = Path(scratch, "lines.csv")
        path.write_text("\n".join(texts))
        rows = [list(row) for row in reader(spark, str(path), multi_line=False)]
        save(folder / "csv-lines.json", texts, rows)

        files = Path(scratch, "files")
        files.mkdir()
        texts = ["".join(chance.choices('a""", "b,\n\n\r', k=chance.randint(1, 24))) for _ in range(FILES)]
        for number, text in enumerate(texts):
            (files / f"{number:04}.csv").write_bytes(f"\n{text}".encode())
        named: list[list[list[str | None]]] = [[] for _ in texts]
        for name, *row in reader(spark, str(files), multi_line=True):
            named[int(Path(str(name)).stem)].append(row)
        save(folder / "csv-files.json", texts, named)


def reader(spark: SparkSession, path: str, *, multi_line: bool) -> list[tuple[str | None, ...]]:
    """Rows of three columns without a header; of several files with their names."""
    schema = ", ".join(f"c{i} string" for i in range(COLUMNS))
    frame = spark.read.csv(
        path=path,
        schema=schema,
        escape='"',
        quote='"',
        mode="PERMISSIVE",
        encoding="utf-8",
        multiLine=multi_line,
    )
    if multi_line:
        frame = frame.select(sf.input_file_name(), "*")
    return [tuple(row) for row in frame.collect()]


def save(path: Path, texts: list[str], rows: object) -> None:
    """Write texts and rows as JSON."""
    path.write_text(json.dumps({"texts": texts, "rows": rows}, separators=(",", ":")) + "\n")
