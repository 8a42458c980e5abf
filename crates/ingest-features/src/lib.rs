//! The processing job: runs a Data Wrangler flow on data, and writes the result to a feature group.
//!
//! 1. [`contract`] is what `SageMaker` tells a processing container, and what it wants to hear;
//!    [`location`] and [`event_time`] are how people say the same by hand.
//! 2. [`job`] is the way through all of it: the flow (`flow_file`), its data (`data`), the run, and
//!    what is done with the rows.
//! 3. [`feature_group`] is what is written to; [`schema_check`] says why an output does not fit it,
//!    before anything is written; [`convert`] makes records of rows.
//! 4. [`store`] is Feature Store behind a trait; [`mod@write`] brings the records there, a bounded
//!    number of calls at once, with [`retry`].
//! 5. [`rejects`] are the rows that were not written, [`mod@lost`] the values that no cast could read;
//!    [`summary`] counts all of them.
//! 6. [`cli`] is the command line around it.
//!
//! The feature `sagemaker` (on by default) brings the implementation that calls AWS, and with it the
//! AWS SDK; without it the crate builds in a minute.

#[cfg(feature = "sagemaker")]
pub mod aws;
pub mod cli;
pub mod contract;
pub mod convert;
mod data;
pub mod event_time;
mod export;
pub mod failure;
pub mod feature_group;
mod flow_file;
pub mod job;
pub mod location;
pub mod lost;
pub mod objects;
mod preview;
mod progress;
pub mod rejects;
pub mod retry;
pub mod schema_check;
pub mod stop;
pub mod store;
pub mod summary;
pub mod write;
