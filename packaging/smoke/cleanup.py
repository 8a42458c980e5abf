"""The resources that a check creates: registered before they are created, removed in reverse order."""

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
# Feature Store deletes an online group within seconds. After this long, the group is reported as left over.
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
class Resource:
    """A resource that may exist."""

    what: str
    remove: Callable[[], None]
    by_hand: str
    """How to remove it manually."""


class Cleanup:
    """The resources of one check, to remove when it ends."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._resources: list[Resource] = []
        self.interrupted = False
        """Whether the removal was interrupted."""

    def register(self, what: str, service: str, operation: str, **parameters: Any) -> None:
        """Registers a resource that one call removes."""
        self.add(
            what,
            lambda: self._call_unless_gone(service, operation, **parameters),
            cli(service, operation, parameters),
        )

    def add(self, what: str, remove: Callable[[], None], by_hand: str) -> None:
        """Registers a resource."""
        self._resources.append(Resource(what, remove, by_hand))

    def register_queue(self, name: str) -> None:
        """Registers a queue by its name."""
        by_hand = (
            f"aws sqs delete-queue --queue-url $(aws sqs get-queue-url --queue-name {name} --output text)"
        )
        self.add(f"queue {name}", lambda: self._delete_queue(name), by_hand)

    def register_bucket(self, name: str) -> None:
        """Registers a bucket. All object versions are deleted before the bucket."""
        self.add(
            f"bucket {name}",
            lambda: self._empty_and_delete(name),
            f"empty the bucket {name}, including all versions (S3 console: Empty), then aws s3 rb s3://{name}",
        )

    def register_feature_group(self, name: str, poll_seconds: float) -> None:
        """Registers a feature group. Its removal waits until the group no longer exists."""
        parameters = {"FeatureGroupName": name}
        by_hand = cli("sagemaker", "DeleteFeatureGroup", parameters)
        self.add(f"feature group {name}", lambda: self._delete_feature_group(name, poll_seconds), by_hand)

    def run(self) -> list[Resource]:
        """Removes everything in reverse order. Returns the resources that could not be removed.

        An interruption ends the removal. Resources not attempted by then count as left over.
        """
        left: list[Resource] = []
        try:
            while self._resources:
                if not self._removed(self._resources[-1]):
                    left.append(self._resources[-1])
                self._resources.pop()
        except KeyboardInterrupt:
            self.interrupted = True
            left += reversed(self._resources)
            self._resources.clear()
        return left

    def _removed(self, resource: Resource) -> bool:
        for attempt in range(ATTEMPTS):
            if attempt:
                self._aws.pause(PAUSE_SECONDS)
            try:
                resource.remove()
            except StillThereError:
                break
            except Exception:  # go on with the other resources; this one is reported
                continue
            return True
        return False

    def _call_unless_gone(self, service: str, operation: str, **parameters: Any) -> None:
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
        self._call_unless_gone("sagemaker", "DeleteFeatureGroup", FeatureGroupName=name)
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
    """The resource still exists, and retrying does not help."""


def is_gone(error: ClientError) -> bool:
    """Whether the error says that the resource does not exist."""
    text = str(error).lower()
    return error.response["Error"]["Code"] in GONE or any(part in text for part in _GONE_TEXTS)


def cli(service: str, operation: str, parameters: dict[str, Any]) -> str:
    """The call as an AWS CLI command."""
    given = shlex.quote(json.dumps(parameters))
    return f"aws {service} {xform_name(operation, '-')} --cli-input-json {given}"
