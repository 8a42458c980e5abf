//! Why AWS did not do what it was asked.

use std::error::Error;

use aws_common::{ErrorClass, S3Error, with_causes};
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// AWS did not do what it was asked; the text says what, and what AWS answered.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {answer}")]
pub struct ServiceError {
    what: String,
    answer: String,
    class: ErrorClass,
    /// For what the class alone does not tell.
    hint: Option<&'static str>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ServiceError {
    /// An error without a cause of its own.
    pub fn new(what: impl Into<String>, class: ErrorClass, answer: impl Into<String>) -> Self {
        Self { what: what.into(), answer: answer.into(), class, hint: None, source: None }
    }

    /// The class of the error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        if let Some(hint) = self.hint {
            return hint;
        }
        match self.class {
            ErrorClass::NotFound => {
                "check the name or ARN, the region, and that the credentials are of its account"
            }
            ErrorClass::AlreadyExists | ErrorClass::Conflict => {
                "something else is changing the pipeline or it is running; try again later"
            }
            ErrorClass::Limit => {
                "wait until other executions are over, or ask AWS for a higher quota"
            }
            ErrorClass::Denied => {
                "check the credentials, and allow them this action on this resource"
            }
            ErrorClass::NoCredentials => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            ErrorClass::Throttled | ErrorClass::Fault => "try again in a minute",
            ErrorClass::Unreachable => {
                "check the network, the region, and AWS_ENDPOINT_URL if it is set"
            }
            _ => "see the service's message; `upsert --dry-run` shows what would be sent",
        }
    }

    /// The same for what is made only now: whatever is not found, it is something else.
    pub(super) fn of_making(self) -> Self {
        let class = match self.class {
            ErrorClass::NotFound => ErrorClass::Refused,
            class => class,
        };
        Self { class, ..self }
    }

    /// An error of the SDK, in doing `what`.
    pub(super) fn from_sdk<E>(what: String, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (class, answer) = match &error {
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                let code = code.unwrap_or("an error without a code");
                let message = message.unwrap_or("no message");
                let status = answer.raw().status().as_u16();
                (class_of(code, message, status), format!("{code}: {message}"))
            }
            other => {
                let answer = with_causes(other);
                (class_of_no_answer(other, &answer), answer)
            }
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
                Some("check the place in S3: `flow` and `artifacts` in pipeline.yaml"),
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
        // SageMaker reports these with codes that mean other things as well.
        "ValidationException" | "ConflictException" if says("already exists") => {
            ErrorClass::AlreadyExists
        }
        "ValidationException" if says("does not exist") && is_of_pipeline(message) => {
            ErrorClass::NotFound
        }
        _ => ErrorClass::of(code, Some(status)),
    }
}

/// Whether a message is about a pipeline, and not about its role or bucket, whose names may say so.
fn is_of_pipeline(message: &str) -> bool {
    let message = message.trim_start().to_ascii_lowercase();
    message.strip_prefix("the ").unwrap_or(&message).starts_with("pipeline")
}

fn class_of_no_answer<E>(error: &SdkError<E, HttpResponse>, answer: &str) -> ErrorClass {
    match error {
        _ if answer.contains("credentials") => ErrorClass::NoCredentials,
        SdkError::ResponseError(_) => ErrorClass::Fault,
        SdkError::ConstructionFailure(_) => ErrorClass::Refused,
        _ => ErrorClass::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pipeline_that_does_not_exist_is_not_found() {
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
