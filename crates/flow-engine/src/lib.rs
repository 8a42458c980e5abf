//! Runs a flow here, as Spark would in the Data Wrangler container.
//!
//! 1. [`Plan::new`] turns a flow into a plan before a row is read. What the engine does not do
//!    exactly as Spark does, it refuses: [`UnsupportedFlow`] lists every such node at once.
//! 2. [`Inputs`] names the files of each dataset that [`Plan::sources`] asks for.
//! 3. [`Plan::run`] gives the rows as Arrow [record batches](arrow_array::RecordBatch), and for
//!    each row where it came from.

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
