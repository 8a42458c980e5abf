//! The files that a run reads.

mod selection;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::plan::SourcePlan;
use selection::Verdict;
pub use selection::{Selection, Skipped};

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
    /// There is no file in the folder that is read.
    #[error("dataset `{dataset}`: {path} has no file to read{}", reason(skipped))]
    NoFile {
        /// The dataset.
        dataset: String,
        /// The folder, or where it came from.
        path: String,
        /// What is there and not read.
        skipped: Skipped,
    },
    /// Spark would make a column of a folder's name.
    #[error(
        "dataset `{dataset}`: the folder {path} is a partition, from which Spark makes a column; \
         this is not supported: write the column into the files"
    )]
    Partition {
        /// The dataset.
        dataset: String,
        /// The folder, or where it came from.
        path: String,
    },
}

fn reason(skipped: &Skipped) -> String {
    if skipped.is_empty() { "; put the data there".to_owned() } else { format!(": {skipped}") }
}

impl Inputs {
    /// Gives a dataset its files, to be read in this order.
    pub fn insert(&mut self, dataset: impl Into<String>, files: Vec<PathBuf>) {
        self.datasets.insert(dataset.into(), files);
    }

    /// Gives a source's dataset one local file, or a folder's files in the order of their paths;
    /// gives what of the folder is not read. As in Spark, files and folders whose names begin with
    /// `_` or `.` are left out, and folders in the folder are read only if the flow says so.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if nothing can be read there.
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

    /// The files of a dataset.
    #[must_use]
    pub fn files(&self, dataset: &str) -> Option<&[PathBuf]> {
        self.datasets.get(dataset).map(Vec::as_slice)
    }
}

/// Lists what is at a path. Links to folders are not followed, as they could lead in a circle.
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
            // A link that leads nowhere is an error when it is read.
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
