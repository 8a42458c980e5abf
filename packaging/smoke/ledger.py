"""What a check makes, and how it is removed: written down before it is made, removed last first."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import ClientError

from smoke.aws import Aws

ATTEMPTS: Final = 4
PAUSE_SECONDS: Final = 15.0
# Feature Store deletes an online group within seconds; one that takes longer than this is left to its owner.
DELETING_SECONDS: Final = 600.0
GONE: Final = (
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchEntity",
    "QueueDoesNotExist",
    "ResourceNotFound",
    "ResourceNotFoundException",
)
_GONE_TEXTS: Final = ("does not exist", "not found", "could not find", "cannot be found")


@dataclasses.dataclass(frozen=True)
class Entry:
    """A thing that may exist from now on."""

    what: str
    remove: Callable[[], None]
    by_hand: str
    """How somebody removes it without this program."""


class Ledger:
    """The things of one check."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._entries: list[Entry] = []
        self.interrupted = False
        """Whether somebody interrupted the removal."""

    def will_make(self, what: str, service: str, operation: str, **parameters: Any) -> None:
        """Write down a thing that one call removes."""
        self.add(
            what, lambda: self._gone(service, operation, **parameters), cli(service, operation, parameters)
        )

    def add(self, what: str, remove: Callable[[], None], by_hand: str) -> None:
        """Write down a thing."""
        self._entries.append(Entry(what, remove, by_hand))

    def will_make_queue(self, name: str) -> None:
        """Write down a queue, whose URL only SQS knows."""
        by_hand = (
            f"aws sqs delete-queue --queue-url $(aws sqs get-queue-url --queue-name {name} --output text)"
        )
        self.add(f"queue {name}", lambda: self._delete_queue(name), by_hand)

    def will_make_bucket(self, name: str) -> None:
        """Write down a bucket, which is emptied of all versions first."""
        self.add(
            f"bucket {name}",
            lambda: self._empty_and_delete(name),
            f"empty the bucket {name} with all its versions (S3 console: Empty), then aws s3 rb s3://{name}",
        )

    def will_make_feature_group(self, name: str, poll_seconds: float) -> None:
        """Write down a feature group, which is gone some time after it was deleted."""
        parameters = {"FeatureGroupName": name}
        by_hand = cli("sagemaker", "DeleteFeatureGroup", parameters)
        self.add(f"feature group {name}", lambda: self._delete_feature_group(name, poll_seconds), by_hand)

    def remove_all(self) -> list[Entry]:
        """Remove everything, the last one first; gives what could not be removed.

        An interruption ends it: what has not been tried by then counts as left.
        """
        left: list[Entry] = []
        try:
            while self._entries:
                if not self._removed(self._entries[-1]):
                    left.append(self._entries[-1])
                self._entries.pop()
        except KeyboardInterrupt:
            self.interrupted = True
            left += reversed(self._entries)
            self._entries.clear()
        return left

    def _removed(self, entry: Entry) -> bool:
        for attempt in range(ATTEMPTS):
            if attempt:
                self._aws.pause(PAUSE_SECONDS)
            try:
                entry.remove()
            except StillThereError:
                break
            except Exception:  # whatever it is, the others are removed, and this one is told
                continue
            return True
        return False

    def _gone(self, service: str, operation: str, **parameters: Any) -> None:
        try:
            self._aws.call(service, operation, **parameters)
        except ClientError as error:
            if not is_gone(error):
                raise

    def _delete_queue(self, name: str) -> None:
        try:
            url = self._aws.call("sqs", "GetQueueUrl", QueueName=name)["QueueUrl"]
            self._aws.call("sqs", "DeleteQueue", QueueUrl=url)
        except ClientError as error:
            if not is_gone(error):
                raise

    def _delete_feature_group(self, name: str, poll_seconds: float) -> None:
        self._gone("sagemaker", "DeleteFeatureGroup", FeatureGroupName=name)
        end = self._aws.now() + DELETING_SECONDS
        try:
            while True:
                found = self._aws.call("sagemaker", "DescribeFeatureGroup", FeatureGroupName=name)
                status = found["FeatureGroupStatus"]
                if status != "Deleting":
                    raise RuntimeError(f"the feature group {name} is {status}")
                if self._aws.now() >= end:
                    raise StillThereError(f"the feature group {name} is still {status}")
                self._aws.pause(poll_seconds)
        except ClientError as error:
            if not is_gone(error):
                raise

    def _empty_and_delete(self, bucket: str) -> None:
        mine = {"Bucket": bucket, "ExpectedBucketOwner": self._aws.account}
        try:
            while True:
                page = self._aws.call("s3", "ListObjectVersions", **mine)
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if not found:
                    break
                objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
                answer = self._aws.call("s3", "DeleteObjects", Delete={"Objects": objects}, **mine)
                if answer.get("Errors"):
                    raise StillThereError(str(answer["Errors"][0]))
            self._aws.call("s3", "DeleteBucket", **mine)
        except ClientError as error:
            if not is_gone(error):
                raise


class StillThereError(Exception):
    """Something that was to be removed is there still, and trying again does not help."""


def is_gone(error: ClientError) -> bool:
    """Whether the thing that a call was about is not there."""
    text = str(error).lower()
    return error.response["Error"]["Code"] in GONE or any(part in text for part in _GONE_TEXTS)


def cli(service: str, operation: str, parameters: dict[str, Any]) -> str:
    """The call as a line of the AWS CLI."""
    given = shlex.quote(json.dumps(parameters))
    return f"aws {service} {xform_name(operation, '-')} --cli-input-json {given}"
