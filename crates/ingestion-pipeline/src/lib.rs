//! The SageMaker pipeline as code.
//!
//! 1. [`Settings`] reads a project's settings from `pipeline.yaml` and the environment. The types in
//!    [`values`] enforce the service's limits.
//! 2. [`FlowFile`] holds what the definition needs from the flow: its output, source and image.
//! 3. [`engine`] builds a [`PipelineDefinition`] from both. Its parts are in [`definition`]. [`images`]
//!    lists AWS's container images by region.
//! 4. [`check`](mod@check) finds what SageMaker would reject, in any definition.
//! 5. [`service`] calls AWS. [`upsert`](mod@upsert), [`start`] and [`follow`](mod@follow) use it.
//! 6. [`cli`] is the command line.
//!
//! The feature `aws` (on by default) adds the last two and the AWS SDK. Without it, the crate builds in
//! seconds.

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
pub use flow_file::{FlowChoice, FlowFile, UnusableFlow};
pub use settings::{InvalidSettings, Settings};
