"""What is said when something cannot be done."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

# The permission that an operation needs, where it has another name.
_PERMISSIONS: Final = {
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject, and s3:ListBucket on the bucket",
    "PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "PutObject": "s3:PutObject and s3:PutObjectTagging",
    "PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
_LOGIN_HINT: Final = "set AWS_PROFILE, or log in: aws configure, or aws sso login"


class PackagingError(Exception):
    """What is wrong, naming the thing; and, as a hint, what to do about it."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.hint = hint


def from_aws(error: BotoCoreError | ClientError) -> PackagingError:
    """An error of the SDK for which no better words were found where it arose."""
    if isinstance(error, NoCredentialsError):
        return PackagingError("There are no AWS credentials.", _LOGIN_HINT)
    if isinstance(error, CredentialRetrievalError | PartialCredentialsError | SSOError | TokenRetrievalError):
        return PackagingError(f"The AWS credentials cannot be used: {error}", _LOGIN_HINT)
    if isinstance(error, ProfileNotFound):
        return PackagingError(
            str(error), "AWS_PROFILE=...; `aws configure list-profiles` says which there are"
        )
    if isinstance(error, NoRegionError):
        return PackagingError("No AWS region is set.", "export AWS_REGION=eu-west-1, or the region you want")
    if isinstance(error, ClientError):
        code = error_code(error)
        if code in {"AccessDenied", "403", "Forbidden"}:
            permission = _PERMISSIONS.get(error.operation_name, f"s3:{error.operation_name}")
            return PackagingError(
                str(error), f"needed is {permission}; `aws sts get-caller-identity` says who asks"
            )
        if "Expired" in code or code in {
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
        }:
            return PackagingError(f"The AWS credentials cannot be used: {error}", _LOGIN_HINT)
    return PackagingError(str(error), "run it again; what was done so far is kept and is not done twice")


def error_code(error: ClientError) -> str:
    """S3's code, such as `NoSuchKey`; the HTTP status where an answer has no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def run(main: Callable[[], None]) -> int:
    """The exit code of a command; its error goes to standard error, with a hint."""
    try:
        main()
    except PackagingError as error:
        return _told(error)
    except (BotoCoreError, ClientError) as error:
        return _told(from_aws(error))
    except KeyboardInterrupt:
        return _told(PackagingError("Interrupted.", "run it again; it continues where it was"))
    except BrokenPipeError:
        # Whoever reads, `head` say, has seen enough; nor may Python's own last flush complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _told(error: PackagingError) -> int:
    print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
    return 1
