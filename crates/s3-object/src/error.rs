//! Why S3 did not do what it was asked.

use std::error::Error;

/// S3 did not do what it was asked; the text says what, and what S3 answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {answer}")]
pub struct S3Error {
    what: String,
    answer: String,
    reason: Reason,
}

/// The kind of an error, as far as it decides what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no such object or bucket.
    NotFound,
    /// The caller may not do this, or is not known.
    Denied,
    /// There are no credentials.
    NoCredentials,
    /// Too many calls.
    Throttled,
    /// S3 could not be reached, or stopped in the middle of an answer.
    Unreachable,
    /// S3 failed.
    Fault,
    /// S3 refused the request.
    Refused,
    /// What was read could not be stored on this machine.
    Local,
}

impl S3Error {
    pub(crate) fn new(what: &str, reason: Reason, answer: impl Into<String>) -> Self {
        Self { what: what.to_owned(), answer: answer.into(), reason }
    }

    /// The kind of error.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// What was to be done.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What S3 answered, or why there was no answer.
    #[must_use]
    pub fn answer(&self) -> &str {
        &self.answer
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.reason {
            Reason::NotFound => "check the bucket and the key, letter by letter",
            Reason::Denied => {
                "allow the credentials s3:GetObject, s3:PutObject and s3:ListBucket there, and use of \
                 the bucket's KMS key if it has one"
            }
            Reason::NoCredentials => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            Reason::Throttled | Reason::Fault => "try again in a minute",
            Reason::Unreachable => {
                "check the network, the region, and AWS_ENDPOINT_URL if it is set"
            }
            Reason::Refused => "see S3's message",
            Reason::Local => "make room, or let the temporary folder (TMPDIR) be elsewhere",
        }
    }

    /// Whether another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self.reason, Reason::Unreachable | Reason::Fault | Reason::Throttled)
    }
}

/// The kind of an answer, by its code or its HTTP status.
pub(crate) fn reason_of(code: &str, status: u16) -> Reason {
    match code {
        "NoSuchKey" | "NoSuchBucket" => Reason::NotFound,
        "SlowDown" => Reason::Throttled,
        "RequestTimeout" => Reason::Unreachable,
        code if code.contains("Throttl") => Reason::Throttled,
        code if code.contains("AccessDenied")
            || code.contains("Token")
            || code.contains("Signature") =>
        {
            Reason::Denied
        }
        "InvalidAccessKeyId" => Reason::Denied,
        _ => match status {
            401 | 403 => Reason::Denied,
            404 => Reason::NotFound,
            429 => Reason::Throttled,
            500.. => Reason::Fault,
            _ => Reason::Refused,
        },
    }
}

/// An error and what caused it, outermost first.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
