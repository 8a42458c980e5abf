//! Why Feature Store did not do what it was asked.

/// Feature Store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct StoreError {
    reason: Reason,
    code: String,
    message: String,
}

/// The kind of an error, as far as it decides what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no such feature group.
    NotFound,
    /// The caller may not do this, or is not known.
    Denied,
    /// There are no credentials.
    NoCredentials,
    /// Too many calls.
    Throttled,
    /// The service could not be reached, or did not answer in time.
    Unreachable,
    /// The service failed, or its answer makes no sense.
    Fault,
    /// The service refused what it was given.
    Refused,
}

impl StoreError {
    /// An error with the service's code, or words for it, and its message.
    pub fn new(reason: Reason, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason, code: code.into(), message: message.into() }
    }

    /// An error that the service reports, classed by code and HTTP status, if there is one.
    #[must_use]
    pub fn reported(code: &str, message: &str, status: Option<u16>) -> Self {
        Self::new(reason_of(code, status), code, message)
    }

    /// The kind of error.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The service's code. Unlike its message, it never quotes data.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether another attempt may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.reason, Reason::Throttled | Reason::Unreachable | Reason::Fault)
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.reason {
            Reason::NotFound => {
                "check the feature group's name, the region, and that the credentials are of its \
                 account"
            }
            Reason::Denied => {
                "allow the credentials sagemaker:DescribeFeatureGroup, sagemaker:BatchWriteRecord and \
                 sagemaker:PutRecord on the feature group"
            }
            Reason::NoCredentials => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            Reason::Throttled => {
                "run the job again, with a lower --concurrency, or ask AWS for a higher quota"
            }
            Reason::Fault => "run the job again in a few minutes; it writes the same records",
            Reason::Unreachable => {
                "check the network, the region, and AWS_ENDPOINT_URL if it is set; then run the job \
                 again, it writes the same records"
            }
            Reason::Refused => "see the service's message",
        }
    }
}

fn reason_of(code: &str, status: Option<u16>) -> Reason {
    match code {
        "ResourceNotFound" | "ResourceNotFoundException" => Reason::NotFound,
        "ValidationError" | "ValidationException" => Reason::Refused,
        "AccessForbidden" | "UnrecognizedClientException" | "InvalidClientTokenId" => {
            Reason::Denied
        }
        "InternalFailure" | "InternalServerError" | "ServiceUnavailable" => Reason::Fault,
        "TooManyRequestsException" | "SlowDown" => Reason::Throttled,
        code if code.contains("Throttl") => Reason::Throttled,
        code if code.contains("AccessDenied")
            || code.contains("Token")
            || code.contains("Signature") =>
        {
            Reason::Denied
        }
        _ => match status {
            Some(401 | 403) => Reason::Denied,
            Some(404) => Reason::NotFound,
            Some(408) => Reason::Unreachable,
            Some(429) => Reason::Throttled,
            // Of what is no error, an answer that cannot be read.
            Some(..=399 | 500..) => Reason::Fault,
            _ => Reason::Refused,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_classed_by_code_and_then_by_status() {
        for (code, status, reason) in [
            ("ValidationError", Some(400), Reason::Refused),
            ("AccessForbidden", Some(403), Reason::Denied),
            ("AccessDeniedException", Some(400), Reason::Denied),
            ("ExpiredTokenException", Some(400), Reason::Denied),
            ("ThrottlingException", Some(400), Reason::Throttled),
            ("InternalFailure", None, Reason::Fault),
            ("SomethingNew", Some(503), Reason::Fault),
            ("SomethingNew", Some(429), Reason::Throttled),
            ("an error without a code", Some(200), Reason::Fault),
            ("SomethingNew", None, Reason::Refused),
        ] {
            assert_eq!(
                StoreError::reported(code, "", status).reason(),
                reason,
                "{code} {status:?}"
            );
        }
    }
}
