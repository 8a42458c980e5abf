//! The events that candidates get.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// What one invocation brings.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) payload: String,
    /// `s3://bucket/key` of the object that it is about.
    pub(crate) input_url: String,
}

/// `count` events after the sample in `file`, each about an object of its own, so that no candidate
/// can gain from having seen it before.
pub(crate) fn numbered(file: &Path, count: usize) -> Result<Vec<Event>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} could not be read", file.display()))?;
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
