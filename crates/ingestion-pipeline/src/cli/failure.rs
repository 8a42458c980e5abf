//! The failure of a command, as shown to the user.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;

use super::format;
use crate::service::ServiceError;
use crate::upsert::UpsertError;

/// What went wrong, and a hint about what to do.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    hint: String,
    exit_code: u8,
}

impl Failure {
    pub(super) fn new(message: impl Display, hint: impl Into<String>) -> Self {
        Self { message: message.to_string(), hint: hint.into(), exit_code: 1 }
    }

    /// The user interrupted the command; uses a shell's exit code for SIGINT.
    pub(super) fn interrupted(message: impl Display, hint: impl Into<String>) -> Self {
        Self { exit_code: 130, ..Self::new(message, hint) }
    }

    /// The arguments are invalid.
    pub(super) fn usage(message: impl Display, hint: impl Into<String>) -> Self {
        Self { exit_code: 2, ..Self::new(message, hint) }
    }

    /// An input or output stream failed.
    pub(super) fn output(error: &io::Error) -> Self {
        Self::new(format!("reading or writing failed: {error}"), "check stdin and stdout")
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit_code)
    }

    pub(super) fn write(&self, notes: &mut dyn Write, json: bool) -> io::Result<()> {
        if json {
            return writeln!(notes, "{}", json!({ "error": self.message, "hint": self.hint }));
        }
        let (message, hint) = (format::lines(&self.message), format::lines(&self.hint));
        writeln!(notes, "error: {message}\n\nhint: {hint}")
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self::new(&error, error.hint())
    }
}

impl From<UpsertError> for Failure {
    fn from(error: UpsertError) -> Self {
        match error {
            UpsertError::Service(error) => error.into(),
            UpsertError::Tags(ref cause) => Self::new(&error, cause.hint()),
            UpsertError::Value(error) => Self::new(error, "shorten `artifacts`"),
        }
    }
}
