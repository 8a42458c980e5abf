//! The input files of a run.

mod selection;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::plan::SourcePlan;
use selection::Verdict;
pub use selection::{Selection, Skipped};

/// The files of each dataset, by dataset name.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    datasets: HashMap<String, Vec<PathBuf>>,
}

/// The files of a dataset cannot be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// The path cannot be read.
    #[error("dataset `{dataset}`: {path} cannot be read: {source}")]
    Unreadable {
        /// The dataset.
        dataset: String,
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The folder has no files to read.
    #[error("dataset `{dataset}`: {path} has no file to read{}", reason(skipped))]
    NoFile {
        /// The dataset.
        dataset: String,
        /// The folder, or its location in S3.
        path: String,
        /// The skipped files and folders.
        skipped: Skipped,
    },
    /// Spark would turn a folder's name into a column.
    #[error(
        "dataset `{dataset}`: the folder {path} is a partition, which Spark turns into a column; \
         partitions are not supported; write the column into the files"
    )]
    Partition {
        /// The dataset.
        dataset: String,
        /// The folder, or its location in S3.
        path: String,
    },
}

fn reason(skipped: &Skipped) -> String {
    if skipped.is_empty() { "; add the data files".to_owned() } else { format!(": {skipped}") }
}

impl Inputs {
    /// Sets the files of a dataset, in the order in which to read them.
    pub fn insert(&mut self, dataset: impl Into<String>, files: Vec<PathBuf>) {
        self.datasets.insert(dataset.into(), files);
    }

    /// Sets the files of a source's dataset: one local file, or the files of a folder in path
    /// order. Returns the skipped files and folders. As in Spark, names that begin with `_` or `.`
    /// are skipped, and subfolders are read only if the flow's source includes them.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if there is nothing to read.
    pub fn find(&mut self, source: &SourcePlan, path: &Path) -> Result<Skipped, InvalidInput> {
        let dataset = &source.dataset;
        let mut files = Vec::new();
        let mut selection = Selection::new(source);
        walk(source, path, &mut selection, &mut files)?;
        let skipped = selection.skipped();
        if files.is_empty() {
            let (dataset, path) = (dataset.clone(), path.display().to_string());
            return Err(InvalidInput::NoFile { dataset, path, skipped });
        }
        files.sort();
        self.insert(dataset, files);
        Ok(skipped)
    }

    /// Returns the files of a dataset.
    #[must_use]
    pub fn files(&self, dataset: &str) -> Option<&[PathBuf]> {
        self.datasets.get(dataset).map(Vec::as_slice)
    }
}

/// Lists the files at a path. Does not follow links to folders, because they could form a cycle.
fn walk(
    source: &SourcePlan,
    path: &Path,
    selection: &mut Selection<'_>,
    files: &mut Vec<PathBuf>,
) -> Result<(), InvalidInput> {
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
        let is_folder = entry.file_type().map_err(unreadable)?.is_dir();
        if !is_folder && path.is_dir() {
            continue; // a link to a folder
        }
        let verdict = if is_folder {
            selection.folder(&name)
        } else {
            // A broken link is an error later, when it is read.
            selection.file(&name, fs::metadata(&path).map_or(1, |file| file.len()))
        };
        match verdict {
            Verdict::Skip => {}
            Verdict::Read if is_folder => walk(source, &path, selection, files)?,
            Verdict::Read => files.push(path),
            Verdict::Partition => {
                let path = path.display().to_string();
                return Err(InvalidInput::Partition { dataset: dataset(), path });
            }
        }
    }
    Ok(())
}
