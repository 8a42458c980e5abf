//! Reads JSON, and says where it is not as expected.

use std::fmt::Write;

use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

use super::InvalidEvent;

/// Members of an SQS message whose own members the sender names.
const SENDER_NAMED: [&str; 2] = ["attributes", "messageAttributes"];

/// Reads the part of an event that stands at `place` in it.
pub(super) fn read<'a, T: Deserialize<'a>>(place: &str, text: &'a str) -> Result<T, InvalidEvent> {
    let json = &mut serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(json).map_err(|error| InvalidEvent::Malformed {
        path: match (place, path(error.path()).as_str()) {
            ("", "") => "its top level".to_owned(),
            ("", inside) => inside.to_owned(),
            (place, inside) if inside.is_empty() || inside.starts_with('[') => {
                format!("{place}{inside}")
            }
            (place, inside) => format!("{place}.{inside}"),
        },
        problem: problem(error.inner()),
    })
}

/// The path, without names that the sender of an event chose.
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

/// What is wrong, without the value: serde's messages about a wrong type quote it, and an event's
/// values must not reach the log.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let wrong =
        text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "));
    if let Some((found, expected)) = wrong.and_then(|wrong| wrong.rsplit_once(", expected ")) {
        format!("it is {}, not {}", kind(found), wanted(expected))
    } else if !error.is_data()
        || text.starts_with("missing field")
        || text.starts_with("duplicate field")
    {
        text.to_owned()
    } else {
        "its value does not have the expected form".to_owned()
    }
}

/// JSON's word for what serde found, which begins with the kind and may go on with the value.
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

/// JSON's word for what a type of ours asks for.
fn wanted(expected: &str) -> &str {
    match expected {
        "a sequence" => "an array",
        "u64" => "a whole number from 0 up",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    }
}
