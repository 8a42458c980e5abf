//! The processing job: runs a Data Wrangler flow on data and writes the result to a feature group.
//!
//! 1. [`cli`] parses the command line. [`location`] and [`event_time`] parse the values of its options.
//! 2. [`contract`] reads the job's configuration from `SageMaker`, and writes the exit message.
//! 3. [`job`] runs all steps: it reads the flow (`flow_file`) and the data (`data`), runs the flow, and
//!    writes the rows.
//! 4. [`feature_group`] describes the target. [`schema_check`] reports why an output does not fit it,
//!    before anything is written. [`convert`] turns rows into records.
//! 5. [`store`] is Feature Store behind a trait. [`mod@write`] writes the records with a limited number
//!    of parallel calls, and retries them ([`retry`]).
//! 6. [`rejects`] stores the rows that were not written. [`mod@lost`] reports the values that could not
//!    be cast. [`summary`] counts them.
//!
//! The feature `sagemaker` (on by default) adds the implementation that calls AWS, and with it the AWS
//! SDK. Without it, the crate builds in a minute.

#[cfg(feature = "sagemaker")]
pub mod aws;
pub mod cli;
pub mod contract;
pub mod convert;
mod data;
pub mod event_time;
mod export;
pub mod feature_group;
mod flow_file;
pub mod job;
pub mod location;
pub mod lost;
pub mod memory;
pub mod objects;
mod preview;
mod progress;
pub mod rejects;
pub mod retry;
pub mod schema_check;
pub mod stage;
pub mod stop;
pub mod store;
pub mod summary;
pub mod write;
