//! What every step of a run is given, and what can stop it.

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
    /// Lines that are not in their file's encoding.
    pub(super) undecoded: Mutex<Lines>,
}

/// Why a step did not finish.
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
    /// The step does not fit the data; the text says why and what to do.
    Problem(String),
}

impl Context<'_> {
    /// Notes that a line is not in its file's encoding.
    pub(super) fn note_undecoded(&self, origin: Origin) {
        self.undecoded.lock().unwrap_or_else(PoisonError::into_inner).add(origin);
    }

    /// Ends the step if the run is to end.
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
