//! The SageMaker pipeline as code.
//!
//! 1. [`Settings`] is what a project wants, from `pipeline.yaml` and the environment; its
//!    [`values`] are types that enforce the service's limits.
//! 2. [`FlowFile`] is the flow as the definition needs it: its output, its source, its image.
//! 3. [`engine`] puts both together to a [`PipelineDefinition`], whose parts are in
//!    [`definition`]; [`images`] knows AWS's container images by region.
//! 4. [`check`](mod@check) finds what SageMaker would refuse, in any definition, built here or not.
//! 5. [`cli`] is the command line around it.

pub mod check;
pub mod cli;
pub mod definition;
pub mod engine;
mod flow_file;
pub mod images;
mod names;
pub mod settings;
pub mod values;

pub use check::{InvalidDefinition, Problem, check};
pub use definition::PipelineDefinition;
pub use flow_file::{FlowFile, UnusableFlow};
pub use settings::{InvalidSettings, Settings};
