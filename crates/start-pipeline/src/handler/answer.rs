//! What an invocation answers with.

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda_runtime::Diagnostic;
use serde::{Serialize, Serializer};

use crate::event::{InvalidEvent, ObjectCreated};
use crate::request::InvalidInput;
use crate::start::{Reason, StartError};

/// The answer to an invocation, as JSON.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Answer {
    /// What became of the one event.
    Event(Outcome),
    /// Which messages of the batch failed; SQS keeps those and deletes the others.
    Batch(SqsBatchResponse),
}

/// What became of an event that did not fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// An execution runs on the object; for an upload that was delivered before, the one that its
    /// first delivery started.
    Started {
        /// The execution's ARN.
        execution_arn: String,
        /// The request's token.
        token: String,
        /// `s3://bucket/key`.
        input_url: String,
    },
    /// The object is none to ingest.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// `s3://bucket/key`.
        input_url: String,
    },
}

/// Why an object is not ingested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// The key ends in `/`: a folder, as consoles make them.
    FolderMarker,
    /// The object has no bytes.
    EmptyObject,
}

impl SkipReason {
    /// Why `upload` is not to be ingested, or `None` if it is.
    #[must_use]
    pub fn of(upload: &ObjectCreated) -> Option<Self> {
        if upload.key.ends_with('/') {
            Some(Self::FolderMarker)
        } else if upload.size == Some(0) {
            Some(Self::EmptyObject)
        } else {
            None
        }
    }

    /// The reason as logs and answers name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FolderMarker => "folder_marker",
            Self::EmptyObject => "empty_object",
        }
    }
}

impl Serialize for SkipReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An event that has to be tried again, or looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It is not an event of ours.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidEvent),
    /// It is about an object that cannot be handed to a pipeline.
    #[error(transparent)]
    InvalidInput(#[from] InvalidInput),
    /// The execution could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The batch's time ran out before its turn came.
    #[error(
        "not tried: less time remains than one attempt may take; the message stays in the queue"
    )]
    OutOfTime,
}

impl Failure {
    /// Why it failed.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::InvalidEvent(_) => Reason::InvalidEvent,
            Self::InvalidInput(_) => Reason::InvalidInput,
            Self::Start(error) => error.reason(),
            Self::OutOfTime => Reason::OutOfTime,
        }
    }
}

/// The error's type is `<class>.<reason>`, for example `Transient.ExecutionLimit`.
impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let reason = failure.reason();
        Self {
            error_type: format!("{}.{}", reason.class().as_str(), reason.as_str()),
            error_message: failure.to_string(),
        }
    }
}
