//! An object lands in S3, and a SageMaker pipeline runs on it, once.
//!
//! The way of an event through this crate, module by module:
//!
//! 1. [`event`]: an invocation's payload is one EventBridge event or a batch of SQS messages that
//!    hold such events; either gives [`ObjectCreated`] values.
//! 2. [`request`]: an [`ObjectCreated`] maps to a [`StartRequest`], purely. Its types enforce
//!    SageMaker's limits; its [`ClientRequestToken`] makes redeliveries of one upload start one
//!    execution.
//! 3. [`start`]: [`StartExecution`] is the one operation of AWS. [`SageMaker`] is the one
//!    implementation that calls it; errors are classed by [`Reason`].
//! 4. [`handler`]: [`Handler`] ties these together and reports: one line of log and one line of
//!    [`metrics`] for each event, and the invocation's [`Answer`].
//!
//! To build a trigger of your own, for another source of events, map them to [`ObjectCreated`],
//! then call [`StartRequest::new`] and [`StartExecution::start`]:
//!
//! ```
//! use start_pipeline::{ObjectCreated, ParameterName, PipelineName, StartRequest};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pipeline = PipelineName::new("ingest-abalone")?;
//! let parameter = ParameterName::new("InputDataUrl")?;
//! let upload = ObjectCreated::new("amzn-s3-demo-bucket", "landing/abalone.csv");
//!
//! let request = StartRequest::new(&pipeline, &parameter, &upload)?;
//! assert_eq!(request.input_url.as_str(), "s3://amzn-s3-demo-bucket/landing/abalone.csv");
//! assert_eq!(request.display_name.as_str(), "abalone");
//! # Ok(())
//! # }
//! ```
//!
//! The feature `sagemaker` (on by default) brings [`SageMaker`] and with it the AWS SDK; without
//! it the crate builds in seconds.

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
    ClientRequestToken, ExecutionDescription, ExecutionDisplayName, InputUrl, InvalidInput,
    InvalidParameterName, InvalidPipelineName, ParameterName, PipelineName, StartRequest,
};
#[cfg(feature = "sagemaker")]
pub use sagemaker::SageMaker;
pub use start::{Class, ExecutionArn, Reason, StartError, StartExecution};
