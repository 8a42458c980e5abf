//! The failures of the commands.

use serde_json::json;
use terminal_text::Failure;

use crate::service::ServiceError;
use crate::upsert::UpsertError;

/// Formats a failure, for scripts as JSON.
pub(super) fn shown(failure: &Failure, json: bool) -> String {
    if json {
        json!({ "error": failure.message(), "hint": failure.hint() }).to_string()
    } else {
        format!("error: {failure}")
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
