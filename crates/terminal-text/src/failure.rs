//! A command's failure, as the user sees it.

use std::{fmt, io};

use crate::lines;

/// What went wrong, a hint at what to do, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    message: String,
    hint: String,
    exit_code: u8,
}

impl Failure {
    /// Creates a failure of the command.
    pub fn new(message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { message: message.to_string(), hint: hint.into(), exit_code: 1 }
    }

    /// Creates a failure for invalid arguments.
    pub fn usage(message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { exit_code: 2, ..Self::new(message, hint) }
    }

    /// Creates a failure for a command that a signal stopped. The exit code is a shell's: 128 plus the
    /// signal.
    pub fn stopped(signal: u8, message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { exit_code: 128 + signal, ..Self::new(message, hint) }
    }

    /// Creates a failure for an input or output stream that failed.
    #[must_use]
    pub fn output(error: &io::Error) -> Self {
        Self::new(format!("reading or writing failed: {error}"), "check stdin and stdout")
    }

    /// Appends words to the message.
    #[must_use]
    pub fn adding(self, words: &str) -> Self {
        Self { message: self.message + words, ..self }
    }

    /// Adds another failure's message and hint.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        let hint = format!("{}; {}", self.hint, other.hint);
        Self { message: format!("{}\n{}", self.message, other.message), hint, ..self }
    }

    /// The exit code of the process: 1 for a failure, 2 for invalid arguments, 128 plus the signal's
    /// number for a command that was stopped.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// What went wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

/// The failure as people read it. A program that writes for scripts uses [`Failure::message`] and
/// [`Failure::hint`].
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\nhint: {}", lines(&self.message), lines(&self.hint))
    }
}
