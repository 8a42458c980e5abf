"""Copies a job's inputs from S3 to the container's paths.

An ``S3Prefix`` is a key prefix, not a folder: ``s3://b/a.csv`` also matches ``a.csv.bak``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.services.processing.ml_dir import MlDir
from local_aws.services.processing.model import JobError, ProcessingJob

_CHUNK: Final = 1024 * 1024
MAX_MANIFEST_BYTES: Final = 10 * 1024 * 1024


def download_inputs(s3: Any, job: ProcessingJob, ml_dir: MlDir) -> None:
    """Copy all inputs. Raises JobError with SageMaker's reason."""
    for item in job.inputs:
        if item.get("AppManaged"):
            continue
        source = item["S3Input"]
        folder = ml_dir.local(source["LocalPath"])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if source["S3DataType"] == "ManifestFile":
                _download_listed(s3, source["S3Uri"], folder)
            else:
                _download_prefix(s3, source["S3Uri"], folder, job)
        except (BotoCoreError, ClientError) as error:
            raise JobError(f"ClientError: Data download failed: {error} ({source['S3Uri']})") from error
        except (OSError, ValueError) as error:
            raise JobError(f"ClientError: Data download failed: {source['S3Uri']}: {error}") from error


def _download_prefix(s3: Any, uri: str, folder: Path, job: ProcessingJob) -> None:
    bucket, prefix = _split(uri)
    found = False
    for key in _keys(s3, bucket, prefix):
        found = True
        if not key.endswith("/"):
            _download(s3, bucket, key, folder / _place(key, prefix))
    if not found:
        raise JobError(
            f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. Please '
            f"ensure that the bucket exists in the selected region ({job.region}), that objects exist under "
            f'that S3 prefix, and that the role "{job.role_arn}" has "s3:ListBucket" permissions on bucket '
            f'"{bucket}".'
        )


def _keys(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from (item["Key"] for item in page.get("Contents", []))
    except s3.exceptions.NoSuchBucket:
        return


def _place(key: str, prefix: str) -> PurePosixPath:
    """Returns an object's path in the input's folder. A prefix that is not a folder keeps its last part."""
    folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    if not key.startswith(folder):
        folder = prefix[: prefix.rfind("/") + 1]
    place = PurePosixPath(key.removeprefix(folder).lstrip("/"))
    if ".." in place.parts or not place.parts:
        raise ValueError(f"the key '{key}' points outside its folder")
    return place


def _download(s3: Any, bucket: str, key: str, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as out:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"]
            for chunk in body.iter_chunks(_CHUNK):
                out.write(chunk)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise JobError(
            "ClientError: Data download failed: Failed to download data. Cannot download "
            f"s3://{bucket}/{key}, a previously downloaded file/folder clashes with it. Please check your s3 "
            "objects and ensure that there is no object that is both a folder as well as a file."
        ) from error


def _download_listed(s3: Any, uri: str, folder: Path) -> None:
    """Returns the objects that a manifest lists: ``[{"prefix": "s3://b/p/"}, "a.csv", "deep/b.csv"]``."""
    bucket, key = _split(uri)
    answer = s3.get_object(Bucket=bucket, Key=key)
    if answer["ContentLength"] > MAX_MANIFEST_BYTES:
        raise ValueError(f"the manifest is larger than {MAX_MANIFEST_BYTES} bytes")
    base, names = _parse_manifest(answer["Body"].read())
    base_bucket, base_key = _split(base)
    for name in names:
        place = _place(name, "")
        _download(s3, base_bucket, base_key + name, folder / place)


def _parse_manifest(content: bytes) -> tuple[str, list[str]]:
    try:
        first, *names = json.loads(content)
        base = first["prefix"]
        legal = base.startswith("s3://") and names and all(isinstance(name, str) for name in names)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        legal = False
    if not legal:
        raise ValueError('the manifest must be [{"prefix": "s3://..."}, "name", ...]')
    return base, names


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
