//! What is measured.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A Lambda function, ready to be started.
pub(crate) struct Candidate {
    /// Its key in the results.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) title: &'static str,
    program: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    /// Whether it calls SageMaker.
    pub(crate) calls: bool,
    /// Bytes of its zip.
    pub(crate) package: u64,
}

impl Candidate {
    /// The zip that is shipped.
    pub(crate) fn ours(folder: &Path) -> Result<Self> {
        Self::bootstrap("ours", "start-pipeline (Rust)", folder, true)
    }

    /// An earlier build of ours.
    pub(crate) fn before(folder: &Path) -> Result<Self> {
        Self::bootstrap("before", "an earlier build", folder, true)
    }

    /// A bootstrap on `lambda_runtime` that calls nothing.
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

    /// The same handler in Python, as Lambda's own runtime would start it.
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
        ensure!(program.is_file(), "{}: {} is not there", self.name, program.display());
        Ok(self)
    }

    /// What starts it, with nothing of this process's environment.
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
    Ok(metadata.with_context(|| format!("{} is not there", file.display()))?.len())
}
