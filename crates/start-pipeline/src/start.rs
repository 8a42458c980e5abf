//! The only AWS operation that this function calls, as a trait.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::request::StartRequest;

/// Time limit for one attempt to start an execution. It fits into Lambda's default timeout of 3 s.
/// Give a function that reads batches 30 s, so that it can process more than one message.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(2500);

/// Starts pipeline executions. [`SageMaker`](crate::SageMaker) is the implementation that calls AWS.
pub trait StartExecution {
    /// Starts an execution, or finds the one that an equal token started, and returns its ARN.
    ///
    /// `time_left` is the time limit for the call, including retries.
    ///
    /// # Errors
    ///
    /// Returns [`StartError`] if no execution is known to have started. An interrupted attempt may
    /// still have started one; the next attempt with the same token finds it.
    fn start(
        &self,
        request: &StartRequest,
        time_left: Duration,
    ) -> impl Future<Output = Result<ExecutionArn, StartError>> + Send;
}

/// The ARN of a pipeline execution, as returned by SageMaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionArn(String);

impl ExecutionArn {
    /// Wraps an ARN without checking it.
    pub fn new(arn: impl Into<String>) -> Self {
        Self(arn.into())
    }

    /// Returns the ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExecutionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An execution could not be started.
#[derive(Debug)]
pub struct StartError {
    reason: Reason,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StartError {
    /// Creates an error. `message` describes the response.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), source: None }
    }

    /// Adds the underlying error.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Returns the reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.reason.remedy())
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The reason why an event did not start an execution. It is a dimension of the metric
/// `StartFailures` and a part of the error type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// SageMaker throttles the account's requests.
    Throttled,
    /// The account's limit of concurrent executions is reached (20 by default).
    ExecutionLimit,
    /// SageMaker failed (5xx), or its response is unreadable.
    ServiceFault,
    /// SageMaker did not respond in time.
    TimedOut,
    /// The connection failed or was closed.
    ConnectionFailed,
    /// The pipeline is being updated.
    Conflict,
    /// The invocation ran out of time before it processed the event.
    OutOfTime,
    /// The pipeline does not exist (yet).
    PipelineNotFound,
    /// SageMaker rejected the function's permissions, credentials or signature.
    AccessDenied,
    /// SageMaker returned an error that this function does not know.
    UnknownError,
    /// SageMaker rejected the request as invalid.
    RequestRefused,
    /// The payload is not an S3 "Object Created" event.
    InvalidEvent,
    /// The object's bucket or key cannot be passed to a pipeline.
    InvalidInput,
}

/// What resolves a failure. Failed events are kept and retried, whatever their class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Resolves without intervention.
    Transient,
    /// Requires an operator to fix the cause; retries then succeed.
    NeedsOperator,
    /// Fails on every retry.
    Permanent,
}

impl Class {
    /// Returns the class's name in logs and error types.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "Transient",
            Self::NeedsOperator => "NeedsOperator",
            Self::Permanent => "Permanent",
        }
    }
}

impl Reason {
    /// Returns the reason's class.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Throttled
            | Self::ExecutionLimit
            | Self::ServiceFault
            | Self::TimedOut
            | Self::ConnectionFailed
            | Self::Conflict
            | Self::OutOfTime => Class::Transient,
            Self::PipelineNotFound | Self::AccessDenied | Self::UnknownError => {
                Class::NeedsOperator
            }
            Self::RequestRefused | Self::InvalidEvent | Self::InvalidInput => Class::Permanent,
        }
    }

    /// Returns the reason's name in metrics, logs and error types.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "Throttled",
            Self::ExecutionLimit => "ExecutionLimit",
            Self::ServiceFault => "ServiceFault",
            Self::TimedOut => "TimedOut",
            Self::ConnectionFailed => "ConnectionFailed",
            Self::Conflict => "Conflict",
            Self::OutOfTime => "OutOfTime",
            Self::PipelineNotFound => "PipelineNotFound",
            Self::AccessDenied => "AccessDenied",
            Self::UnknownError => "UnknownError",
            Self::RequestRefused => "RequestRefused",
            Self::InvalidEvent => "InvalidEvent",
            Self::InvalidInput => "InvalidInput",
        }
    }

    /// Returns what to do about it, for the end of the error message.
    fn remedy(self) -> &'static str {
        match self {
            Self::Throttled
            | Self::ServiceFault
            | Self::TimedOut
            | Self::Conflict
            | Self::OutOfTime => "the event is retried",
            Self::ExecutionLimit => {
                "the event is retried; if this persists, request a higher quota for executions"
            }
            Self::ConnectionFailed => {
                "the event is retried; if this persists, check the function's network and endpoint"
            }
            Self::PipelineNotFound => {
                "run the project's build to create the pipeline, or correct SM_PIPELINE_NAME"
            }
            Self::AccessDenied => {
                "allow sagemaker:StartPipelineExecution on this pipeline in the function's role, and \
                 check the credentials"
            }
            Self::UnknownError => "see SageMaker's message; the event is retried",
            Self::RequestRefused => {
                "compare the pipeline's parameters with INPUT_PARAMETER; retrying does not help"
            }
            Self::InvalidEvent | Self::InvalidInput => "retrying does not help",
        }
    }
}
