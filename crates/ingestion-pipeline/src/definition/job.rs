//! A processing job, with the members of `CreateProcessingJob`:
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html>.

use std::fmt::Display;

use serde::{Serialize, Serializer};

use crate::definition::reference::{Integer, Text};
use crate::values::{ImageUri, KmsKey, RoleArn, SecurityGroupId, SubnetId};

/// The arguments of a processing step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingJob {
    /// The instances.
    pub processing_resources: ProcessingResources,
    /// The container.
    pub app_specification: AppSpecification,
    /// The role under which the container runs.
    #[serde(serialize_with = "as_text")]
    pub role_arn: RoleArn,
    /// The inputs, downloaded before the container starts; at most 10.
    pub processing_inputs: Vec<ProcessingInput>,
    /// The outputs.
    pub processing_output_config: OutputConfig,
    /// The container's network; `SageMaker`'s own if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_config: Option<NetworkConfig>,
    /// When to stop the job; after one day if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopping_condition: Option<StoppingCondition>,
}

/// The instances of a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingResources {
    /// The instances, all of one type.
    pub cluster_config: ClusterConfig,
}

/// Instances of one type.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ClusterConfig {
    /// The instance type, such as `ml.m5.4xlarge`.
    pub instance_type: Text,
    /// The number of instances, 1 to 100.
    pub instance_count: Integer,
    /// The size of each instance's volume, 1 to 16,384 GB.
    #[serde(rename = "VolumeSizeInGB")]
    pub volume_size_in_gb: Integer,
    /// The KMS key that encrypts the volumes.
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
    /// Replaces the image's entry point; each part has at most 256 characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub container_entrypoint: Vec<Text>,
    /// The arguments, each with at most 256 characters.
    pub container_arguments: Vec<Text>,
}

/// An input from S3.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingInput {
    /// The input's name, unique in the job.
    pub input_name: String,
    /// Whether the container fetches the input itself.
    pub app_managed: bool,
    /// The source in S3 and the path in the container.
    pub s3_input: S3Input,
}

/// The source of an input in S3, and its path in the container.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the service's member names")]
pub struct S3Input {
    s3_uri: Text,
    local_path: String,
    s3_data_type: &'static str,
    s3_input_mode: &'static str,
    s3_data_distribution_type: &'static str,
    s3_compression_type: &'static str,
}

/// The outputs of a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputConfig {
    /// The outputs, at most 10.
    pub outputs: Vec<ProcessingOutput>,
    /// The KMS key that encrypts the outputs.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_optional_text")]
    pub kms_key_id: Option<KmsKey>,
}

/// An output to a feature group. This only declares it; the container writes the records itself.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingOutput {
    /// The output's name; for Data Wrangler the flow's output.
    pub output_name: Text,
    /// Whether the container stores the output itself.
    pub app_managed: bool,
    /// The target.
    pub feature_store_output: FeatureStoreOutput,
}

/// A feature group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FeatureStoreOutput {
    /// The feature group's name.
    pub feature_group_name: Text,
}

/// The container's network.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NetworkConfig {
    /// Whether to block all network access. The container needs access to Feature Store.
    pub enable_network_isolation: bool,
    /// Whether to encrypt traffic between the job's instances.
    pub enable_inter_container_traffic_encryption: bool,
    /// The VPC.
    pub vpc_config: VpcConfig,
}

/// A VPC.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcConfig {
    /// The security groups, 1 to 5.
    #[serde(serialize_with = "as_texts")]
    pub security_group_ids: Vec<SecurityGroupId>,
    /// The subnets, 1 to 16.
    #[serde(serialize_with = "as_texts")]
    pub subnets: Vec<SubnetId>,
}

/// When to stop a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoppingCondition {
    /// The maximum runtime, 1 to 604,800 seconds (seven days).
    pub max_runtime_in_seconds: u32,
}

impl ProcessingInput {
    /// Returns an input of files from S3, copied to every instance before the container starts.
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

#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn as_optional_text<T: Display, S: Serializer>(
    value: &Option<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(ToString::to_string).serialize(to)
}

fn as_texts<T: Display, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(values.iter().map(ToString::to_string))
}
