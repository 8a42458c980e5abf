//! Starts a SageMaker pipeline once for each object that is uploaded to S3.
//!
//! The modules, in the order in which they process an event:
//!
//! 1. [`event`] reads an invocation's payload, which is one EventBridge event or a batch of SQS
//!    messages that contain such events. The result is one or more [`ObjectCreated`] values.
//! 2. [`request`] maps an [`ObjectCreated`] to a [`StartRequest`], without side effects. Its types
//!    enforce SageMaker's limits. Its [`ClientRequestToken`] ensures that redeliveries of one upload
//!    start only one execution.
//! 3. [`start`] has the trait [`StartExecution`], which [`SageMaker`] implements by calling AWS, and
//!    classifies errors by [`Reason`].
//! 4. [`handler`] has the [`Handler`], which calls the others. It writes one log line and one line
//!    of [`metrics`] for each event, and returns the invocation's [`Answer`].
//!
//! To build a trigger for another source of events, map them to [`ObjectCreated`], then call
//! [`StartRequest::new`] and [`StartExecution::start`]:
//!
//! ```
//! use start_pipeline::{
//!     ObjectCreated, ParameterName, ParameterNames, PipelineNameOrArn, StartRequest,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pipeline = PipelineNameOrArn::new("ingest-abalone")?;
//! let parameters = ParameterNames {
//!     url: ParameterName::new("InputDataUrl")?,
//!     version: Some(ParameterName::new("InputDataVersion")?),
//! };
//! let upload = ObjectCreated::new("amzn-s3-demo-bucket", "landing/abalone.csv");
//!
//! let request = StartRequest::new(&pipeline, &parameters, &upload)?;
//! assert_eq!(request.input_url.as_str(), "s3://amzn-s3-demo-bucket/landing/abalone.csv");
//! assert_eq!(request.display_name.as_str(), "abalone");
//! # Ok(())
//! # }
//! ```
//!
//! The feature `sagemaker` (enabled by default) adds [`SageMaker`] and its dependency, the AWS SDK.
//! Without it, the crate builds in seconds.

pub mod config;
mod deadline;
pub mod event;
mod excerpt;
pub mod handler;
pub mod metrics;
pub mod request;
#[cfg(feature = "sagemaker")]
mod sagemaker;
pub mod start;

pub use config::{Config, Endpoint, InvalidConfig};
pub use event::{Incoming, InvalidEvent, Message, ObjectCreated};
pub use handler::{Answer, Failure, Handler, Outcome, SkipReason};
pub use metrics::Metrics;
pub use request::{
    ClientRequestToken, ExecutionDescription, ExecutionDisplayName, InputUrl, InputVersion,
    InvalidInput, InvalidParameterName, InvalidPipelineName, ParameterName, ParameterNames,
    PipelineNameOrArn, StartRequest,
};
#[cfg(feature = "sagemaker")]
pub use sagemaker::SageMaker;
pub use start::{Class, ExecutionArn, Reason, StartError, StartExecution};
