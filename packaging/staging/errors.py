"""Errors with hints, and the exit codes of commands."""

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

# The permissions of operations whose permission has another name.
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
    """A problem, with a hint that says what to do."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.hint = hint


def from_aws(error: BotoCoreError | ClientError) -> PackagingError:
    """Converts an SDK error that its caller did not handle."""
    if isinstance(error, NoCredentialsError):
        return PackagingError("There are no AWS credentials.", _LOGIN_HINT)
    if isinstance(error, CredentialRetrievalError | PartialCredentialsError | SSOError | TokenRetrievalError):
        return PackagingError(f"The AWS credentials cannot be used: {error}", _LOGIN_HINT)
    if isinstance(error, ProfileNotFound):
        return PackagingError(str(error), "AWS_PROFILE=...; `aws configure list-profiles` lists the profiles")
    if isinstance(error, NoRegionError):
        return PackagingError("No AWS region is set.", "export AWS_REGION=eu-west-1, or the region you want")
    if isinstance(error, ClientError):
        code = error_code(error)
        if code in {"AccessDenied", "403", "Forbidden"}:
            permission = _PERMISSIONS.get(error.operation_name, f"s3:{error.operation_name}")
            return PackagingError(
                str(error), f"the caller needs {permission}; `aws sts get-caller-identity` shows the caller"
            )
        if "Expired" in code or code in {
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
        }:
            return PackagingError(f"The AWS credentials cannot be used: {error}", _LOGIN_HINT)
    return PackagingError(str(error), "run it again; it continues where it stopped")


def error_code(error: ClientError) -> str:
    """The service's error code, such as `NoSuchKey`. The HTTP status if the response has no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def run(main: Callable[[], None]) -> int:
    """Runs a command. Prints its error with a hint to standard error. Returns the exit code."""
    try:
        main()
    except PackagingError as error:
        return _report(error)
    except (BotoCoreError, ClientError) as error:
        return _report(from_aws(error))
    except KeyboardInterrupt:
        return _report(PackagingError("Interrupted.", "run it again; it continues where it stopped"))
    except BrokenPipeError:
        # The reader, such as `head`, closed the pipe. Keep Python's flush at exit from failing too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _report(error: PackagingError) -> int:
    print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
    return 1
