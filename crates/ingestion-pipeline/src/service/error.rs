//! Why AWS did not do what it was asked.

use std::error::Error;

use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use s3_object::{S3Error, with_causes};

/// AWS did not do what it was asked; the text says what, and what AWS answered.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {answer}")]
pub struct ServiceError {
    what: String,
    answer: String,
    reason: Reason,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of an error, as far as it decides what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no such thing.
    NotFound,
    /// There is no such object in S3.
    NoObject,
    /// There is such a pipeline already.
    AlreadyExists,
    /// Something else is being done to it.
    Conflict,
    /// A quota is used up.
    Limit,
    /// The caller may not do this, or is not known.
    Denied,
    /// There are no credentials.
    NoCredentials,
    /// Too many calls.
    Throttled,
    /// The service could not be reached.
    Unreachable,
    /// The service failed.
    Fault,
    /// The service refused the request.
    Refused,
}

impl ServiceError {
    /// An error without a cause of its own.
    pub fn new(what: impl Into<String>, reason: Reason, answer: impl Into<String>) -> Self {
        Self { what: what.into(), answer: answer.into(), reason, source: None }
    }

    /// The kind of error.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.reason {
            Reason::NotFound => {
                "check the name or ARN, the region, and that the credentials are of its account"
            }
            Reason::NoObject => "check the place in S3: `flow` and `artifacts` in pipeline.yaml",
            Reason::AlreadyExists | Reason::Conflict => {
                "something else is changing the pipeline or it is running; try again later"
            }
            Reason::Limit => "wait until other executions are over, or ask AWS for a higher quota",
            Reason::Denied => "check the credentials, and allow them this action on this resource",
            Reason::NoCredentials => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            Reason::Throttled | Reason::Fault => "try again in a minute",
            Reason::Unreachable => {
                "check the network, the region, and AWS_ENDPOINT_URL if it is set"
            }
            Reason::Refused => {
                "see the service's message; `upsert --dry-run` shows what would be sent"
            }
        }
    }

    /// The same for what is made only now: whatever is not found, it is something else.
    pub(super) fn of_making(self) -> Self {
        let reason = match self.reason {
            Reason::NotFound => Reason::Refused,
            reason => reason,
        };
        Self { reason, ..self }
    }

    /// An error of the SDK, in doing `what`.
    pub(super) fn from_sdk<E>(what: String, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (reason, answer) = match &error {
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                let code = code.unwrap_or("an error without a code");
                let message = message.unwrap_or("no message");
                let status = answer.raw().status().as_u16();
                (reason_of(code, message, status), format!("{code}: {message}"))
            }
            other => {
                let answer = with_causes(other);
                (reason_of_no_answer(other, &answer), answer)
            }
        };
        Self { what, answer, reason, source: Some(Box::new(error)) }
    }
}

impl From<S3Error> for ServiceError {
    fn from(error: S3Error) -> Self {
        let reason = match error.reason() {
            s3_object::Reason::NotFound => Reason::NoObject,
            s3_object::Reason::Denied => Reason::Denied,
            s3_object::Reason::NoCredentials => Reason::NoCredentials,
            s3_object::Reason::Throttled => Reason::Throttled,
            s3_object::Reason::Unreachable => Reason::Unreachable,
            s3_object::Reason::Fault => Reason::Fault,
            _ => Reason::Refused,
        };
        Self::new(error.what(), reason, error.answer())
    }
}

/// The kind of an answer, by its code, its words or its HTTP status.
fn reason_of(code: &str, message: &str, status: u16) -> Reason {
    let says = |word: &str| message.to_ascii_lowercase().contains(word);
    match code {
        "ResourceNotFound" | "ResourceNotFoundException" => Reason::NotFound,
        // SageMaker reports these with codes that mean other things as well.
        "ValidationException" | "ConflictException" if says("already exists") => {
            Reason::AlreadyExists
        }
        "ValidationException" if says("does not exist") && is_of_pipeline(message) => {
            Reason::NotFound
        }
        "ConflictException" | "ResourceInUse" => Reason::Conflict,
        "ResourceLimitExceeded" => Reason::Limit,
        code if code.contains("Throttl") || code == "TooManyRequestsException" => Reason::Throttled,
        code if code.contains("AccessDenied")
            || code.contains("Token")
            || code.contains("Signature") =>
        {
            Reason::Denied
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "OptInRequired" => Reason::Denied,
        _ => match status {
            401 | 403 => Reason::Denied,
            404 => Reason::NotFound,
            429 => Reason::Throttled,
            500.. => Reason::Fault,
            _ => Reason::Refused,
        },
    }
}

/// Whether a message is about a pipeline, and not about its role or bucket, whose names may say so.
fn is_of_pipeline(message: &str) -> bool {
    let message = message.trim_start().to_ascii_lowercase();
    message.strip_prefix("the ").unwrap_or(&message).starts_with("pipeline")
}

fn reason_of_no_answer<E>(error: &SdkError<E, HttpResponse>, answer: &str) -> Reason {
    match error {
        _ if answer.contains("credentials") => Reason::NoCredentials,
        SdkError::ResponseError(_) => Reason::Fault,
        SdkError::ConstructionFailure(_) => Reason::Refused,
        _ => Reason::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pipeline_that_does_not_exist_is_not_found() {
        for (code, message, reason) in [
            ("ResourceNotFound", "Pipeline 'arn' does not exist.", Reason::NotFound),
            ("ValidationException", "Pipeline 'arn' does not exist.", Reason::NotFound),
            ("ValidationException", "The pipeline p does not exist", Reason::NotFound),
            ("ValidationException", "The role pipeline-role does not exist", Reason::Refused),
            ("ValidationException", "The bucket b does not exist", Reason::Refused),
        ] {
            assert_eq!(reason_of(code, message, 400), reason, "{message}");
        }
    }
}
