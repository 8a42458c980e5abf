//! Why S3 did not do what it was asked.

use crate::Reason;

/// S3 did not do what it was asked; the text says what, and what S3 answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {answer}")]
pub struct S3Error {
    what: String,
    answer: String,
    reason: Reason,
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
            Reason::Full => "make room, or name another temporary folder with TMPDIR",
            Reason::Local => "name a temporary folder that can be written to with TMPDIR",
        }
    }

    /// Whether another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        self.reason.is_transient()
    }
}
