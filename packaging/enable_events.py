"""`make enable-events`: turns on EventBridge for an existing bucket, and keeps its other notifications.

    python packaging/enable_events.py --bucket my-data-bucket

S3 replaces a bucket's notifications as a whole, and has no conditional write for them. So the program reads
the notifications, writes them with EventBridge added, reads them back and compares. If someone else changed
them in between, it starts again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from staging.errors import PackagingError, error_code, run

ATTEMPTS: Final = 8
# A write may take a moment to become visible.
READS: Final = 4
EVENTBRIDGE: Final = "EventBridgeConfiguration"
Notifications = dict[str, Any]


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(
        description="Turns on EventBridge for a bucket, and keeps its other notifications."
    )
    parser.add_argument("--bucket", required=True)
    bucket = parser.parse_args().bucket
    # Accept any name that S3 may have accepted: the bucket exists already.
    if not re.fullmatch(r"[a-zA-Z0-9._-]{3,255}", bucket):
        raise PackagingError(
            f"BUCKET=`{bucket[:80]}` is not the name of a bucket." if bucket else "BUCKET is not set.",
            "BUCKET=my-data-bucket, without s3:// and without a key",
        )
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    config = Config(retries={"mode": "standard", "max_attempts": 5})
    account = session.client("sts", config=config).get_caller_identity()["Account"]
    s3 = session.client("s3", config=config)
    check(s3, bucket, account)
    if enable(s3, bucket, account):
        print(f"EventBridge is now on for {bucket}. Its other notifications are unchanged.")
        print("It takes about 5 minutes until all uploads send events.")
    else:
        print(f"EventBridge was already on for {bucket}; nothing was changed.")


def check(s3: Any, bucket: str, account: str) -> None:
    """Checks that the bucket is in this account and in this region, where the rule is."""
    try:
        region = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account).get("BucketRegion")
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            raise PackagingError(
                f"There is no bucket `{bucket}`.", "set BUCKET; `aws s3 ls` lists the buckets"
            ) from error
        if status == 403:
            raise PackagingError(
                f"Bucket `{bucket}` belongs to another account than {account}, or the caller lacks access.",
                "run this in the bucket's account, with s3:ListBucket, s3:GetBucketNotification and "
                "s3:PutBucketNotification on the bucket",
            ) from error
        raise
    own_region = s3.meta.region_name
    if region not in {None, own_region}:
        raise PackagingError(
            f"Bucket `{bucket}` is in {region}, not in {own_region}. S3 sends its events to {region} only.",
            f"AWS_REGION={region} make enable-events BUCKET={bucket}",
        )


def enable(s3: Any, bucket: str, account: str, wait: Callable[[float], None] = time.sleep) -> bool:
    """Adds EventBridge to the bucket's notifications. Returns False if it was already on."""
    bucket_arguments = {"Bucket": bucket, "ExpectedBucketOwner": account}
    for attempt in range(ATTEMPTS):
        present = read(s3, bucket_arguments)
        if EVENTBRIDGE in present:
            return attempt > 0
        changed = {**present, EVENTBRIDGE: {}}
        try:
            # Existing destinations may have been deleted since, which must not fail this call.
            s3.put_bucket_notification_configuration(
                NotificationConfiguration=changed, SkipDestinationValidation=True, **bucket_arguments
            )
        except ClientError as error:
            if error_code(error) != "OperationAborted":  # another change is in progress
                raise
        else:
            if is_read_back(s3, bucket_arguments, changed, wait):
                return True
        pause = random.uniform(0.5, 1) * min(2**attempt, 20)
        print(f"the notifications of {bucket} are being changed; trying again", file=sys.stderr)
        wait(pause)
    raise PackagingError(
        f"The notifications of {bucket} were changed by others {ATTEMPTS} times in a row. "
        "EventBridge may be off.",
        "find out who changes them (CloudTrail: PutBucketNotification), then run this again",
    )


def read(s3: Any, bucket_arguments: dict[str, str]) -> Notifications:
    """The bucket's notifications."""
    answer = s3.get_bucket_notification_configuration(**bucket_arguments)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def is_read_back(
    s3: Any, bucket_arguments: dict[str, str], changed: Notifications, wait: Callable[[float], None]
) -> bool:
    """Whether S3 returns the written notifications."""
    for number in range(READS):
        if number:
            wait(number)
        if canonical(read(s3, bucket_arguments)) == canonical(changed):
            return True
    return False


def canonical(value: Any) -> Any:
    """The value with sorted lists, for comparison: order has no meaning in notifications."""
    if isinstance(value, dict):
        return {name: canonical(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted((canonical(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


if __name__ == "__main__":
    sys.exit(run(main))
