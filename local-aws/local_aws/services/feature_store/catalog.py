"""The Glue table through which Athena reads a feature group's offline store."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from local_aws.services.feature_store.model import FeatureGroup, FeatureType

_GLUE_TYPES: Final[dict[FeatureType, str]] = {
    "Integral": "bigint",
    "Fractional": "double",
    "String": "string",
}
_OWN_COLUMNS: Final = (
    ("write_time", "timestamp"),
    ("api_invocation_time", "timestamp"),
    ("is_deleted", "boolean"),
)
_HIVE: Final = "org.apache.hadoop.hive.ql.io.parquet"


def create_table(glue: Any, group: FeatureGroup) -> None:
    """Create the table of a group, and the database for the first group."""
    catalog = _catalog(group)
    if catalog is None:
        return
    with contextlib.suppress(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput={"Name": catalog["Database"]})
    glue.create_table(DatabaseName=catalog["Database"], TableInput=_table(group, catalog))


def update_table(glue: Any, group: FeatureGroup) -> None:
    """Add new features to the table."""
    catalog = _catalog(group)
    if catalog is not None:
        glue.update_table(DatabaseName=catalog["Database"], TableInput=_table(group, catalog))


def _catalog(group: FeatureGroup) -> dict[str, str] | None:
    return (group.offline or {}).get("DataCatalogConfig")


def _table(group: FeatureGroup, catalog: dict[str, str]) -> dict[str, Any]:
    features = [(name.lower(), _GLUE_TYPES[kind]) for name, kind in group.types.items()]
    partitions = [{"Name": name, "Type": "string"} for name in ("year", "month", "day", "hour")]
    return {
        "Name": catalog["TableName"],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "PartitionKeys": partitions,
        "StorageDescriptor": {
            "Columns": [{"Name": name, "Type": kind} for name, kind in [*features, *_OWN_COLUMNS]],
            "Location": group.offline["S3StorageConfig"]["ResolvedOutputS3Uri"] if group.offline else "",
            "InputFormat": f"{_HIVE}.MapredParquetInputFormat",
            "OutputFormat": f"{_HIVE}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_HIVE}.serde.ParquetHiveSerDe"},
        },
    }
