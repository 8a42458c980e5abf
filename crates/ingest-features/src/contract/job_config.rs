//! `config/processingjobconfig.json`: the job, nearly as `DescribeProcessingJob` describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What the job is told of itself. What is not here is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobConfig {
    /// Its name.
    pub processing_job_name: Option<String>,
    /// When it was created, if that is said: text or Unix seconds.
    pub creation_time: Option<Value>,
    /// What was brought from S3.
    #[serde(deserialize_with = "or_default")]
    pub processing_inputs: Vec<Input>,
    /// What it shall give.
    #[serde(deserialize_with = "or_default")]
    pub processing_output_config: OutputConfig,
    /// Its environment, which its process has as well.
    #[serde(deserialize_with = "or_default")]
    pub environment: BTreeMap<String, String>,
}

/// One input.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    /// Its name.
    pub input_name: String,
    /// Whether the program itself brings the data.
    #[serde(default)]
    pub app_managed: bool,
    /// Where it is.
    pub s3_input: Option<S3Input>,
}

/// Data of S3.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct S3Input {
    /// Where it came from.
    pub s3_uri: Option<String>,
    /// The folder, as it is in the container.
    pub local_path: Option<String>,
}

/// All outputs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OutputConfig {
    /// One after the other.
    #[serde(deserialize_with = "or_default")]
    pub outputs: Vec<Output>,
}

/// One output.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    /// Its name; in a job that runs a flow, the name of the flow's output.
    pub output_name: String,
    /// The feature group that it goes to.
    pub feature_store_output: Option<FeatureStoreOutput>,
}

/// A feature group.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FeatureStoreOutput {
    /// Its name.
    pub feature_group_name: String,
}

impl JobConfig {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// An error of JSON, with its line and column.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

/// A member that is null is as one that is absent.
fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
