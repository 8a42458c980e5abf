"""Finds the objects of a dataset in S3, and makes each one readable for Spark.

Spark reads S3 through Hadoop's paths, which cannot express every key and know no versions. An object that
Spark would not read exactly is copied, within S3, to a key that it reads.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError

from spark_engine.files import File, escaped

LATEST = "latest"
_FOLDER_MARKER = "_$folder$"
_EXTENSION = re.compile(r"((?:\.[A-Za-z0-9]{1,10}){1,2})$")
_log = logging.getLogger("spark_engine")


class InputError(Exception):
    """An object cannot be read. The message names it and the remedy."""


@dataclass(frozen=True)
class Read:
    """An object that Spark reads in place, and what identifies its content."""

    bucket: str
    key: str
    etag: str
    version: str | None


@dataclass
class Objects:
    """The objects of a run. Copies are made below a URL, and deleted at the end."""

    client: Any
    copies: str
    requester_pays: bool = False
    read: list[Read] = field(default_factory=list)
    copied: list[tuple[str, str]] = field(default_factory=list)

    def files(self, url: str, version: str | None = None, *, nested: bool = False) -> list[File]:
        """Return the object of a URL, or the objects below it. A version names one object."""
        bucket, key = split(url)
        wanted = None if version in (None, "", LATEST) else version
        if key and (wanted or not key.endswith("/")):
            found = self._head(bucket, key, wanted)
            if found is not None:
                return [self._object(bucket, key, found, wanted)]
        folder = key if not key or key.endswith("/") else f"{key}/"
        return self._below(bucket, folder, nested=nested)

    def settings(self) -> dict[str, str]:
        """Return what Spark needs to read the same objects."""
        settings = {"spark.hadoop.fs.s3a.requester.pays.enabled": str(self.requester_pays).lower()}
        special = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")
        chosen = any(os.environ.get(name, "").lower() == "true" for name in special)
        # Hadoop's own default is the endpoint of the partition aws.
        if chosen or self.client.meta.partition != "aws":
            settings["spark.hadoop.fs.s3a.endpoint"] = self.client.meta.endpoint_url
            settings["spark.hadoop.fs.s3a.endpoint.region"] = self.client.meta.region_name
        return settings

    def check_unchanged(self) -> None:
        """Raise InputError if an object was replaced while Spark read it."""
        for read in self.read:
            found = self._head(read.bucket, read.key, None)
            if found is None or (found["ETag"], found.get("VersionId")) != (read.etag, read.version):
                raise InputError(
                    f"s3://{read.bucket}/{read.key} was replaced while the job read it; run the job again"
                )

    def delete_copies(self) -> None:
        """Delete the copies. A failure is only logged."""
        for bucket, key in self.copied:
            try:
                self.client.delete_object(Bucket=bucket, Key=key)
            except Exception as error:
                _log.warning("s3://%s/%s was not deleted (%s); delete it", bucket, key, type(error).__name__)
        self.copied.clear()

    def _object(self, bucket: str, key: str, found: Mapping[str, Any], version: str | None) -> File:
        url = f"s3://{bucket}/{key}"
        if version is not None:
            current = self._head(bucket, key, None) or {}
            if current.get("VersionId") != version and not (version == "null" and "VersionId" not in current):
                return self._copy(bucket, key, version, "it is not the current version")
        if not is_expressible(key):
            return self._copy(bucket, key, version, "Spark cannot read its key")
        if self._is_folder(bucket, key):
            return self._copy(bucket, key, version, "a folder has the same name")
        self.read.append(Read(bucket, key, found["ETag"], found.get("VersionId")))
        return File(f"s3a://{bucket}/{escaped(key)}", url)

    def _below(self, bucket: str, folder: str, *, nested: bool) -> list[File]:
        url, files, hidden = f"s3://{bucket}/{folder}", [], 0
        for key in self._keys(bucket, folder):
            place = key[len(folder) :]
            if key.endswith(("/", _FOLDER_MARKER)) or ("/" in place and not nested):
                continue
            if any(is_hidden(part) for part in place.split("/")):
                hidden += 1
            elif is_expressible(key):
                files.append(File(f"s3a://{bucket}/{escaped(key)}", f"s3://{bucket}/{key}"))
            else:
                files.append(self._copy(bucket, key, None, "Spark cannot read its key"))
        if hidden:
            _log.info("%s: %d objects are left out, whose names begin with _ or .", url, hidden)
        if not files:
            raise InputError(f"there is no object at or below {url}; check the URL and the object")
        return files

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix, **self._payer()):
            yield from (item["Key"] for item in page.get("Contents", []))

    def _is_folder(self, bucket: str, key: str) -> bool:
        listed = self.client.list_objects_v2(Bucket=bucket, Prefix=f"{key}/", MaxKeys=1, **self._payer())
        return bool(listed.get("Contents"))

    def _head(self, bucket: str, key: str, version: str | None) -> Mapping[str, Any] | None:
        """Return what S3 says about an object. None if there is none. A version must exist."""
        which = {} if version is None else {"VersionId": version}
        try:
            found: Mapping[str, Any] = self.client.head_object(
                Bucket=bucket, Key=key, **which, **self._payer()
            )
        except ClientError as error:
            if version is None and error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return None
            of_version = "" if version is None else f" in the version {version}"
            raise InputError(
                f"s3://{bucket}/{key} cannot be read{of_version} ({error.response['Error']['Code']}); "
                "check that it exists and that the job's role may read it"
            ) from error
        return found

    def _copy(self, bucket: str, key: str, version: str | None, reason: str) -> File:
        url = f"s3://{bucket}/{key}"
        target, folder = split(self.copies)
        extension = _EXTENSION.search(key.rstrip("/ "))
        digest = hashlib.sha256(url.encode()).hexdigest()[:16]
        name = f"{len(self.copied):06}-{digest}{extension[1] if extension else ''}"
        copy = f"{folder.rstrip('/')}/{name}"
        source = {"Bucket": bucket, "Key": key, **({} if version is None else {"VersionId": version})}
        _log.info("%s is copied, because %s", url, reason)
        # A copy needs no tags, so the role needs no permissions for them.
        extra = {"TaggingDirective": "REPLACE", **self._payer()}
        self.copied.append((target, copy))
        self.client.copy(source, target, copy, ExtraArgs=extra)
        return File(f"s3a://{target}/{escaped(copy)}", url)

    def _payer(self) -> dict[str, str]:
        return {"RequestPayer": "requester"} if self.requester_pays else {}


def client() -> Any:
    """Create a client of S3 that the environment configures. boto3 itself ignores SageMaker's AWS_REGION."""
    return boto3.client("s3", region_name=os.environ.get("AWS_REGION"))


def split(url: str) -> tuple[str, str]:
    """Return the bucket and the key of a URL."""
    bucket, _, key = url[len("s3://") :].partition("/")
    if not url.startswith("s3://") or not bucket:
        raise InputError(f"{url} is no URL in S3; use s3://<bucket>/<key>")
    return bucket, key


def is_hidden(name: str) -> bool:
    """Return whether Spark leaves out files with this name."""
    return name.startswith(("_", "."))


def is_expressible(key: str) -> bool:
    """Return whether a path of Hadoop can express the key of an object, and Spark reads it."""
    parts = key.split("/")
    odd = any(part in ("", ".", "..") or part != part.strip() for part in parts)
    return not odd and not is_hidden(parts[-1]) and ":" not in key and key.isprintable()
