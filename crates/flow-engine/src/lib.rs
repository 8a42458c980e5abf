//! Runs a flow without Spark, with the results of the Data Wrangler container.
//!
//! 1. [`Plan::new`] compiles a flow to a plan before any row is read. The engine matches Spark
//!    exactly or rejects the flow: [`UnsupportedFlow`] lists all unsupported nodes.
//! 2. [`Inputs`] holds the files of each dataset in [`Plan::sources`].
//! 3. [`Plan::run`] returns the rows as Arrow [record batches](arrow_array::RecordBatch), with the
//!    [`Origin`] of each row.

mod cast;
mod context;
mod file_name;
mod formula;
mod input;
mod java;
mod lost;
mod operators;
mod output;
mod parameters;
mod plan;
mod progress;
mod run;
mod source;
mod source_plan;
mod table;
mod trained;
mod types;
mod unsupported;

pub use input::{Inputs, InvalidInput, Selection, Skipped};
pub use lost::{Lines, LostValues};
pub use output::{Chunk, MalformedRow, Origin, Output};
pub use plan::{Destination, Encoding, Plan, PlanOptions, SourceFormat, SourcePlan};
pub use progress::{EventTime, Progress};
pub use run::RunError;
pub use unsupported::{Unsupported, UnsupportedFlow};
