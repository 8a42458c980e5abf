"""A check's context: AWS, resource names and tags, cleanup, and a deadline."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Final, TypeVar

from botocore.exceptions import ClientError

from smoke.aws import Aws
from smoke.cleanup import Cleanup

POLL_SECONDS: Final = 10.0
# A new IAM role usually works everywhere after a few seconds. AWS does not guarantee it.
ROLE_SECONDS: Final = 90.0
T = TypeVar("T")


class UndecidedError(Exception):
    """A check reached no verdict. The message says why."""


@dataclasses.dataclass(frozen=True)
class Context:
    """Everything that a check needs."""

    aws: Aws
    cleanup: Cleanup
    run_id: str
    """Six characters that all names of this run contain."""
    check: str
    """The check's name. All names contain it, so that two checks never create the same resource."""
    deadline: float
    """When the check times out, in seconds since 1970."""
    poll_seconds: float
    stack: str
    """The name of the portfolio's stack."""
    parameters: dict[str, str]
    """Additional parameters of the product."""

    @property
    def name(self) -> str:
        """The prefix of all names. SageMaker's own roles may only access names with `sagemaker-`."""
        return f"sagemaker-smoke-{self.run_id}-{self.check}"

    @property
    def bucket(self) -> str:
        """The name of the check's bucket."""
        return f"{self.name}-{self.aws.account}"

    @property
    def tags(self) -> list[dict[str, str]]:
        """The tags of every resource that can have tags."""
        return [{"Key": "sagemaker-feature-ingestion-smoke", "Value": self.run_id}]

    @property
    def role_arn(self) -> str:
        """The ARN of the check's role."""
        return f"arn:{self.aws.partition}:iam::{self.aws.account}:role/{self.name}"

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        return f"arn:{self.aws.partition}:{service}:{self.aws.region}:{self.aws.account}:{resource}"

    def token(self, use: str) -> str:
        """A client request token. The same use in a run gives the same token."""
        return f"{self.name}-{use}".ljust(40, "-")

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """Calls `look` until it finds something, and returns it. Raises `UndecidedError` at the deadline."""
        while True:
            found = look()
            if found:
                return found
            if self.aws.now() >= self.deadline:
                raise UndecidedError(f"timed out before {what}")
            self.aws.pause(self.poll_seconds)

    def with_new_role(self, call: Callable[[], T]) -> T:
        """Makes a call that needs the check's role. Retries while IAM does not know the new role yet."""
        end = min(self.aws.now() + ROLE_SECONDS, self.deadline)
        while True:
            try:
                return call()
            except ClientError as error:
                text = str(error)
                if "ssum" not in text and "role" not in text.lower():
                    raise
                if self.aws.now() >= end:
                    raise
            self.aws.pause(self.poll_seconds)

    def make_role(self) -> None:
        """Creates the check's role, without permissions. SageMaker may assume it for this account."""
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": self.aws.account}},
        }
        self.cleanup.register(f"role {self.name}", "iam", "DeleteRole", RoleName=self.name)
        self.aws.call(
            "iam",
            "CreateRole",
            RoleName=self.name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            Tags=self.tags,
        )

    def make_bucket(self) -> None:
        """Creates the check's bucket."""
        place = {"CreateBucketConfiguration": {"LocationConstraint": self.aws.region}}
        self.cleanup.register_bucket(self.bucket)
        # S3 rejects us-east-1 as a location constraint.
        self.aws.call(
            "s3", "CreateBucket", Bucket=self.bucket, **({} if self.aws.region == "us-east-1" else place)
        )
        self.aws.call(
            "s3",
            "PutBucketTagging",
            Bucket=self.bucket,
            Tagging={"TagSet": self.tags},
            ExpectedBucketOwner=self.aws.account,
        )

    def put(self, key: str, body: bytes) -> str:
        """Writes an object to the check's bucket. Returns its URL."""
        self.aws.call(
            "s3",
            "PutObject",
            Bucket=self.bucket,
            Key=key,
            Body=body,
            ExpectedBucketOwner=self.aws.account,
        )
        return f"s3://{self.bucket}/{key}"
