//! Tests of the crate's public behaviour.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod bindings;
mod checks;
mod cli;
mod definitions;
mod endpoint;
mod executions;
mod flows;
mod hostile;
mod mishaps;
mod properties;
mod regions;
mod scripts;
mod settings;
mod upsert;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use ingestion_pipeline::settings::{File, InvalidSettings, Settings, Sources, keys};

pub(crate) fn fixture(file: &str) -> PathBuf {
    PathBuf::from(format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR")))
}

/// Reads `flows/abalone.flow`.
pub(crate) fn abalone() -> Vec<u8> {
    std::fs::read(fixture("../../../../flows/abalone.flow")).unwrap()
}

/// Reads a flow as `SageMaker` Canvas exports it.
pub(crate) fn canvas(file: &str) -> Vec<u8> {
    std::fs::read(fixture("../../../data-wrangler-flow/tests/fixtures").join(file)).unwrap()
}

/// Reads settings from a fixture, without the keys whose variables `environment` sets.
pub(crate) fn read(file: &str, environment: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
    let text = std::fs::read_to_string(fixture(file)).unwrap();
    let replaced = |line: &&str| {
        let key = keys::ALL.iter().find(|key| line.split(':').next() == Some(key.name));
        key.is_some_and(|key| environment.iter().any(|(name, _)| *name == key.variable))
    };
    let lines: Vec<_> = text.lines().filter(|line| !replaced(line)).collect();
    read_text(&lines.join("\n"), environment)
}

/// Reads settings from a text, as if it were `pipeline.yaml` in the current folder.
pub(crate) fn read_text(
    text: &str,
    environment: &[(&str, &str)],
) -> Result<Settings, InvalidSettings> {
    let file = File { path: "pipeline.yaml".into(), text: text.to_owned(), requirements: None };
    let environment: HashMap<_, _> = environment.iter().copied().collect();
    let sources = Sources::new(Some(&file), |name| environment.get(name).map(OsString::from))?;
    Settings::read(sources)
}
