//! A failure as people read it: what went wrong, and what to do.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::json;

/// What went wrong, and a hint at what to do.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    hint: String,
}

impl Failure {
    pub(super) fn new(message: impl Display, hint: impl Into<String>) -> Self {
        Self { message: message.to_string(), hint: hint.into() }
    }

    /// Data or notes could not be written.
    pub(super) fn output(error: &io::Error) -> Self {
        Self::new(format!("the output cannot be written: {error}"), "check where stdout goes")
    }

    pub(super) fn write(&self, notes: &mut dyn Write, json: bool) -> io::Result<()> {
        if json {
            return writeln!(notes, "{}", json!({ "error": self.message, "hint": self.hint }));
        }
        writeln!(notes, "error: {}\n\nhint: {}", self.message, self.hint)
    }
}
