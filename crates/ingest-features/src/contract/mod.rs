//! `SageMaker`'s contract with a processing container: where the job finds its configuration, and where
//! it writes its exit message.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html>

mod job_config;
mod message;
mod resource_config;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use terminal_text::Failure;

pub use job_config::{Input, JobConfig};
pub use message::{MAX_MESSAGE, write_message};
pub use resource_config::check_one_instance;

/// The environment variable that replaces `/opt/ml`, for runs outside a container.
pub const ROOT_VARIABLE: &str = "INGEST_FEATURES_ML_DIR";
const ROOT: &str = "/opt/ml";

/// The folder of a processing job, `/opt/ml` in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MlDir(PathBuf);

impl MlDir {
    /// Returns the folder that `variable` names, or `/opt/ml`.
    pub fn new(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let given = variable(ROOT_VARIABLE).filter(|path| !path.is_empty());
        Self(given.map_or_else(|| PathBuf::from(ROOT), PathBuf::from))
    }

    /// Maps a path in the container to a local one: replaces `/opt/ml` by the folder.
    #[must_use]
    pub fn here(&self, path: &Path) -> PathBuf {
        path.strip_prefix(ROOT).map_or_else(|_| path.to_owned(), |below| self.0.join(below))
    }

    /// Returns the folder of the processing input `flow`.
    #[must_use]
    pub fn flow(&self) -> PathBuf {
        self.0.join("processing/flow")
    }

    /// Returns the default file for rejected rows.
    #[must_use]
    pub fn rejected(&self) -> PathBuf {
        self.0.join("processing/rejected/rejected.jsonl")
    }

    /// Returns whether this is a processing job.
    #[must_use]
    pub fn is_a_job(&self) -> bool {
        self.0.join("config").is_dir()
    }

    /// Reads the job's configuration. Returns `None` outside a job.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the file exists but cannot be read.
    pub fn job_config(&self) -> Result<Option<JobConfig>, Failure> {
        let path = self.0.join("config/processingjobconfig.json");
        match std::fs::read(&path) {
            Ok(bytes) => {
                JobConfig::parse(&bytes).map(Some).map_err(|error| unreadable(&path, &error))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&path, &error)),
        }
    }
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(
        format!("{}: {error}", path.display()),
        "SageMaker writes this file; outside a job, set INGEST_FEATURES_ML_DIR to a folder without it",
    )
}
