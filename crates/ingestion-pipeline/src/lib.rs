//! The SageMaker pipeline as code.
//!
//! 1. [`Settings`] is what a project wants, from `pipeline.yaml` and the environment; its
//!    [`values`] are types that enforce the service's limits.
//! 2. [`FlowFile`] is the flow as the definition needs it: its output, its source, its image.
//! 3. [`engine`] puts both together to a [`PipelineDefinition`], whose parts are in
//!    [`definition`]; [`images`] knows AWS's container images by region.
//! 4. [`check`](mod@check) finds what SageMaker would refuse, in any definition, built here or not.
//! 5. [`service`] is what is asked of AWS; [`upsert`](mod@upsert), [`start`] and [`follow`](mod@follow) are what is done with it.
//! 6. [`cli`] is the command line around it.
//!
//! The feature `aws` (on by default) brings the last two and with them the AWS SDK; without it the crate
//! builds in seconds.

pub mod check;
#[cfg(feature = "aws")]
pub mod cli;
pub mod definition;
pub mod engine;
mod flow_file;
#[cfg(feature = "aws")]
pub mod follow;
pub mod images;
mod names;
#[cfg(feature = "aws")]
pub mod service;
pub mod settings;
#[cfg(feature = "aws")]
pub mod start;
#[cfg(feature = "aws")]
pub mod upsert;
pub mod values;

pub use check::{InvalidDefinition, Problem, check};
pub use definition::PipelineDefinition;
pub use flow_file::{FlowFile, UnusableFlow};
pub use settings::{InvalidSettings, Settings};
