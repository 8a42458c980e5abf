//! The response to an invocation.

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda_runtime::Diagnostic;
use serde::{Serialize, Serializer};

use crate::event::{InvalidEvent, ObjectCreated};
use crate::request::InvalidInput;
use crate::start::{Reason, StartError};

/// The response to an invocation, serialized as JSON.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Answer {
    /// The outcome of a single event.
    Event(Outcome),
    /// The failed messages of a batch. SQS keeps these and deletes the others.
    Batch(SqsBatchResponse),
}

/// The outcome of an event that did not fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// An execution was started for the object. For a redelivered event, it is the execution that
    /// the first delivery started.
    Started {
        /// The execution's ARN.
        execution_arn: String,
        /// The request's token.
        token: String,
        /// `s3://bucket/key`.
        input_url: String,
    },
    /// The object was skipped, because it has no data to ingest.
    Skipped {
        /// The reason.
        reason: SkipReason,
        /// `s3://bucket/key`.
        input_url: String,
    },
}

/// The reason why an object is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// The key ends with `/`: a folder, as created in the S3 console.
    FolderMarker,
    /// The object is empty.
    EmptyObject,
}

impl SkipReason {
    /// Returns the reason to skip `upload`, or `None` if it is to be ingested.
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

    /// Returns the reason's name in logs and responses.
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

/// A failed event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The payload is not a valid event.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidEvent),
    /// The object cannot be passed to a pipeline.
    #[error(transparent)]
    InvalidInput(#[from] InvalidInput),
    /// The execution could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The invocation ran out of time before this message of its batch.
    #[error(
        "not attempted: the invocation has too little time left; the message stays in the queue"
    )]
    OutOfTime,
}

impl Failure {
    /// Returns the reason.
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

/// The error type is `<class>.<reason>`, for example `Transient.ExecutionLimit`.
impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let reason = failure.reason();
        Self {
            error_type: format!("{}.{}", reason.class().as_str(), reason.as_str()),
            error_message: failure.to_string(),
        }
    }
}
