//! Builds a definition from settings and a flow, for each engine.

mod data_wrangler;
mod native;

use crate::check::InvalidDefinition;
use crate::definition::{
    AppSpecification, CacheConfig, ClusterConfig, ExceptionType, FeatureStoreOutput, Integer,
    NetworkConfig, OutputConfig, Parameter, PipelineDefinition, ProcessingInput, ProcessingJob,
    ProcessingOutput, ProcessingResources, ProcessingStep, RetryPolicy, StoppingCondition, Text,
    VpcConfig,
};
use crate::flow_file::FlowFile;
use crate::images::NoImage;
use crate::settings::{Attempts, Engine, FlowLocation, Network, Settings};
use crate::values::{InvalidValue, ParameterUrl};

/// The parameter that receives the uploaded object's URL.
pub const INPUT_DATA_URL: &str = "InputDataUrl";
const INSTANCE_TYPE: &str = "ProcessingInstanceType";
const INSTANCE_COUNT: &str = "ProcessingInstanceCount";
const VOLUME_SIZE: &str = "ProcessingVolumeSize";
const FLOW_OUTPUT_NAME: &str = "FlowOutputName";
const INPUT_FLOW_URL: &str = "InputFlowUrl";
const FEATURE_GROUP_NAME: &str = "FeatureGroupName";

/// The folder of the flow in the job.
const FLOW_FOLDER: &str = "/opt/ml/processing/flow";

/// The definition cannot be built from these settings and this flow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The region has no image for the engine.
    #[error(transparent)]
    NoImage(#[from] NoImage),
    /// An S3 URL built from the settings is too long.
    #[error(transparent)]
    Value(#[from] InvalidValue),
    /// The native engine's binary is not set.
    #[error("native_binary is missing: the native engine needs its binary in S3")]
    NoBinary,
    /// The container's argument that names the output is too long.
    #[error(
        "the output's name is {excess} characters too long for the container's argument; give its \
         node `{}` a shorter node_id, or its output a shorter name, in the flow", node.escape_debug()
    )]
    OutputTooLong {
        /// The node.
        node: String,
        /// The number of excess characters.
        excess: usize,
    },
    /// `SageMaker` would reject the definition.
    #[error(transparent)]
    Invalid(#[from] InvalidDefinition),
}

/// Builds the pipeline's definition.
///
/// # Errors
///
/// [`BuildError`] if the region has no image for the engine, or if `SageMaker` would reject the result.
pub fn build(settings: &Settings, flow: &FlowFile) -> Result<PipelineDefinition, BuildError> {
    let engine = match settings.engine {
        Engine::DataWrangler => data_wrangler::parts(settings, flow)?,
        Engine::Native => native::parts(settings, flow)?,
    };
    let step = ProcessingStep {
        name: engine.step_name.to_owned(),
        arguments: ProcessingJob {
            processing_resources: resources(settings),
            app_specification: engine.application,
            role_arn: settings.role.clone(),
            processing_inputs: inputs(flow, engine.code),
            processing_output_config: output(settings),
            network_config: settings.network.as_ref().map(network),
            stopping_condition: settings
                .max_runtime_seconds
                .map(|max_runtime_in_seconds| StoppingCondition { max_runtime_in_seconds }),
        },
        retry_policies: retry_policies(settings),
        cache_config: settings.cache.clone().map(CacheConfig::expiring_after),
    };
    Ok(PipelineDefinition::new(parameters(settings, flow)?, vec![step])?)
}

/// Returns the flow's S3 URL: from the settings, or where upsert stores a local or converted flow. That
/// URL contains the flow's hash, so that a stored flow never changes.
///
/// # Errors
///
/// [`InvalidValue`] if the URL has more than 1,024 characters.
pub fn flow_url(settings: &Settings, flow: &FlowFile) -> Result<ParameterUrl, InvalidValue> {
    let name = match &settings.flow {
        FlowLocation::S3(url) if !flow.converted => return Ok(url.clone()),
        FlowLocation::S3(url) => url.key().rsplit('/').next().unwrap_or_default().into(),
        FlowLocation::Path(path) => {
            path.file_name().map_or("flow.flow".into(), |name| name.to_string_lossy())
        }
    };
    settings.artifacts.join(&format!("flows/{}/{name}", flow.sha256))
}

