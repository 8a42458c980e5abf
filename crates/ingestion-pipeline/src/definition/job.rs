//! A processing job, with the members of `CreateProcessingJob`:
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html>.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::{Serialize, Serializer};

use crate::definition::reference::{Integer, Text};
use crate::values::{ImageUri, KmsKey, RoleArn, SecurityGroupId, SubnetId, VolumeKmsKey};

/// Maximum length of one argument or entry point part of a container, in characters.
pub(crate) const MAX_ARGUMENT: usize = 256;

/// The arguments of a processing step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingJob {
    /// The instances.
    pub processing_resources: ProcessingResources,
    /// The container.
    pub app_specification: AppSpecification,
    /// The container's environment variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<&'static str, &'static str>,
    /// The role under which the container runs.
    #[serde(serialize_with = "as_text")]
    pub role_arn: RoleArn,
    /// The inputs, downloaded before the container starts; at most 10.
    pub processing_inputs: Vec<ProcessingInput>,
    /// The outputs, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processing_output_config: Option<OutputConfig>,
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
    /// The instance type, such as `ml.m5.4xlarge`. Not set if there are preferences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<Text>,
    /// Two to five instance types. SageMaker uses the first one that has capacity.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instance_preferences: Vec<InstancePreference>,
    /// The number of instances, 1 to 100.
    pub instance_count: Integer,
    /// The size of each instance's volume, 1 to 16,384 GB.
    #[serde(rename = "VolumeSizeInGB")]
    pub volume_size_in_gb: Integer,
    /// The KMS key that encrypts the volumes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_optional_text")]
    pub volume_kms_key_id: Option<VolumeKmsKey>,
}

/// One of several instance types.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstancePreference {
    /// The instance type.
    pub instance_type: Text,
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

/// The source of an input in S3, and how SageMaker copies it to the container.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct S3Input {
    s3_uri: Text,
    s3_data_type: &'static str,
    /// Not set if the container fetches the input itself.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    copy: Option<S3Copy>,
}

/// How SageMaker copies an input to the container.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct S3Copy {
    local_path: String,
    s3_input_mode: &'static str,
    s3_data_distribution_type: &'static str,
    s3_compression_type: &'static str,
}

/// The outputs of a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputConfig {
    /// The outputs, 1 to 10.
    pub outputs: Vec<ProcessingOutput>,
    /// The KMS key that encrypts the outputs.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_optional_text")]
    pub kms_key_id: Option<KmsKey>,
}

/// An output.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessingOutput {
    /// The output's name; for Data Wrangler the flow's output.
    pub output_name: Text,
    /// Whether the container stores the output itself.
    pub app_managed: bool,
    /// The target.
    #[serde(flatten)]
    pub target: OutputTarget,
}

/// The target of an output.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub enum OutputTarget {
    /// A feature group. This only declares it; the container writes the records itself.
    #[serde(rename = "FeatureStoreOutput", rename_all = "PascalCase")]
    FeatureStore {
        /// The feature group's name.
        feature_group_name: Text,
    },
    /// A folder, which SageMaker copies to S3 when the container has succeeded.
    #[serde(rename = "S3Output", rename_all = "PascalCase")]
    S3 {
        /// The prefix in S3.
        s3_uri: Text,
        /// The folder in the container.
        local_path: String,
        /// When to copy.
        s3_upload_mode: &'static str,
    },
}

/// The container's network.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NetworkConfig {
    /// Whether to block all network access. The container needs access to Feature Store.
    pub enable_network_isolation: bool,
    /// Whether to encrypt traffic between the job's instances.
    pub enable_inter_container_traffic_encryption: bool,
    /// The VPC; `SageMaker`'s own network if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_config: Option<VpcConfig>,
}

impl NetworkConfig {
    /// Returns a network that encrypts the traffic between the job's instances.
    #[must_use]
    pub fn encrypted() -> Self {
        Self {
            enable_network_isolation: false,
            enable_inter_container_traffic_encryption: true,
            vpc_config: None,
        }
    }
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
        let copy = S3Copy {
            local_path: local_path.to_owned(),
            s3_input_mode: "File",
            s3_data_distribution_type: "FullyReplicated",
            s3_compression_type: "None",
        };
        Self::new(name, s3_uri.into(), Some(copy))
    }

    /// Returns an input that the container fetches itself. SageMaker only passes its URL on, in
    /// `/opt/ml/config/processingjobconfig.json`.
    pub fn app_managed(name: &str, s3_uri: impl Into<Text>) -> Self {
        Self::new(name, s3_uri.into(), None)
    }

    fn new(name: &str, s3_uri: Text, copy: Option<S3Copy>) -> Self {
        Self {
            input_name: name.to_owned(),
            app_managed: copy.is_none(),
            s3_input: S3Input { s3_uri, s3_data_type: "S3Prefix", copy },
        }
    }
}

impl ProcessingOutput {
    /// Returns an output to a feature group.
    #[must_use]
    pub fn feature_group(name: Text, feature_group_name: Text) -> Self {
        let target = OutputTarget::FeatureStore { feature_group_name };
        Self { output_name: name, app_managed: true, target }
    }

    /// Returns an output of files to S3.
    #[must_use]
    pub fn files(name: &str, s3_uri: Text, local_path: &str) -> Self {
        let local_path = local_path.to_owned();
        let target = OutputTarget::S3 { s3_uri, local_path, s3_upload_mode: "EndOfJob" };
        Self { output_name: name.into(), app_managed: false, target }
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
