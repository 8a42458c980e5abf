//! Why S3 did not do what it was asked.

use crate::ErrorClass;

/// S3 did not do what it was asked; the text says what, and what S3 answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {answer}")]
pub struct S3Error {
    what: String,
    answer: String,
    class: ErrorClass,
}

impl S3Error {
    pub(crate) fn new(what: &str, class: ErrorClass, answer: impl Into<String>) -> Self {
        Self { what: what.to_owned(), answer: answer.into(), class }
    }

    /// The kind of error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.class
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
        match self.class {
            ErrorClass::NotFound => "check the bucket and the key, letter by letter",
            ErrorClass::Denied => {
                "allow the credentials s3:GetObject, s3:PutObject and s3:ListBucket there, and use of \
                 the bucket's KMS key if it has one"
            }
            ErrorClass::NoCredentials => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            ErrorClass::Throttled | ErrorClass::Fault => "try again in a minute",
            ErrorClass::Unreachable => {
                "check the network, the region, and AWS_ENDPOINT_URL if it is set"
            }
            ErrorClass::AlreadyExists
            | ErrorClass::Conflict
            | ErrorClass::Limit
            | ErrorClass::Refused => "see S3's message",
            ErrorClass::DiskFull => "make room, or name another temporary folder with TMPDIR",
            ErrorClass::LocalFile => "name a temporary folder that can be written to with TMPDIR",
        }
    }

    /// Whether another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        self.class.is_transient()
    }
}
