//! Errors of calls to AWS.

use std::error::Error;

use aws_common::{ErrorClass, S3Error};
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// A call to AWS failed. The text has the operation and AWS's answer.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {answer}")]
pub struct ServiceError {
    what: String,
    answer: String,
    class: ErrorClass,
    /// Replaces the hint of the class.
    hint: Option<&'static str>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ServiceError {
    /// Creates an error without a source.
    pub fn new(what: impl Into<String>, class: ErrorClass, answer: impl Into<String>) -> Self {
        Self { what: what.into(), answer: answer.into(), class, hint: None, source: None }
    }

    /// Returns the class of the error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// Returns what to do about the error.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        if let Some(hint) = self.hint {
            return hint;
        }
        match self.class {
            ErrorClass::NotFound => {
                "check the name or ARN, the region, and the account of the credentials"
            }
            ErrorClass::AlreadyExists | ErrorClass::Conflict => {
                "the pipeline is running or being changed; try again later"
            }
            ErrorClass::Limit => "wait until other executions finish, or request a quota increase",
            ErrorClass::Denied => "check the credentials, and allow this action on this resource",
            ErrorClass::NoCredentials => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            ErrorClass::Throttled | ErrorClass::Fault => "try again in a minute",
            ErrorClass::Unreachable => {
                "check the network, the region, and AWS_ENDPOINT_URL if it is set"
            }
            _ => {
                "see the service's message; `ingestion-pipeline upsert --dry-run` shows the changes"
            }
        }
    }

    /// Adapts an error of creating a pipeline: if something is not found, it is not the pipeline.
    pub(super) fn of_creating(self) -> Self {
        let class = match self.class {
            ErrorClass::NotFound => ErrorClass::Refused,
            class => class,
        };
        Self { class, ..self }
    }

    /// Creates an error from the SDK's, for the operation `what`.
    pub(super) fn from_sdk<E>(what: String, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (class, answer) = match &error {
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                let code = code.unwrap_or("no error code");
                let message = message.unwrap_or("no message");
                let status = answer.raw().status().as_u16();
                (class_of(code, message, status), format!("{code}: {message}"))
            }
            other => ErrorClass::without_response(other),
        };
        Self { what, answer, class, hint: None, source: Some(Box::new(error)) }
    }
}

impl From<S3Error> for ServiceError {
    fn from(error: S3Error) -> Self {
        let (class, hint) = match error.class() {
            // A missing object is not a missing pipeline.
            ErrorClass::NotFound => (
                ErrorClass::Refused,
                Some("check the S3 URL: `flow` and `artifacts` in pipeline.yaml"),
            ),
            class => (class, None),
        };
        Self { hint, ..Self::new(error.what(), class, error.answer()) }
    }
}

/// Classifies an answer by its code, its message or its HTTP status.
fn class_of(code: &str, message: &str, status: u16) -> ErrorClass {
    let says = |word: &str| message.to_ascii_lowercase().contains(word);
    match code {
        // SageMaker uses these codes for other errors as well.
        "ValidationException" | "ConflictException" if says("already exists") => {
            ErrorClass::AlreadyExists
        }
        "ValidationException" if says("does not exist") && is_of_pipeline(message) => {
            ErrorClass::NotFound
        }
        _ => ErrorClass::of(code, Some(status)),
    }
}

/// Whether a message is about a pipeline, and not about a role or bucket with "pipeline" in its name.
fn is_of_pipeline(message: &str) -> bool {
    let message = message.trim_start().to_ascii_lowercase();
    message.strip_prefix("the ").unwrap_or(&message).starts_with("pipeline")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_only_missing_pipelines_as_not_found() {
        for (code, message, class) in [
            ("ResourceNotFound", "Pipeline 'arn' does not exist.", ErrorClass::NotFound),
            ("ValidationException", "Pipeline 'arn' does not exist.", ErrorClass::NotFound),
            ("ValidationException", "The pipeline p does not exist", ErrorClass::NotFound),
            ("ValidationException", "The role pipeline-role does not exist", ErrorClass::Refused),
            ("ValidationException", "The bucket b does not exist", ErrorClass::Refused),
        ] {
            assert_eq!(class_of(code, message, 400), class, "{message}");
        }
    }
}
