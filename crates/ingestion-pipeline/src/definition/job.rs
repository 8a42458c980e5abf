//! A processing job, as `CreateProcessingJob` takes it:
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html>.

use std::fmt::Display;

use serde::{Serialize, Serializer};

use crate::definition::reference::{Integer, Text};
use crate::values::{ImageUri, KmsKey, RoleArn, SecurityGroupId, SubnetId};

/// The arguments of a processing step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingJob {
    /// The machines.
    pub processing_resources: ProcessingResources,
    /// The container.
    pub app_specification: AppSpecification,
    /// The role under which the container runs.
    #[serde(serialize_with = "as_text")]
    pub role_arn: RoleArn,
    /// What is laid out for the container before it starts, 10 at most.
    pub processing_inputs: Vec<ProcessingInput>,
    /// What becomes of its results.
    pub processing_output_config: OutputConfig,
    /// The network that the container is in; `SageMaker`'s own if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_config: Option<NetworkConfig>,
    /// When the job is stopped; after a day if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopping_condition: Option<StoppingCondition>,
}

/// The machines of a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingResources {
    /// All of one kind.
    pub cluster_config: ClusterConfig,
}

/// Machines of one kind.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ClusterConfig {
    /// Such as `ml.m5.4xlarge`.
    pub instance_type: Text,
    /// How many, 1 to 100.
    pub instance_count: Integer,
    /// The size of each one's volume, 1 to 16,384 GB.
    #[serde(rename = "VolumeSizeInGB")]
    pub volume_size_in_gb: Integer,
    /// The key that the volumes are encrypted with.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_optional_text")]
    pub volume_kms_key_id: Option<KmsKey>,
}

/// The container of a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AppSpecification {
    /// The image.
    #[serde(serialize_with = "as_text")]
    pub image_uri: ImageUri,
    /// What is run in place of the image's own entry point, each part 256 characters at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub container_entrypoint: Vec<Text>,
    /// Its arguments, each 256 characters at most.
    pub container_arguments: Vec<Text>,
}

/// Something from S3 that is laid out for the container.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingInput {
    /// No two inputs have one name.
    pub input_name: String,
    /// Whether the container fetches it by itself.
    pub app_managed: bool,
    /// From where to where.
    pub s3_input: S3Input,
}

/// From where in S3 to where in the container.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the names of the service's members")]
pub struct S3Input {
    s3_uri: Text,
    local_path: String,
    s3_data_type: &'static str,
    s3_input_mode: &'static str,
    s3_data_distribution_type: &'static str,
    s3_compression_type: &'static str,
}

/// What becomes of a job's results.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputConfig {
    /// 10 at most.
    pub outputs: Vec<ProcessingOutput>,
    /// The key that results are encrypted with.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_optional_text")]
    pub kms_key_id: Option<KmsKey>,
}

/// Results that go to a feature group. The container puts the records itself; this declares it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingOutput {
    /// For Data Wrangler the output of the flow.
    pub output_name: Text,
    /// Whether the container stores it by itself.
    pub app_managed: bool,
    /// Where it goes.
    pub feature_store_output: FeatureStoreOutput,
}

/// A feature group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FeatureStoreOutput {
    /// Its name.
    pub feature_group_name: Text,
}

/// The network that the container is in.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NetworkConfig {
    /// Whether the container can reach nothing at all; it must reach Feature Store.
    pub enable_network_isolation: bool,
    /// Whether the machines of one job encrypt what they send each other.
    pub enable_inter_container_traffic_encryption: bool,
    /// The network.
    pub vpc_config: VpcConfig,
}

/// A network by its parts.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcConfig {
    /// 1 to 5.
    #[serde(serialize_with = "as_texts")]
    pub security_group_ids: Vec<SecurityGroupId>,
    /// 1 to 16.
    #[serde(serialize_with = "as_texts")]
    pub subnets: Vec<SubnetId>,
}

/// When a job is stopped.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoppingCondition {
    /// Seconds, 1 to 604,800 (seven days).
    pub max_runtime_in_seconds: u32,
}

impl ProcessingInput {
    /// Files from S3, all of them on every machine, laid out before the container starts.
    pub fn files(name: &str, s3_uri: impl Into<Text>, local_path: &str) -> Self {
        Self {
            input_name: name.to_owned(),
            app_managed: false,
            s3_input: S3Input {
                s3_uri: s3_uri.into(),
                local_path: local_path.to_owned(),
                s3_data_type: "S3Prefix",
                s3_input_mode: "File",
                s3_data_distribution_type: "FullyReplicated",
                s3_compression_type: "None",
            },
        }
    }
}

pub(crate) fn as_text<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

#[expect(clippy::ref_option, reason = "serde gives the field by reference")]
fn as_optional_text<T: Display, S: Serializer>(
    value: &Option<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(ToString::to_string).serialize(to)
}

fn as_texts<T: Display, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(values.iter().map(ToString::to_string))
}