/// What differs between the engines.
struct Parts {
    step_name: &'static str,
    application: AppSpecification,
    /// The program, if the image does not contain it.
    code: Option<ProcessingInput>,
}

/// Returns the predecessor's parameters, in its order, because its users know them.
fn parameters(settings: &Settings, flow: &FlowFile) -> Result<Vec<Parameter>, InvalidValue> {
    Ok(vec![
        Parameter::string(INSTANCE_TYPE, settings.instance_type.as_str()),
        Parameter::integer(INSTANCE_COUNT, settings.instance_count),
        Parameter::integer(VOLUME_SIZE, settings.volume_size_gb),
        Parameter::string(FLOW_OUTPUT_NAME, flow.output.to_string()),
        Parameter::string(INPUT_FLOW_URL, flow_url(settings, flow)?.as_str()),
        Parameter::string(INPUT_DATA_URL, settings.input_data.as_str()),
        Parameter::string(FEATURE_GROUP_NAME, settings.feature_group.as_str()),
    ])
}

fn resources(settings: &Settings) -> ProcessingResources {
    ProcessingResources {
        cluster_config: ClusterConfig {
            instance_type: Text::parameter(INSTANCE_TYPE),
            instance_count: Integer::parameter(INSTANCE_COUNT),
            volume_size_in_gb: Integer::parameter(VOLUME_SIZE),
            volume_kms_key_id: settings.kms_key.clone(),
        },
    }
}

fn inputs(flow: &FlowFile, code: Option<ProcessingInput>) -> Vec<ProcessingInput> {
    let flow_input = ProcessingInput::files("flow", Text::parameter(INPUT_FLOW_URL), FLOW_FOLDER);
    let mut inputs = vec![flow_input, data_input(&flow.source.dataset)];
    inputs.extend(code);
    inputs
}

/// Binds an execution's data to the flow's source. The Data Wrangler container replaces a dataset with
/// the input of the same name.
fn data_input(dataset: &str) -> ProcessingInput {
    ProcessingInput::files(dataset, Text::parameter(INPUT_DATA_URL), &data_folder(dataset))
}

fn data_folder(dataset: &str) -> String {
    format!("/opt/ml/processing/{dataset}")
}

fn output(settings: &Settings) -> OutputConfig {
    OutputConfig {
        outputs: vec![ProcessingOutput {
            output_name: Text::parameter(FLOW_OUTPUT_NAME),
            app_managed: true,
            feature_store_output: FeatureStoreOutput {
                feature_group_name: Text::parameter(FEATURE_GROUP_NAME),
            },
        }],
        kms_key_id: settings.kms_key.clone(),
    }
}

fn network(network: &Network) -> NetworkConfig {
    NetworkConfig {
        enable_network_isolation: false,
        enable_inter_container_traffic_encryption: true,
        vpc_config: VpcConfig {
            security_group_ids: network.security_groups.clone(),
            subnets: network.subnets.clone(),
        },
    }
}

fn retry_policies(settings: &Settings) -> Vec<RetryPolicy> {
    let retry = &settings.retry;
    // One policy for each type: a type can be in only one policy, and a policy cannot mix failures of
    // the step with failures of its job.
    let policies = [
        (ExceptionType::Throttling, retry.throttling),
        (ExceptionType::ServiceFault, retry.service_faults),
        (ExceptionType::JobInternalError, retry.service_faults),
        (ExceptionType::ResourceLimit, retry.resource_limits),
        (ExceptionType::CapacityError, retry.resource_limits),
    ];
    let policy = |(exception_type, attempts): (ExceptionType, Attempts)| RetryPolicy {
        exception_type: vec![exception_type],
        interval_seconds: attempts.interval_seconds,
        backoff_rate: attempts.backoff_rate,
        max_attempts: attempts.attempts,
    };
    policies.map(policy).to_vec()
}
