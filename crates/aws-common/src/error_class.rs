//! Classes of AWS errors.

use std::error::Error;
#[cfg(feature = "s3")]
use std::fmt;

#[cfg(feature = "s3")]
use aws_smithy_runtime_api::client::result::SdkError;

/// The class of an error. It determines whether to retry, and the hint for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The resource does not exist.
    NotFound,
    /// The object was deleted, and its bucket keeps the deletion as a delete marker.
    Deleted,
    /// A resource with this name already exists.
    AlreadyExists,
    /// The resource is in use or being changed.
    Conflict,
    /// A quota is exhausted.
    Limit,
    /// The caller is unknown or lacks a permission.
    Denied,
    /// There are no credentials.
    NoCredentials,
    /// Too many requests.
    Throttled,
    /// The service could not be reached, did not respond in time, or closed the connection.
    Unreachable,
    /// The service failed, or its response is invalid.
    Fault,
    /// The service refused the request.
    Refused,
    /// Downloaded data could not be written to the local disk.
    LocalFile,
    /// The local disk has no space left for downloaded data.
    DiskFull,
}

impl ErrorClass {
    /// Classifies a response by its error code, or else by its HTTP status.
    #[must_use]
    pub fn of(code: &str, status: Option<u16>) -> Self {
        let of_status = || status.and_then(Self::of_status);
        Self::of_code(code).or_else(of_status).unwrap_or(Self::Refused)
    }

    /// Classifies an error code. Returns `None` if the code is unknown.
    ///
    /// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html>
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "NoSuchKey" | "NoSuchBucket" | "ResourceNotFound" | "ResourceNotFoundException" => {
                Self::NotFound
            }
            "ConflictException" | "ResourceInUse" => Self::Conflict,
            "ResourceLimitExceeded" => Self::Limit,
            "InvalidParameterCombination"
            | "InvalidParameterValue"
            | "MissingParameter"
            | "SerializationException"
            | "ValidationError"
            | "ValidationException" => Self::Refused,
            "AccessForbidden"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "NotAuthorized"
            | "OptInRequired"
            | "RequestExpired"
            | "UnauthorizedException"
            | "UnrecognizedClientException" => Self::Denied,
            "InternalError"
            | "InternalFailure"
            | "InternalServerError"
            | "InternalServerException"
            | "ServiceUnavailable"
            | "ServiceUnavailableException" => Self::Fault,
            "RequestTimeout" | "RequestTimeoutException" => Self::Unreachable,
            // The SDK's other throttling codes, without "Throttl" in the name.
            "BandwidthLimitExceeded"
            | "LimitExceededException"
            | "PriorRequestNotComplete"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "SlowDown"
            | "TooManyRequestsException"
            | "TransactionInProgressException" => Self::Throttled,
            code if code.contains("Throttl") => Self::Throttled,
            code if ["AccessDenied", "Token", "Signature"].iter().any(|of| code.contains(of)) => {
                Self::Denied
            }
            _ => return None,
        })
    }

    /// Classifies an HTTP status. Returns `None` if the status alone does not determine a class.
    #[must_use]
    pub fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            401 | 403 => Self::Denied,
            404 => Self::NotFound,
            408 => Self::Unreachable,
            429 => Self::Throttled,
            // A success whose response is invalid is a fault, too.
            200..=299 | 500.. => Self::Fault,
            _ => return None,
        })
    }

    /// Classifies an SDK error for which the service sent no error response. Also returns the error's
    /// text, with its causes.
    #[cfg(feature = "s3")]
    #[must_use]
    pub fn without_response<E, R>(error: &SdkError<E, R>) -> (Self, String)
    where
        E: Error + 'static,
        R: fmt::Debug,
    {
        let causes = with_causes(error);
        let class = match error {
            _ if causes.contains("credentials") => Self::NoCredentials,
            SdkError::ResponseError(_) => Self::Fault,
            SdkError::ConstructionFailure(_) => Self::Refused,
            _ => Self::Unreachable,
        };
        (class, causes)
    }

    /// Returns whether another attempt may succeed.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Unreachable | Self::Fault)
    }
}

/// Renders an error and its causes, outermost first.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_by_code_and_then_by_status() {
        for (code, status, class) in [
            ("NoSuchKey", Some(404), ErrorClass::NotFound),
            ("ResourceNotFound", Some(400), ErrorClass::NotFound),
            ("ValidationError", Some(400), ErrorClass::Refused),
            ("AccessForbidden", Some(403), ErrorClass::Denied),
            ("AccessDeniedException", Some(400), ErrorClass::Denied),
            ("ExpiredTokenException", Some(400), ErrorClass::Denied),
            ("SignatureDoesNotMatch", Some(403), ErrorClass::Denied),
            ("ThrottlingException", Some(400), ErrorClass::Throttled),
            ("RequestThrottled", Some(400), ErrorClass::Throttled),
            ("SlowDown", Some(503), ErrorClass::Throttled),
            ("RequestTimeout", Some(400), ErrorClass::Unreachable),
            ("InternalFailure", None, ErrorClass::Fault),
            ("ServiceUnavailableException", None, ErrorClass::Fault),
            ("ProvisionedThroughputExceededException", None, ErrorClass::Throttled),
            ("RequestLimitExceeded", Some(400), ErrorClass::Throttled),
            ("ResourceLimitExceeded", Some(400), ErrorClass::Limit),
            ("ConflictException", Some(409), ErrorClass::Conflict),
            ("SomethingNew", Some(503), ErrorClass::Fault),
            ("SomethingNew", Some(429), ErrorClass::Throttled),
            ("SomethingNew", Some(301), ErrorClass::Refused),
            ("no error code", Some(200), ErrorClass::Fault),
            ("SomethingNew", None, ErrorClass::Refused),
        ] {
            assert_eq!(ErrorClass::of(code, status), class, "{code} {status:?}");
        }
    }

    #[cfg(feature = "s3")]
    #[test]
    fn classifies_sdk_errors_without_an_error_response() {
        type Failed = SdkError<fmt::Error, ()>;
        for (error, class) in [
            (Failed::timeout_error("too slow"), ErrorClass::Unreachable),
            (Failed::response_error("not JSON", ()), ErrorClass::Fault),
            (Failed::construction_failure("too long"), ErrorClass::Refused),
            (Failed::construction_failure("no credentials"), ErrorClass::NoCredentials),
        ] {
            let (found, text) = ErrorClass::without_response(&error);
            assert_eq!(found, class, "{text}");
        }
    }
}
