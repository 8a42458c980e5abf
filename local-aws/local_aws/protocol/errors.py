"""Errors as AWS's JSON 1.1 protocol sends them."""

from __future__ import annotations

from typing import Final

# Codes that any operation may return and that no SageMaker shape models, with their HTTP status.
# Source: "Common Error Types" in the Amazon SageMaker API Reference. In the JSON protocol, AWS sends 400 for
# denied access, too. The 403 on that page is the status of the REST protocols.
COMMON_ERRORS: Final[dict[str, int]] = {
    "AccessDeniedException": 400,
    "ExpiredTokenException": 400,
    "IncompleteSignatureException": 400,
    "InternalFailure": 500,
    "InvalidSignatureException": 400,
    "MissingAuthenticationTokenException": 400,
    "RequestExpired": 400,
    "SerializationException": 400,
    "ServiceUnavailable": 503,
    "ThrottlingException": 400,
    "UnknownOperationException": 400,
    "UnrecognizedClientException": 400,
    "ValidationException": 400,
}

REST_FORBIDDEN: Final = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
"""Codes that have the HTTP status 403 in a REST service."""

# Unmodelled errors have the member ``message``, except for these two: they have ``Message``, like the
# modelled SageMaker errors (``ResourceNotFound`` and so on).
_CAPITAL_MESSAGE: Final = frozenset({"AccessDeniedException", "SerializationException"})


class AwsError(Exception):
    """An AWS error: code, text and HTTP status."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status if status is not None else COMMON_ERRORS.get(code, 400)

    @property
    def message_member(self) -> str:
        """The member that holds the text. Generated SDKs look it up by its exact name."""
        unmodelled = self.code in COMMON_ERRORS
        return "message" if unmodelled and self.code not in _CAPITAL_MESSAGE else "Message"

    def body(self) -> dict[str, str]:
        """The JSON body."""
        return {"__type": self.code, self.message_member: self.message}


def validation_error(message: str) -> AwsError:
    """Returns a ValidationException."""
    return AwsError("ValidationException", message)


def not_found(message: str) -> AwsError:
    """SageMaker's modelled ``ResourceNotFound`` (no "Exception" in the name)."""
    return AwsError("ResourceNotFound", message)


def conflict(message: str) -> AwsError:
    """SageMaker's modelled ``ConflictException``."""
    return AwsError("ConflictException", message)


def not_implemented(what: str) -> AwsError:
    """Returns the error for a part of AWS that local-aws does not implement."""
    return AwsError("UnknownOperationException", f"local-aws does not implement {what}.")
