//! Reads JSON, and reports the path of a field that is not as expected.

use std::fmt::Write;

use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

use super::InvalidEvent;

/// Members of an SQS message that contain names chosen by the sender.
const SENDER_NAMED: [&str; 2] = ["attributes", "messageAttributes"];

/// Reads the part of an event that is at the path `prefix`.
pub(super) fn read<'a, T: Deserialize<'a>>(prefix: &str, text: &'a str) -> Result<T, InvalidEvent> {
    let json = &mut serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(json).map_err(|error| InvalidEvent::Malformed {
        path: match (prefix, path(error.path()).as_str()) {
            ("", "") => "the top level".to_owned(),
            ("", inside) => inside.to_owned(),
            (prefix, inside) if inside.is_empty() || inside.starts_with('[') => {
                format!("{prefix}{inside}")
            }
            (prefix, inside) => format!("{prefix}.{inside}"),
        },
        problem: problem(error.inner()),
    })
}

/// Formats the path, without names that the sender of the event chose.
fn path(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                let _ = write!(text, "[{index}]");
            }
            Segment::Map { key } => {
                let dot = if text.is_empty() { "" } else { "." };
                text.push_str(dot);
                text.push_str(key);
                if SENDER_NAMED.contains(&key.as_str()) {
                    break;
                }
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

/// Describes the problem without the value: serde's messages about wrong types quote it, and values
/// of an event must not reach the log.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let wrong =
        text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "));
    if let Some((found, expected)) = wrong.and_then(|wrong| wrong.rsplit_once(", expected ")) {
        format!("expected {}, found {}", expected_name(expected), kind(found))
    } else if !error.is_data()
        || text.starts_with("missing field")
        || text.starts_with("duplicate field")
    {
        text.to_owned()
    } else {
        "invalid value".to_owned()
    }
}

/// Returns JSON's name for the type that serde found. Serde's text may go on with the value.
fn kind(found: &str) -> &'static str {
    match found.split_ascii_whitespace().next() {
        Some("string") => "a string",
        Some("map") => "an object",
        Some("sequence") => "an array",
        Some("integer" | "floating") => "a number",
        Some("boolean") => "a boolean",
        Some("null") => "null",
        _ => "another type",
    }
}

/// Returns JSON's name for the type that serde expected.
fn expected_name(expected: &str) -> &str {
    match expected {
        "a sequence" => "an array",
        "u64" => "a non-negative integer",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    }
}
