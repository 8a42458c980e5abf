//! Runs a plan.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::context::{Context, Fault};
use super::lost::Losses;
use super::plan::{Step, Work};
use super::table::Table;
use super::{EventTime, Inputs, Output, Plan, Progress, source};

/// The flow cannot be run on these files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// [`Progress::cancelled`] returned true.
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
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file does not have the format that the flow expects.
    #[error("{path}: {problem}")]
    Data {
        /// The file.
        path: PathBuf,
        /// The problem and its fix.
        problem: String,
    },
    /// A node cannot be applied to the data, for example because a column is missing.
    #[error("node {node_id} ({operator}): {problem}")]
    Node {
        /// The node.
        node_id: String,
        /// The node's operator.
        operator: String,
        /// The problem and its fix.
        problem: String,
    },
}

impl Plan {
    /// Reads the inputs and runs the flow's nodes on them, on all cores.
    ///
    /// # Errors
    ///
    /// [`RunError`] if a file cannot be read, or if a node cannot process the data.
    pub fn run(
        &self,
        inputs: &Inputs,
        now: EventTime,
        progress: &dyn Progress,
    ) -> Result<Output, RunError> {
        let context =
            Context { now, progress, losses: Losses::default(), undecoded: Mutex::default() };
        let mut files: Vec<PathBuf> = Vec::new();
        let (mut malformed, mut lost) = (Vec::new(), Vec::new());
        let mut rows_read = 0;
        let mut tables: Vec<Option<Table>> = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            context.check().map_err(|fault| step.error(fault))?;
            progress.node(&step.node_id, &step.operator);
            let table = match &step.work {
                Work::Read(source) => {
                    let source = &self.sources()[*source];
                    let found = inputs.files(&source.dataset).unwrap_or_default();
                    if found.is_empty() {
                        return Err(RunError::NoInput(source.dataset.clone()));
                    }
                    let first = u32::try_from(files.len()).unwrap_or(u32::MAX);
                    files.extend_from_slice(found);
                    let read = source::read(source, found, first, &context);
                    let (table, bad) = read.map_err(|fault| step.error(fault))?;
                    rows_read += table.rows() as u64;
                    malformed.extend(bad);
                    table
                }
                Work::Pass(from) => self.take(&mut tables, *from, number),
                Work::Apply(from, operator) => {
                    let table = self.take(&mut tables, *from, number);
                    let applied = operator.apply(table, &context).and_then(|table| {
                        table.check_names()?;
                        Ok(table)
                    });
                    applied.map_err(|fault| step.error(fault))?
                }
            };
            lost.extend(context.losses.take(&step.node_id));
            tables.push(Some(table));
        }
        let result = tables.pop().flatten().unwrap_or_default();
        let (schema, chunks) = result.into_chunks().map_err(|fault| match self.steps.last() {
            Some(step) => step.error(fault),
            None => RunError::Cancelled,
        })?;
        let undecoded = context.undecoded.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Output { schema, chunks, files, rows_read, malformed, undecoded, lost })
    }

    /// Returns the rows of step `from` for step `user`. Copies them if a later step needs
    /// them too.
    fn take(&self, tables: &mut [Option<Table>], from: usize, user: usize) -> Table {
        let needs = |step: &Step| match step.work {
            Work::Read(_) => false,
            Work::Pass(other) | Work::Apply(other, _) => other == from,
        };
        let again = self.steps[user + 1..].iter().any(needs);
        let slot = tables.get_mut(from);
        let table = slot.and_then(|slot| if again { slot.clone() } else { slot.take() });
        table.unwrap_or_default()
    }
}

impl Step {
    fn error(&self, fault: Fault) -> RunError {
        match fault {
            Fault::Cancelled => RunError::Cancelled,
            Fault::Unreadable { path, source } => RunError::Unreadable { path, source },
            Fault::Data { path, problem } => RunError::Data { path, problem },
            Fault::Problem(problem) => RunError::Node {
                node_id: self.node_id.clone(),
                operator: self.operator.clone(),
                problem,
            },
        }
    }
}
