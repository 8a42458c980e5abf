//! `config/resourceconfig.json`: the instances of the job.

use std::io::ErrorKind;

use serde::Deserialize;
use terminal_text::Failure;

use super::{MlDir, unreadable};

#[derive(Deserialize)]
struct ResourceConfig {
    #[serde(default)]
    current_host: Option<String>,
    #[serde(default)]
    hosts: Vec<String>,
}

/// Rejects a job with several instances, because each would write all rows.
///
/// # Errors
///
/// [`Failure`] if there is more than one instance, or if the file cannot be read.
pub fn check_one_instance(ml: &MlDir) -> Result<(), Failure> {
    let path = ml.0.join("config/resourceconfig.json");
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(&path, &error)),
    };
    let config: ResourceConfig =
        serde_json::from_slice(&bytes).map_err(|error| unreadable(&path, &error))?;
    if config.hosts.len() <= 1 {
        return Ok(());
    }
    let host = config.current_host.unwrap_or_else(|| "one of them".to_owned());
    Err(Failure::new(
        format!(
            "the job has {} instances ({}; this is {host}), and each would write every row",
            config.hosts.len(),
            config.hosts.join(", "),
        ),
        "set the job's InstanceCount (the pipeline's ProcessingInstanceCount) to 1",
    ))
}
