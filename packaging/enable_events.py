"""`make enable-events`: turns on EventBridge for a bucket that exists, and keeps its other notifications.

    python packaging/enable_events.py --bucket my-data-bucket

S3 takes a bucket's notifications only as a whole, and has no way to write them only if nobody else has. So
they are read, written with EventBridge added, read back and compared; if somebody changed them meanwhile,
it begins again with what is there then.
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
# What was written may take a moment to be read.
READS: Final = 4
EVENTBRIDGE: Final = "EventBridgeConfiguration"
Notifications = dict[str, Any]


def main() -> None:
    """Read the command line and turn it on."""
    parser = argparse.ArgumentParser(
        description="Turn on EventBridge for a bucket, and keep its other notifications."
    )
    parser.add_argument("--bucket", required=True)
    bucket = parser.parse_args().bucket
    # Any name that S3 may know: the bucket was made by others.
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
        print(f"EventBridge is on for {bucket}; its other notifications are as they were.")
        print("It takes about 5 minutes until all uploads send events.")
    else:
        print(f"EventBridge was on already for {bucket}; nothing was changed.")


def check(s3: Any, bucket: str, account: str) -> None:
    """The bucket must be of this account, and of this region, where the rule will be."""
    try:
        region = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account).get("BucketRegion")
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            raise PackagingError(f"There is no bucket `{bucket}`.", "BUCKET=...; see `aws s3 ls`") from error
        if status == 403:
            raise PackagingError(
                f"Bucket `{bucket}` belongs to another account than {account}, or this caller may "
                f"not see it.",
                "run this as its owner, with s3:ListBucket, s3:GetBucketNotification, "
                "s3:PutBucketNotification on it",
            ) from error
        raise
    here = s3.meta.region_name
    if region not in {None, here}:
        raise PackagingError(
            f"Bucket `{bucket}` is in {region}, and this is {here}. Its events arrive in its own "
            f"region only.",
            f"AWS_REGION={region} make enable-events BUCKET={bucket}",
        )


def enable(s3: Any, bucket: str, account: str, wait: Callable[[float], None] = time.sleep) -> bool:
    """Add EventBridge to the bucket's notifications. False if it was on already."""
    mine = {"Bucket": bucket, "ExpectedBucketOwner": account}
    for attempt in range(ATTEMPTS):
        present = read(s3, mine)
        if EVENTBRIDGE in present:
            return attempt > 0
        wanted = {**present, EVENTBRIDGE: {}}
        try:
            # The destinations of the others were checked when they were added, and may be gone since.
            s3.put_bucket_notification_configuration(
                NotificationConfiguration=wanted, SkipDestinationValidation=True, **mine
            )
        except ClientError as error:
            if error_code(error) != "OperationAborted":  # another change is going on
                raise
        else:
            if is_read_back(s3, mine, wanted, wait):
                return True
        pause = random.uniform(0.5, 1) * min(2**attempt, 20)
        print(f"somebody else is changing the notifications of {bucket}; looking again", file=sys.stderr)
        wait(pause)
    raise PackagingError(
        f"The notifications of {bucket} were changed by others {ATTEMPTS} times in a row; "
        f"EventBridge may be off.",
        "find out who changes them (CloudTrail: PutBucketNotification), and run this again when "
        "they are done",
    )


def read(s3: Any, mine: dict[str, str]) -> Notifications:
    """What the bucket sends to whom."""
    answer = s3.get_bucket_notification_configuration(**mine)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def is_read_back(s3: Any, mine: dict[str, str], wanted: Notifications, wait: Callable[[float], None]) -> bool:
    """Whether what was written is what is there."""
    for number in range(READS):
        if number:
            wait(number)
        if canonical(read(s3, mine)) == canonical(wanted):
            return True
    return False


def canonical(value: Any) -> Any:
    """Comparable: lists without their order, which means nothing in notifications."""
    if isinstance(value, dict):
        return {name: canonical(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted((canonical(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


if __name__ == "__main__":
    sys.exit(run(main))
