//! The context of a run, and the faults that stop it.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::lost::{Lines, Losses};
use super::output::Origin;
use super::progress::{EventTime, Progress};

pub(super) struct Context<'a> {
    pub(super) now: EventTime,
    pub(super) progress: &'a dyn Progress,
    pub(super) losses: Losses,
    /// Lines that could not be decoded.
    pub(super) undecoded: Mutex<Lines>,
}

/// The reason why a step failed.
#[derive(Debug)]
pub(super) enum Fault {
    Cancelled,
    Unreadable {
        path: PathBuf,
        source: io::Error,
    },
    Data {
        path: PathBuf,
        problem: String,
    },
    /// The step does not match the data. The text says why and how to fix it.
    Problem(String),
}

impl Context<'_> {
    /// Records a line that could not be decoded.
    pub(super) fn note_undecoded(&self, origin: Origin) {
        self.undecoded.lock().unwrap_or_else(PoisonError::into_inner).add(origin);
    }

    /// Stops the step if the run was cancelled.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if self.progress.cancelled() { Err(Fault::Cancelled) } else { Ok(()) }
    }
}

impl From<arrow_schema::ArrowError> for Fault {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Problem(error.to_string())
    }
}

impl From<String> for Fault {
    fn from(problem: String) -> Self {
        Self::Problem(problem)
    }
}
