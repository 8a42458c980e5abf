//! A failure for the user: what went wrong, and what to do.

use std::fmt;

use terminal_text::lines;

/// What went wrong, a hint at what to do, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    message: String,
    hint: String,
    exit_code: u8,
}

impl Failure {
    /// Creates a failure of the job.
    pub fn new(message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { message: message.to_string(), hint: hint.into(), exit_code: 1 }
    }

    /// Creates a failure for invalid arguments.
    pub fn usage(message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { exit_code: 2, ..Self::new(message, hint) }
    }

    /// Creates a failure for a job that a signal stopped. The exit code is a shell's: 128 plus the signal.
    pub fn stopped(signal: u8, message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { exit_code: 128 + signal, ..Self::new(message, hint) }
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
    /// number for a job that was stopped.
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\nhint: {}", lines(&self.message), lines(&self.hint))
    }
}
