//! What the Spark engine leaves: a folder with the flow's output, the rows that it left out, and an
//! account. `spark-engine/README.md` describes it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use aws_common::{Listed, ObjectUrl};
use flow_engine::{EventTime, Inputs, Output, Plan, RunError};
use serde::Deserialize;
use terminal_text::Failure;

use crate::data::{TemporaryFolder, list_folder};
use crate::location::Location;
use crate::lost::Lost;
use crate::objects::Objects;

/// The name of the rows in messages.
const RESULT: &str = "the flow's result";
/// The folder of Parquet files with the flow's output.
const ROWS: &str = "rows";
/// The folder of JSON lines with the rows that do not match their file's format.
const REJECTED: &str = "rejected";
/// The folder of one file with the account.
const ACCOUNT: &str = "account";
const RUN_AGAIN: &str = "run the Spark engine again";

/// The result of the Spark engine, on the local machine.
#[derive(Debug)]
pub(super) struct SparkResult {
    pub(super) account: Account,
    /// The files of the output, in the order of their rows.
    rows: Vec<PathBuf>,
    rejected: Vec<PathBuf>,
    /// Removed with the result.
    _folder: Option<TemporaryFolder>,
}

/// The account of the Spark engine.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Account {
    pub(super) rows_read: u64,
    pub(super) rows_malformed: u64,
    /// Malformed rows that were left out.
    #[serde(default)]
    pub(super) rows_rejected: u64,
    pub(super) rows_written: u64,
    values_lost: Vec<LostValues>,
}

#[derive(Debug, Deserialize)]
struct LostValues {
    node_id: String,
    column: String,
    kind: String,
    rows: u64,
}

/// A row that does not match its file's format.
#[derive(Debug, Deserialize)]
pub(super) struct MalformedRow {
    pub(super) file: String,
    pub(super) reason: String,
}

impl Account {
    /// Returns the values that became null, without their lines, which Spark does not know.
    pub(super) fn values_lost(&self) -> Vec<Lost> {
        let lost = |lost: &LostValues| Lost {
            node: lost.node_id.clone(),
            column: lost.column.clone(),
            kind: lost.kind.clone(),
            rows: lost.rows,
            first: Vec::new(),
        };
        self.values_lost.iter().map(lost).collect()
    }
}

impl SparkResult {
    /// Lists the files of a result. A temporary folder is removed with it.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(super) fn new(
        temporary: Option<TemporaryFolder>,
        path: &Path,
        account: Account,
    ) -> io::Result<Self> {
        Ok(Self {
            account,
            rows: files(&path.join(ROWS), "parquet")?,
            rejected: files(&path.join(REJECTED), "json")?,
            _folder: temporary,
        })
    }

    /// Finds a result. Downloads it if it is in S3.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no complete result.
    pub(super) async fn find<O: Objects>(
        location: &Location,
        objects: Option<&O>,
    ) -> Result<Self, Failure> {
        let (path, temporary) = match (location, objects) {
            (Location::Local(path), _) => (path.clone(), None),
            (Location::S3(url), Some(objects)) => {
                let folder = TemporaryFolder::new().map_err(|error| unreadable(&error))?;
                download(url, folder.path(), objects).await?;
                (folder.path().to_owned(), Some(folder))
            }
            (Location::S3(url), None) => {
                return Err(Failure::new(format!("{url} is in S3"), "use a local result"));
            }
        };
        let accounts = files(&path.join(ACCOUNT), "txt");
        let account = accounts
            .and_then(|files| files.iter().map(fs::read_to_string).collect::<io::Result<String>>())
            .map_err(|error| unreadable(&error))?;
        let account = serde_json::from_str(&account).map_err(|_| {
            let shown = match location {
                Location::Local(path) => path.display().to_string(),
                Location::S3(url) => url.to_string(),
            };
            let message =
                format!("{shown} has no account, so it is no complete result of the Spark engine");
            Failure::new(message, RUN_AGAIN)
        })?;
        Self::new(temporary, &path, account).map_err(|error| unreadable(&error))
    }

    pub(super) fn parts(&self) -> usize {
        self.rows.len()
    }

    /// Reads the rows of a file.
    pub(super) fn part(&self, index: usize) -> Result<Output, Failure> {
        read(&self.rows[index..=index], index)
    }

    /// Reads the rows of all files.
    pub(super) fn all(&self) -> Result<Output, Failure> {
        read(&self.rows, 0)
    }

    /// Passes each row that does not match its file's format to `each`, with its JSON line.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a file cannot be read.
    pub(super) fn rejected(
        &self,
    ) -> impl Iterator<Item = Result<(MalformedRow, String), Failure>> + '_ {
        let lines = self.rejected.iter().flat_map(|file| {
            let opened = fs::File::open(file).map(|file| BufReader::new(file).lines());
            let (lines, error) = match opened {
                Ok(lines) => (Some(lines), None),
                Err(error) => (None, Some(Err(error))),
            };
            error.into_iter().chain(lines.into_iter().flatten())
        });
        lines.map(|line| {
            let line = line.map_err(|error| unreadable(&error))?;
            let row = serde_json::from_str(&line).map_err(|error| unreadable(&error.into()))?;
            Ok((row, line))
        })
    }
}

/// Reads rows. Files are named by their number, from `first`.
fn read(files: &[PathBuf], first: usize) -> Result<Output, Failure> {
    let mut inputs = Inputs::default();
    inputs.insert(RESULT, files.to_vec());
    let output = Plan::of_parquet(RESULT).run(&inputs, EventTime(0), &());
    let mut output = output.map_err(|error| match error {
        RunError::Data { problem, .. } => Failure::new(format!("{RESULT}: {problem}"), RUN_AGAIN),
        error => Failure::new(error, RUN_AGAIN),
    })?;
    for (number, file) in (first + 1..).zip(&mut output.files) {
        *file = PathBuf::from(format!("{RESULT}, part {number}"));
    }
    Ok(output)
}

/// Downloads the files of a result into the same folders below `to`.
async fn download<O: Objects>(url: &ObjectUrl, to: &Path, objects: &O) -> Result<(), Failure> {
    let (prefix, listed) = list_folder(url, objects).await?;
    for folder in [ROWS, REJECTED, ACCOUNT] {
        fs::create_dir(to.join(folder)).map_err(|error| unreadable(&error))?;
    }
    for Listed { url, .. } in &listed {
        let name = url.key().strip_prefix(prefix.key()).and_then(|name| name.split_once('/'));
        let Some((folder @ (ROWS | REJECTED | ACCOUNT), file)) = name else { continue };
        if file.contains('/') || file.starts_with(['_', '.']) || file.is_empty() {
            continue;
        }
        if !objects.download(url, None, &to.join(folder).join(file)).await? {
            return Err(Failure::new(format!("{url} has just been deleted"), RUN_AGAIN));
        }
    }
    Ok(())
}

/// Returns the files with this extension, in the order of their names. None if there is no such folder.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files: Vec<_> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(format!("the result of the Spark engine cannot be read: {error}"), RUN_AGAIN)
}
