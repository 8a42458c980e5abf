//! Reads JSON, and says where it is not as expected.

use serde::Deserialize;

use super::InvalidEvent;
use crate::excerpt::excerpt;

/// Reads the part of an event that stands at `place` in it.
pub(super) fn read<'a, T: Deserialize<'a>>(place: &str, text: &'a str) -> Result<T, InvalidEvent> {
    let json = &mut serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(json).map_err(|error| {
        let inside = match error.path().to_string() {
            top if top == "." => String::new(),
            path => path,
        };
        InvalidEvent::Malformed {
            path: match (place, inside.as_str()) {
                ("", "") => "its top level".to_owned(),
                ("", inside) => inside.to_owned(),
                (place, inside) if inside.is_empty() || inside.starts_with('[') => {
                    format!("{place}{inside}")
                }
                (place, inside) => format!("{place}.{inside}"),
            },
            problem: excerpt(&error.inner().to_string(), 200).into_owned(),
        }
    })
}
