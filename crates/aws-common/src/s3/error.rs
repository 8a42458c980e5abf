//! Errors of S3.

use crate::ErrorClass;

/// A call to S3 failed. The message names the operation and S3's response.
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

    /// Returns the class of the error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// Returns the operation that failed.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Returns S3's response, or why there was none.
    #[must_use]
    pub fn answer(&self) -> &str {
        &self.answer
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.class {
            ErrorClass::NotFound => "check the spelling of the bucket and the key",
            ErrorClass::Deleted => {
                "upload the object again, or name a version that is not a delete marker"
            }
            ErrorClass::Denied => {
                "grant the credentials s3:GetObject, s3:GetObjectVersion, s3:PutObject and s3:ListBucket \
                 on the bucket, and the use of its KMS key if it has one"
            }
            ErrorClass::NoCredentials => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            ErrorClass::Throttled | ErrorClass::Fault => "try again in a minute",
            ErrorClass::Unreachable => {
                "check the network, the region, and, if they are set, AWS_ENDPOINT_URL, \
                 AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT"
            }
            ErrorClass::AlreadyExists
            | ErrorClass::Conflict
            | ErrorClass::Limit
            | ErrorClass::Refused => "see the message",
            ErrorClass::DiskFull => "free up disk space, or set TMPDIR to another folder",
            ErrorClass::LocalFile => "set TMPDIR to a writable folder",
        }
    }

    /// Returns whether another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        self.class.is_transient()
    }
}
