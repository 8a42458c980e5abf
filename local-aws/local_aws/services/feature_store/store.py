"""The background work of the Feature Store: creates and deletes groups, and writes rows to S3.

Rows wait in memory. AWS writes them to S3 within 15 minutes. Here they are written when there are
``FLUSH_ROWS``, ``FLUSH_SECONDS`` after the first, before a processing job ends, and before an Athena query
starts. A query therefore sees all rows of earlier jobs.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.background import Background
from local_aws.clients import Clients, Keys
from local_aws.services.feature_store.catalog import create_table, update_table
from local_aws.services.feature_store.model import FeatureGroup, FeatureGroups, OfflineRow
from local_aws.services.feature_store.parquet import write_parquet

_log = logging.getLogger("local_aws")
FLUSH_ROWS: Final = 5000
FLUSH_SECONDS: Final = 1.0
DELETING_SECONDS: Final = 0.25
"""The minimum time that a feature group is Deleting, so that the status can be seen."""


class FeatureStore:
    """The background work of feature groups. The service's lock guards their state."""

    def __init__(
        self,
        groups: FeatureGroups,
        clients: Clients,
        keys: Keys,
        background: Background,
        lock: threading.RLock,
    ) -> None:
        self._groups = groups
        self._clients = clients
        self._keys = keys
        self._background = background
        self._lock = lock
        self._flushing = threading.Lock()
        self._flush_is_due = False

    def create(self, group: FeatureGroup) -> None:
        """Change a group from Creating to Created or CreateFailed, in the background."""
        self._background.spawn("create-feature-group", lambda: self._create(group))

    def update_table(self, group: FeatureGroup) -> None:
        """Add the new features to the Glue table, in the background."""
        self._background.spawn("update-feature-group", lambda: update_table(self._glue(group), group))

    def delete(self, group: FeatureGroup) -> None:
        """Write the rows of a group to S3 and remove it, in the background."""
        self._background.spawn("delete-feature-group", lambda: self._delete(group))

    def append(self, group: FeatureGroup, row: OfflineRow) -> None:
        """Accept a row for the offline store. The caller must hold the lock."""
        group.pending.append(row)
        if not self._flush_is_due or len(group.pending) == FLUSH_ROWS:
            self._flush_is_due = True
            wait = 0.0 if len(group.pending) >= FLUSH_ROWS else FLUSH_SECONDS
            self._background.spawn("flush-offline-store", lambda: self._flush_after(wait))

    def flush(self) -> None:
        """Write all pending rows to S3. On failure, set the group's ``blocked_reason``."""
        with self._flushing:
            with self._lock:
                waiting = [group for group in self._groups.by_arn.values() if group.pending]
            for group in waiting:
                self._write(group)

    def _flush_after(self, seconds: float) -> None:
        self._background.sleep(seconds)
        with self._lock:
            self._flush_is_due = False
        self.flush()

    def _write(self, group: FeatureGroup) -> None:
        with self._lock:
            rows, types, storage = list(group.pending), group.types, (group.offline or {})["S3StorageConfig"]
        bucket, _, prefix = storage["ResolvedOutputS3Uri"].removeprefix("s3://").partition("/")
        blocked = None
        try:
            s3 = self._s3(group)
            with tempfile.TemporaryDirectory(prefix="offline-store-") as folder:
                for key, file in write_parquet(types, rows, Path(folder)).items():
                    s3.put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=file.read_bytes())
        except (BotoCoreError, ClientError) as error:
            _log.warning("The offline store of %s is blocked: %s", group.name, error)
            blocked = f"Rows could not be written to {storage['ResolvedOutputS3Uri']}: {error}"
        with self._lock:
            group.blocked_reason = blocked
            if blocked is None:
                del group.pending[: len(rows)]

    def _create(self, group: FeatureGroup) -> None:
        reason = None
        try:
            if group.offline is not None:
                bucket = group.offline["S3StorageConfig"]["S3Uri"].removeprefix("s3://").partition("/")[0]
                self._s3(group).get_bucket_acl(Bucket=bucket)
                create_table(self._glue(group), group)
        except (BotoCoreError, ClientError) as error:
            reason = str(error)[:1024]
        with self._lock:
            group.status = "Created" if reason is None else "CreateFailed"
            group.failure_reason = reason

    def _delete(self, group: FeatureGroup) -> None:
        self._background.sleep(DELETING_SECONDS)
        self.flush()
        with self._lock:
            if self._groups.by_arn.get(group.arn) is group:
                del self._groups.by_arn[group.arn]

    def _s3(self, group: FeatureGroup) -> Any:
        """Returns an S3 client with the permissions of the group's role."""
        key = self._keys.role_key(group.role_arn or "", group.account)
        return self._clients.client("s3", group.region, key)

    def _glue(self, group: FeatureGroup) -> Any:
        return self._clients.client("glue", group.region, self._keys.account_key(group.account))
