//! The events for the candidates.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The event of one invocation.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) payload: String,
    /// `s3://bucket/key` of its object.
    pub(crate) input_url: String,
}

/// Creates `count` events from the sample in `file`. Each has a different object, so that no candidate
/// benefits from caching.
pub(crate) fn numbered(file: &Path, count: usize) -> Result<Vec<Event>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let sample: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    let bucket = sample["detail"]["bucket"]["name"].as_str().context("the event has no bucket")?;
    let event = |number: usize| {
        let mut event = sample.clone();
        let key = format!("landing/abalone-{number}.csv");
        let input_url = format!("s3://{bucket}/{key}");
        event["detail"]["object"]["key"] = json!(key);
        event["detail"]["object"]["sequencer"] = json!(format!("{number:016X}"));
        Event { payload: event.to_string(), input_url }
    };
    Ok((0..count).map(event).collect())
}
