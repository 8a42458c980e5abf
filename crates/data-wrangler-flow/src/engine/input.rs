//! The files that a run reads.

use std::collections::HashMap;
use std::fs;
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
    /// Spark would make a column of a folder's name.
    #[error(
        "dataset `{dataset}`: the folder {path} is a partition, from which Spark makes a column; \
         this is not supported: write the column into the files"
    )]
    Partition {
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
    /// As in Spark, files and folders whose names begin with `_` or `.` are left out, and folders in
    /// the folder are read only if the flow says so.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if nothing can be read there.
    pub fn find(&mut self, source: &SourcePlan, path: &Path) -> Result<(), InvalidInput> {
        let dataset = &source.dataset;
        let mut files = Vec::new();
        walk(source, path, &mut files)?;
        if files.is_empty() {
            let (dataset, path) = (dataset.clone(), path.to_owned());
            return Err(InvalidInput::NoFile { dataset, path });
        }
        files.sort();
        self.insert(dataset, files);
        Ok(())
    }

    /// The files of a dataset.
    #[must_use]
    pub fn files(&self, dataset: &str) -> Option<&[PathBuf]> {
        self.datasets.get(dataset).map(Vec::as_slice)
    }
}

/// Lists what is at a path. Links to folders are not followed, as they could lead in a circle.
fn walk(source: &SourcePlan, path: &Path, files: &mut Vec<PathBuf>) -> Result<(), InvalidInput> {
    let dataset = || source.dataset.clone();
    let unreadable = |error| InvalidInput::Unreadable {
        dataset: dataset(),
        path: path.to_owned(),
        source: error,
    };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        if name.starts_with(['_', '.']) {
            continue;
        }
        if !entry.file_type().map_err(unreadable)?.is_dir() {
            // A link to a folder is none.
            if !path.is_dir() {
                files.push(path);
            }
        } else if source.nested {
            walk(source, &path, files)?;
        } else if name.contains('=') {
            return Err(InvalidInput::Partition { dataset: dataset(), path });
        }
    }
    Ok(())
}
