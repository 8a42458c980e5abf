//! What kind of error AWS answers with.

use std::error::Error;

/// The kind of an error, as far as it decides what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no such thing.
    NotFound,
    /// The caller may not do this, or is not known.
    Denied,
    /// There are no credentials.
    NoCredentials,
    /// Too many calls.
    Throttled,
    /// The service could not be reached, did not answer in time, or stopped in the middle of it.
    Unreachable,
    /// The service failed, or its answer makes no sense.
    Fault,
    /// The service refused what it was given.
    Refused,
    /// What was read could not be stored on this machine.
    Local,
    /// The same, because there is no room for it.
    Full,
}

impl Reason {
    /// The kind of an answer, by its code or else by its HTTP status, if there is one.
    #[must_use]
    pub fn of(code: &str, status: Option<u16>) -> Self {
        match code {
            "NoSuchKey" | "NoSuchBucket" | "ResourceNotFound" | "ResourceNotFoundException" => {
                Self::NotFound
            }
            "ValidationError" | "ValidationException" => Self::Refused,
            "AccessForbidden"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException" => Self::Denied,
            "InternalError"
            | "InternalFailure"
            | "InternalServerError"
            | "InternalServerException"
            | "ServiceUnavailable"
            | "ServiceUnavailableException" => Self::Fault,
            "RequestTimeout" | "RequestTimeoutException" => Self::Unreachable,
            // Those that the SDK takes for throttling, beside the ones with the word in them.
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
            _ => match status {
                Some(401 | 403) => Self::Denied,
                Some(404) => Self::NotFound,
                Some(408) => Self::Unreachable,
                Some(429) => Self::Throttled,
                // Of what is no error, an answer that cannot be read.
                Some(200..=299 | 500..) => Self::Fault,
                _ => Self::Refused,
            },
        }
    }

    /// Whether another attempt may succeed.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Unreachable | Self::Fault)
    }
}

/// An error and what caused it, outermost first.
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
    fn answers_are_classed_by_code_and_then_by_status() {
        for (code, status, reason) in [
            ("NoSuchKey", Some(404), Reason::NotFound),
            ("ResourceNotFound", Some(400), Reason::NotFound),
            ("ValidationError", Some(400), Reason::Refused),
            ("AccessForbidden", Some(403), Reason::Denied),
            ("AccessDeniedException", Some(400), Reason::Denied),
            ("ExpiredTokenException", Some(400), Reason::Denied),
            ("SignatureDoesNotMatch", Some(403), Reason::Denied),
            ("ThrottlingException", Some(400), Reason::Throttled),
            ("SlowDown", Some(503), Reason::Throttled),
            ("RequestTimeout", Some(400), Reason::Unreachable),
            ("InternalFailure", None, Reason::Fault),
            ("ServiceUnavailableException", None, Reason::Fault),
            ("ProvisionedThroughputExceededException", None, Reason::Throttled),
            ("RequestLimitExceeded", Some(400), Reason::Throttled),
            ("SomethingNew", Some(503), Reason::Fault),
            ("SomethingNew", Some(429), Reason::Throttled),
            ("SomethingNew", Some(301), Reason::Refused),
            ("an error without a code", Some(200), Reason::Fault),
            ("SomethingNew", None, Reason::Refused),
        ] {
            assert_eq!(Reason::of(code, status), reason, "{code} {status:?}");
        }
    }
}
