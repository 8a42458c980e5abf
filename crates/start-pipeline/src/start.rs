//! The one operation of AWS that this function knows, as a trait.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::request::StartRequest;

/// Longest that one attempt to start an execution may take. It fits into Lambda's default time-out
/// of 3 s; a function that reads batches should have 30 s, so that there is time for more than one.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(2500);

/// Starts pipeline executions. [`SageMaker`](crate::SageMaker) is the one that talks to AWS.
pub trait StartExecution {
    /// Starts the execution, or finds the one that an equal token started, and gives its ARN.
    ///
    /// `time_left` is what remains for it, retries included; it answers by then.
    ///
    /// # Errors
    ///
    /// [`StartError`]: no execution is known to have started. An attempt that was cut off may have
    /// started one all the same; the next one with the same token finds it.
    fn start(
        &self,
        request: &StartRequest,
        time_left: Duration,
    ) -> impl Future<Output = Result<ExecutionArn, StartError>> + Send;
}

/// The ARN of a pipeline execution, as SageMaker gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionArn(String);

impl ExecutionArn {
    /// Takes an ARN as it is.
    pub fn new(arn: impl Into<String>) -> Self {
        Self(arn.into())
    }

    /// The ARN.
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
    /// A failure for `reason`; `message` says what was answered.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), source: None }
    }

    /// Keeps the error that this one stems from.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Why it failed.
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

/// Why an event did not become an execution: the metric's dimension, and part of the error's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// SageMaker, or the account's rate, is throttled.
    Throttled,
    /// As many executions run as the account may run at once (20 by default).
    ExecutionLimit,
    /// SageMaker answered with a fault of its own (5xx), or with something unreadable.
    ServiceFault,
    /// No answer in time.
    TimedOut,
    /// The connection failed or was cut.
    ConnectionFailed,
    /// The pipeline is being changed at this moment.
    Conflict,
    /// The invocation's time ran out before the event's turn came.
    OutOfTime,
    /// The pipeline does not exist, or not yet.
    PipelineNotFound,
    /// The function's role, its credentials or its signature were refused.
    AccessDenied,
    /// SageMaker answered with an error that we do not know.
    UnknownError,
    /// SageMaker refused the request as invalid.
    RequestRefused,
    /// The payload is not an event of ours.
    InvalidEvent,
    /// The object's bucket or key cannot be handed to a pipeline.
    InvalidInput,
}

/// How a failure should be met. Every failed event is kept and tried again, whatever its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Heals by itself.
    Transient,
    /// Needs an operator, and heals once they acted.
    NeedsOperator,
    /// Fails the same way however often it is tried.
    Permanent,
}

impl Class {
    /// The class as logs and error types name it.
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
    /// The class that the reason belongs to.
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

    /// The reason as metrics, logs and error types name it.
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

    /// What to do about it, for the end of a message.
    fn remedy(self) -> &'static str {
        match self {
            Self::Throttled
            | Self::ServiceFault
            | Self::TimedOut
            | Self::Conflict
            | Self::OutOfTime => "it is tried again",
            Self::ExecutionLimit => {
                "it is tried again; if this lasts, ask for a higher quota of concurrent executions"
            }
            Self::ConnectionFailed => {
                "it is tried again; if this lasts, check the function's network and endpoint"
            }
            Self::PipelineNotFound => {
                "run the project's build, which makes the pipeline, or correct SM_PIPELINE_NAME"
            }
            Self::AccessDenied => {
                "allow the function's role sagemaker:StartPipelineExecution on this pipeline, and \
                 check its credentials"
            }
            Self::UnknownError => {
                "the message says what is known; the event is kept and tried again"
            }
            Self::RequestRefused => {
                "compare the pipeline's parameters with INPUT_PARAMETER; trying again does not help"
            }
            Self::InvalidEvent | Self::InvalidInput => "trying again does not help",
        }
    }
}
