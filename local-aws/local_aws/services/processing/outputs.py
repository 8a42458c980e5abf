"""Uploads a job's outputs to S3 after its container has ended.

``EndOfJob`` outputs are uploaded after success only. ``Continuous`` outputs are always uploaded, because on
AWS they would already be in S3.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.services.processing.ml_dir import MlDir
from local_aws.services.processing.model import JobError, ProcessingJob


def upload_outputs(s3: Any, job: ProcessingJob, ml_dir: MlDir, mode: str) -> None:
    """Upload the files of all outputs of a mode. Raises JobError."""
    for output in job.outputs:
        target = output.get("S3Output")
        if target is None or output.get("AppManaged") or target["S3UploadMode"] != mode:
            continue
        bucket, _, prefix = target["S3Uri"].removeprefix("s3://").rstrip("/").partition("/")
        folder = ml_dir.local(target["LocalPath"])
        try:
            for file in _files(folder):
                key = file.relative_to(folder).as_posix()
                with file.open("rb") as content:
                    s3.put_object(Bucket=bucket, Key=f"{prefix}/{key}".lstrip("/"), Body=content)
        except (BotoCoreError, ClientError, OSError, UnicodeError) as error:
            reason = (
                f"ClientError: Failed to upload output {output['OutputName']} to {target['S3Uri']}: {error}"
            )
            raise JobError(reason) from error


def _files(folder: Path) -> Iterator[Path]:
    """Returns the regular files below a folder. Skips links: they may point to files outside of the job."""
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            file = Path(place) / name
            if file.is_file() and not file.is_symlink():
                yield file
