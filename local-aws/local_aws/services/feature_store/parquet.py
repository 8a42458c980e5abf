"""Writes rows of the offline store as Parquet files, in Feature Store's folders by event time."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from local_aws.services.feature_store.event_time import moment
from local_aws.services.feature_store.model import FeatureType, OfflineRow
from local_aws.services.feature_store.values import canonical

_SQL_TYPES: Final[dict[FeatureType, str]] = {
    "Integral": "BIGINT",
    "Fractional": "DOUBLE",
    "String": "VARCHAR",
}
_PARTITION: Final = ("year", "month", "day", "hour")
_ALPHABET: Final = string.ascii_letters + string.digits


def write_parquet(types: dict[str, FeatureType], rows: list[OfflineRow], folder: Path) -> dict[str, Path]:
    """Write the rows below a folder. Returns the files by their key below ``data/``.

    A file is named after its latest event time and 16 random characters.
    """
    source = folder / "rows.json"
    with source.open("w") as out:
        for row in rows:
            json.dump(_columns_of(row, types), out)
            out.write("\n")
    casts = [f'CAST("{name}" AS {_SQL_TYPES[kind]}) AS "{name}"' for name, kind in types.items()]
    casts += [f"CAST({name} AS TIMESTAMP) AS {name}" for name in ("write_time", "api_invocation_time")]
    casts += ["CAST(is_deleted AS BOOLEAN) AS is_deleted", *_PARTITION]
    names = [*types, "write_time", "api_invocation_time", "is_deleted", *_PARTITION]
    columns = ", ".join(f"\"{name}\": 'VARCHAR'" for name in names)
    target = folder / "data"
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"COPY (SELECT {', '.join(casts)} FROM read_json({_text(source)}, format = 'newline_delimited', "
            f"columns = {{{columns}}})) TO {_text(target)} "
            f"(FORMAT parquet, PARTITION_BY ({', '.join(_PARTITION)}))"
        )
    latest: dict[str, float] = {}
    for row in rows:
        place = "/".join(f"{name}={value}" for name, value in _partition_of(row).items())
        latest[place] = max(row.event_time, latest.get(place, row.event_time))
    return dict(_named(target, latest))


def _named(target: Path, latest: dict[str, float]) -> Iterator[tuple[str, Path]]:
    for file in sorted(target.rglob("*.parquet")):
        place = file.parent.relative_to(target).as_posix()
        random = "".join(secrets.choice(_ALPHABET) for _ in range(16))
        yield f"{place}/{moment(latest[place]).strftime('%Y%m%dT%H%M%SZ')}_{random}.parquet", file


def _columns_of(row: OfflineRow, types: dict[str, FeatureType]) -> dict[str, Any]:
    values = {name: canonical(types[name], text) for name, text in row.values.items()}
    own = {
        "write_time": _timestamp(row.written_at),
        "api_invocation_time": _timestamp(row.invoked_at),
        "is_deleted": str(row.deleted).lower(),
    }
    return {**values, **own, **_partition_of(row)}


def _partition_of(row: OfflineRow) -> dict[str, str]:
    at = moment(row.event_time)
    return {
        "year": f"{at.year:04}",
        "month": f"{at.month:02}",
        "day": f"{at.day:02}",
        "hour": f"{at.hour:02}",
    }


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
