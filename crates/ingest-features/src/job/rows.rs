//! The rows of a flow's output: in memory, or in the files that the Spark engine wrote.

use std::borrow::Cow;
use std::rc::Rc;

use flow_engine::Output;
use terminal_text::Failure;

use super::spark_result::SparkResult;

/// The rows of a flow's output, in parts. At most one part of files is in memory.
pub(super) enum FlowRows {
    InMemory(Box<Output>),
    Files(Rc<SparkResult>),
}

impl FlowRows {
    /// Returns the number of rows.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::InMemory(output) => {
                output.chunks.iter().map(|chunk| chunk.records.num_rows() as u64).sum()
            }
            Self::Files(result) => result.account.rows_written,
        }
    }

    pub(super) fn parts(&self) -> usize {
        match self {
            Self::InMemory(_) => 1,
            Self::Files(result) => result.parts(),
        }
    }

    /// Returns the part with this index.
    ///
    /// # Errors
    ///
    /// [`Failure`] if its file cannot be read.
    pub(super) fn part(&self, index: usize) -> Result<Cow<'_, Output>, Failure> {
        match self {
            Self::InMemory(output) => Ok(Cow::Borrowed(output)),
            Self::Files(result) => result.part(index).map(Cow::Owned),
        }
    }

    /// Returns all rows in memory.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a file cannot be read.
    pub(super) fn all(&self) -> Result<Cow<'_, Output>, Failure> {
        match self {
            Self::InMemory(output) => Ok(Cow::Borrowed(output)),
            Self::Files(result) => result.all().map(Cow::Owned),
        }
    }

    /// The rows that Spark left out, because they do not match their file's format.
    pub(super) fn malformed(&self) -> Option<&SparkResult> {
        match self {
            Self::InMemory(_) => None,
            Self::Files(result) => Some(result),
        }
    }
}
