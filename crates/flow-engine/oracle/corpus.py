"""Random CSV and JSON Lines files, with the rows that Spark reads from them."""

import json
import random
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import dateutil.parser
import pandas
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

from json_values import json_value

LINES = 1500
FILES = 300
COLUMNS = 3
JSON_FILES = 400
TIMES = 20_000
# Parts of times, and parts that look like them.
TIME_PARTS = [
    *("2026", "11", "22", "1", "7", "0147", "20261122", "101530", "10:15", "10:15:30.25", "2.5", "٣"),
    *("-", "-", "/", ".", ",", " ", " ", ":", "+", "'", "(", ")", "_", "#", ";", "T"),
    *("Nov", "november", "Sun", "am", "PM", "a", "h", "m", "s", "min", "Z", "UTC", "EST", "CESTX", "ABCDEF"),
    *("Q1", "Q", "W01", "st", "th", "of", "at", "ad", "bc", "today", "now", "C", "id", "é", "데"),
]
# Values in JSON Lines: each type, and words that only some parsers accept. Below: invalid JSON.
JSON_VALUES = [
    *("1", "-7", "0", "-0", "9223372036854775807", "1.5", "-0.0", "1e3", "1E-2", "1e400", "100000000.0"),
    *(
        "true",
        "false",
        "null",
        '""',
        '""',
        '"x"',
        '" "',
        '"1"',
        '"true"',
        '"2026-01-02"',
        '"NaN"',
        '"\\u00e9\\n"',
    ),
    *("NaN", "Infinity", "-Infinity", "+Infinity", "+INF", "-INF"),
]
JSON_ODDITIES = [
    "INF",
    "nan",
    "+1",
    "01",
    ".5",
    "5.",
    "True",
    "'x'",
    "[1]",
    '{"b":1}',
    "1 2",
    '"\t"',
    "9223372036854775808",
]
JSON_NAMES = ['"a"', '"a"', '"a"', '"b"', '"B c"', '""', '"é"']


def write(spark: SparkSession, folder: Path) -> None:
    """Write the corpora: random texts, and the rows that Spark reads from them."""
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

        texts = ["".join(chance.choices('a"",b\n\n\r', k=chance.randint(1, 24))) for _ in range(FILES)]
        texts = [text for text in texts if text.strip()]
        ends: list[list[list[str | None]]] = []
        for number, text in enumerate(texts):
            path = Path(scratch, f"ends-{number}.csv")
            path.write_bytes(text.encode())
            ends.append([list(row) for row in reader(spark, str(path), multi_line=False)])
        save(folder / "csv-line-ends.json", texts, ends)

        texts = [json_lines(chance) for _ in range(JSON_FILES)]
        paths = (Path(scratch, f"{number}.jsonl") for number in range(JSON_FILES))
        tables = [json_table(spark, path, text) for path, text in zip(paths, texts, strict=True)]
        save(folder / "json-lines.json", texts, tables)

        save_times(chance, folder / "pandas-times.json")


def save_times(chance: random.Random, path: Path) -> None:
    """Write those of many random texts that pandas or dateutil parses as a time."""
    texts = ("".join(chance.choices(TIME_PARTS, k=chance.randint(1, 6))) for _ in range(TIMES))
    with warnings.catch_warnings(action="ignore"):
        times = sorted({text for text in texts if is_time(text)})
    path.write_text(json.dumps(times, ensure_ascii=False, indent=0) + "\n")


def is_time(text: str) -> bool:
    """Return whether pandas or dateutil parses the text as a time."""
    try:
        dateutil.parser.parse(text)
    except (ValueError, OverflowError):
        return bool(pandas.notnull(pandas.to_datetime([text], errors="coerce"))[0])
    return True


def json_lines(chance: random.Random) -> str:
    """Generate a file with a few lines. Each is an object with values of a few types."""
    values = chance.sample(JSON_VALUES, k=chance.randint(1, 3))
    if chance.random() < 0.2:
        values.append(chance.choice(JSON_ODDITIES))
    lines = []
    for _ in range(chance.randint(1, 5)):
        names = sorted(set(chance.sample(JSON_NAMES, k=chance.randint(1, 3))))
        lines.append("{" + ", ".join(f"{name}: {chance.choice(values)}" for name in names) + "}")
    return chance.choice(["\n", "\r\n", "\r"]).join(lines) + chance.choice(["", "\n", "\n\n"])


def json_table(spark: SparkSession, path: Path, text: str) -> dict[str, object] | None:
    """Return columns and rows. None if Spark does not read every line as an object of plain values."""
    path.write_bytes(text.encode())
    try:
        frame = spark.read.json(str(path))
    except AnalysisException:
        return None
    plain = all(kind in {"bigint", "double", "boolean", "string"} for _, kind in frame.dtypes)
    if not plain or not frame.columns or "_corrupt_record" in frame.columns:
        return None
    return {"columns": frame.dtypes, "rows": [[json_value(item) for item in row] for row in frame.collect()]}


def reader(spark: SparkSession, path: str, *, multi_line: bool) -> list[tuple[str | None, ...]]:
    """Read rows of three columns without a header. Multi-line rows begin with their file name."""
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
