//! The Lambda functions to measure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A Lambda function that can be started.
pub(crate) struct Candidate {
    /// Its key in the results.
    pub(crate) name: &'static str,
    /// Its title in the table and the plot.
    pub(crate) title: &'static str,
    program: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    /// Whether it calls SageMaker.
    pub(crate) calls: bool,
    /// Size of its zip in bytes.
    pub(crate) package: u64,
}

impl Candidate {
    /// The shipped package.
    pub(crate) fn ours(folder: &Path) -> Result<Self> {
        Self::bootstrap("ours", "start-pipeline (Rust)", folder, true)
    }

    /// An earlier build of the package.
    pub(crate) fn before(folder: &Path) -> Result<Self> {
        Self::bootstrap("before", "an earlier build", folder, true)
    }

    /// An empty function on `lambda_runtime`.
    pub(crate) fn floor(folder: &Path) -> Result<Self> {
        Self::bootstrap("floor", "empty Rust Lambda", folder, false)
    }

    fn bootstrap(
        name: &'static str,
        title: &'static str,
        folder: &Path,
        calls: bool,
    ) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        Self {
            name,
            title,
            program: folder.join("bootstrap"),
            arguments: Vec::new(),
            package: size(&folder.join("bootstrap.zip"))?,
            folder,
            calls,
        }
        .checked()
    }

    /// The same handler in Python, started like in Lambda's Python runtime.
    pub(crate) fn python(folder: &Path, interpreter: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        Self {
            name: "python",
            title: "Python and boto3",
            program: std::path::absolute(interpreter)?,
            arguments: ["-m", "awslambdaric", "handler.handler"].map(OsString::from).to_vec(),
            package: size(&folder.join("package.zip"))?,
            folder,
            calls: true,
        }
        .checked()
    }

    fn checked(self) -> Result<Self> {
        let program = &self.program;
        ensure!(program.is_file(), "{}: {} does not exist", self.name, program.display());
        Ok(self)
    }

    /// Returns the command that starts it, without this process's environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("LAMBDA_TASK_ROOT", &self.folder)
            .env("_HANDLER", "handler.handler");
        command
    }
}

fn size(file: &Path) -> Result<u64> {
    let metadata = file.metadata();
    Ok(metadata.with_context(|| format!("{} does not exist", file.display()))?.len())
}
