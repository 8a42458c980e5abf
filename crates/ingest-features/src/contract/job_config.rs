//! `config/processingjobconfig.json`: the job, much as `DescribeProcessingJob` describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The job's configuration. Other members are ignored.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobConfig {
    /// Its name.
    pub processing_job_name: Option<String>,
    /// When it was created, if known: text or Unix seconds.
    pub creation_time: Option<Value>,
    /// The inputs.
    #[serde(deserialize_with = "or_default")]
    pub processing_inputs: Vec<Input>,
    /// The outputs.
    #[serde(deserialize_with = "or_default")]
    pub processing_output_config: OutputConfig,
    /// Its environment variables, which the process has as well.
    #[serde(deserialize_with = "or_default")]
    pub environment: BTreeMap<String, String>,
}

/// One input.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    /// Its name.
    pub input_name: String,
    /// Whether the job itself downloads the data. If not, SageMaker does.
    #[serde(default)]
    pub app_managed: bool,
    /// Its data in S3.
    pub s3_input: Option<S3Location>,
}

/// The data of an input or output in S3 and in the container.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct S3Location {
    /// Its address in S3.
    pub s3_uri: Option<String>,
    /// Its folder in the container.
    pub local_path: Option<String>,
}

/// All outputs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OutputConfig {
    /// The list of outputs.
    #[serde(deserialize_with = "or_default")]
    pub outputs: Vec<Output>,
}

/// One output.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the service's member names")]
pub struct Output {
    /// Its name. In a job that runs a flow, the name of the flow's output.
    pub output_name: String,
    /// The feature group that it is written to.
    pub feature_store_output: Option<FeatureStoreOutput>,
    /// Its folder, and where SageMaker uploads it.
    pub s3_output: Option<S3Location>,
}

/// A feature group.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FeatureStoreOutput {
    /// Its name.
    pub feature_group_name: String,
}

impl Input {
    /// Returns the folder of its data in the container.
    #[must_use]
    pub fn local_path(&self) -> Option<&str> {
        self.s3_input.as_ref()?.local_path.as_deref()
    }

    /// Returns the URL of its data.
    #[must_use]
    pub fn s3_uri(&self) -> Option<&str> {
        self.s3_input.as_ref()?.s3_uri.as_deref()
    }
}

impl JobConfig {
    /// Parses the file.
    ///
    /// # Errors
    ///
    /// A JSON error, with its line and column.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

/// Treats a null member like an absent one.
fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
