"""What is said when something cannot be done."""

from __future__ import annotations

import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError


class PackagingError(Exception):
    """What is wrong, naming the thing; and, as a hint, what to do about it."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.hint = hint


def from_aws(error: BotoCoreError | ClientError) -> PackagingError:
    """An error of the SDK for which no better words were found where it arose."""
    if isinstance(error, NoCredentialsError):
        return PackagingError(
            "There are no AWS credentials.", "set AWS_PROFILE, or log in: aws configure, or aws sso login"
        )
    if isinstance(error, NoRegionError):
        return PackagingError("No AWS region is set.", "export AWS_REGION=eu-west-1, or the region you want")
    if isinstance(error, ClientError):
        code = error_code(error)
        if code in {"AccessDenied", "403", "Forbidden"}:
            return PackagingError(
                f"{error.operation_name} was denied: {error.response['Error'].get('Message', '')}",
                f"the caller needs s3:{error.operation_name}; `aws sts get-caller-identity` says who it is",
            )
        if "Expired" in code or code == "InvalidClientTokenId":
            return PackagingError(f"The AWS credentials are not valid (any more): {error}", "log in again")
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
    return 0


def _told(error: PackagingError) -> int:
    print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
    return 1
