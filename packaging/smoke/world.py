"""What a check has: AWS, its names and tags, a ledger, and a limit of time."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from smoke.aws import Aws
from smoke.ledger import Ledger

POLL_SECONDS: Final = 10.0
# IAM says that a new role can be used everywhere after a few seconds, and does not promise it.
ROLE_SECONDS: Final = 90.0
T = TypeVar("T")


class UndecidedError(Exception):
    """A check cannot tell, and why."""


@dataclasses.dataclass(frozen=True)
class World:
    """All that a check needs."""

    aws: Aws
    ledger: Ledger
    run_id: str
    """Six characters that all names of this run hold."""
    check: str
    """The check's name, which all its names hold: no two make the same thing, one after the other."""
    deadline: float
    """When the check gives up, in seconds since 1970."""
    poll_seconds: float
    stack: str
    """The portfolio's."""
    parameters: dict[str, str]
    """Further ones of the product, for the launch."""
    program: Path
    """`ingestion-pipeline`."""

    @property
    def name(self) -> str:
        """What all names begin with: SageMaker's own roles may only touch names with `sagemaker-`."""
        return f"sagemaker-smoke-{self.run_id}-{self.check}"

    @property
    def bucket(self) -> str:
        """The name of the check's bucket."""
        return f"{self.name}-{self.aws.account}"

    @property
    def tags(self) -> list[dict[str, str]]:
        """Of everything that can have some."""
        return [{"Key": "sagemaker-feature-ingestion-smoke", "Value": self.run_id}]

    @property
    def role_arn(self) -> str:
        """The ARN of the check's role."""
        return f"arn:{self.aws.partition}:iam::{self.aws.account}:role/{self.name}"

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and region."""
        return f"arn:{self.aws.partition}:{service}:{self.aws.region}:{self.aws.account}:{resource}"

    def token(self, use: str) -> str:
        """A client request token: the same for the same use in a run."""
        return f"{self.name}-{use}".ljust(40, "-")

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """What `look` finds; looks again until it finds something, or the time is over."""
        while True:
            found = look()
            if found:
                return found
            if self.aws.now() >= self.deadline:
                raise UndecidedError(f"the time limit was over before {what}")
            self.aws.pause(self.poll_seconds)

    def with_new_role(self, call: Callable[[], T]) -> T:
        """Do what needs the check's role, which may have been made a moment ago."""
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

    def make_role(self, statements: list[dict[str, Any]]) -> None:
        """The check's role, which SageMaker may assume for this account, and which may do what is listed."""
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": self.aws.account}},
        }
        self.ledger.will_make(f"role {self.name}", "iam", "DeleteRole", RoleName=self.name)
        self.aws.call(
            "iam",
            "CreateRole",
            RoleName=self.name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            Tags=self.tags,
        )
        if statements:
            policy = {"RoleName": self.name, "PolicyName": "smoke"}
            self.ledger.will_make(f"policy of role {self.name}", "iam", "DeleteRolePolicy", **policy)
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            self.aws.call("iam", "PutRolePolicy", PolicyDocument=document, **policy)

    def make_bucket(self) -> None:
        """The check's bucket."""
        place = {"CreateBucketConfiguration": {"LocationConstraint": self.aws.region}}
        self.ledger.will_make_bucket(self.bucket)
        # us-east-1 is the one region that must not be named.
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
        """An object in the check's bucket; gives its URL."""
        self.aws.call(
            "s3",
            "PutObject",
            Bucket=self.bucket,
            Key=key,
            Body=body,
            ExpectedBucketOwner=self.aws.account,
        )
        return f"s3://{self.bucket}/{key}"
