//! Builds a definition from settings and a flow, for each engine.

mod data_wrangler;
mod job_flow;
mod native;
mod program;
mod spark;
mod stage_input;

use std::collections::BTreeMap;

use data_wrangler_flow::InvalidSource;

use crate::check::InvalidDefinition;
use crate::definition::{
    AppSpecification, CacheConfig, ClusterConfig, ExceptionType, InstancePreference, Integer,
    NetworkConfig, OutputConfig, Parameter, PipelineDefinition, ProcessingInput, ProcessingJob,
    ProcessingOutput, ProcessingResources, ProcessingStep, Reference, RetryPolicy,
    StoppingCondition, Text, VpcConfig,
};
use crate::flow_file::FlowFile;
use crate::images::NoImage;
use crate::settings::{Attempts, Engine, Network, Settings};
use crate::values::{Duration, InvalidValue, ParameterUrl};

pub use job_flow::{JobFlow, StoredFile};

/// The parameter that receives the uploaded object's URL.
pub const INPUT_DATA_URL: &str = "InputDataUrl";
/// The parameter that receives the uploaded object's version.
pub const INPUT_DATA_VERSION: &str = "InputDataVersion";
/// The version that stands for the current one. A parameter's value should not be empty.
const LATEST: &str = "latest";
const INSTANCE_TYPE: &str = "ProcessingInstanceType";
const INSTANCE_COUNT: &str = "ProcessingInstanceCount";
const VOLUME_SIZE: &str = "ProcessingVolumeSize";
const FLOW_OUTPUT_NAME: &str = "FlowOutputName";
const INPUT_FLOW_URL: &str = "InputFlowUrl";
const FEATURE_GROUP_NAME: &str = "FeatureGroupName";

/// The length of an execution's ID.
const EXECUTION_ID: usize = 12;
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
    /// The Spark engine is not set.
    #[error("spark_engine is missing: the Spark engine must be in S3")]
    NoSparkEngine,
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
    /// The flow has no parameter that can take the data's URL, or several.
    #[error(
        "the address of the dataset `{}` in the flow refers to {} parameters ({uri}), but with \
         `flow_binding: parameter` it must be one", dataset.escape_debug(), count
    )]
    NotOneParameter {
        /// The dataset.
        dataset: String,
        /// Its address.
        uri: String,
        /// The number of parameters.
        count: usize,
    },
    /// A container's argument with a URL is too long.
    #[error(
        "the container's argument with a URL below the artifacts would have {0} characters too many"
    )]
    UrlTooLong(usize),
    /// The flow's source cannot be changed.
    #[error(transparent)]
    Source(#[from] InvalidSource),
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
    let jobs = match settings.engine {
        Engine::DataWrangler => data_wrangler::jobs(settings, flow)?,
        Engine::Native => vec![native::job(settings, flow)?],
        Engine::Spark => spark::jobs(settings, flow)?,
    };
    let steps = jobs.into_iter().map(|job| step(settings, job)).collect();
    Ok(PipelineDefinition::new(parameters(settings, flow)?, steps)?)
}

/// What differs between the steps.
struct Job {
    step_name: &'static str,
    /// The steps that must succeed first.
    depends_on: Vec<String>,
    cluster: ClusterConfig,
    container: AppSpecification,
    environment: BTreeMap<&'static str, &'static str>,
    inputs: Vec<ProcessingInput>,
    outputs: Vec<ProcessingOutput>,
    network: Option<NetworkConfig>,
    /// How long an equal job's result may be reused.
    cache: Option<Duration>,
}

fn step(settings: &Settings, job: Job) -> ProcessingStep {
    ProcessingStep {
        name: job.step_name.to_owned(),
        depends_on: job.depends_on,
        arguments: ProcessingJob {
            processing_resources: ProcessingResources { cluster_config: job.cluster },
            app_specification: job.container,
            environment: job.environment,
            role_arn: settings.role.clone(),
            processing_inputs: job.inputs,
            processing_output_config: (!job.outputs.is_empty()).then(|| OutputConfig {
                outputs: job.outputs,
                kms_key_id: settings.kms_key.clone(),
            }),
            network_config: job.network,
            stopping_condition: settings
                .max_runtime_seconds
                .map(|max_runtime_in_seconds| StoppingCondition { max_runtime_in_seconds }),
        },
        retry_policies: retry_policies(settings),
        cache_config: job.cache.map(CacheConfig::expiring_after),
    }
}

/// Returns the predecessor's parameters, in its order, because its users know them, and the version.
fn parameters(settings: &Settings, flow: &FlowFile) -> Result<Vec<Parameter>, BuildError> {
    Ok(vec![
        Parameter::string(INSTANCE_TYPE, settings.instance_type.as_str()),
        Parameter::integer(INSTANCE_COUNT, settings.instance_count),
        Parameter::integer(VOLUME_SIZE, settings.volume_size_gb),
        Parameter::string(FLOW_OUTPUT_NAME, flow.output.to_string()),
        Parameter::string(INPUT_FLOW_URL, JobFlow::new(settings, flow)?.url().as_str()),
        Parameter::string(INPUT_DATA_URL, settings.input_data.as_str()),
        Parameter::string(INPUT_DATA_VERSION, LATEST),
        Parameter::string(FEATURE_GROUP_NAME, settings.feature_group.as_str()),
    ])
}

/// Returns the instances that run the flow. An execution can override the first type and the count.
fn flow_cluster(settings: &Settings) -> ClusterConfig {
    let first = Text::parameter(INSTANCE_TYPE);
    let count = Integer::parameter(INSTANCE_COUNT);
    if settings.fallback_instance_types.is_empty() {
        return cluster(settings, Some(first), count);
    }
    let others = settings.fallback_instance_types.iter().map(|each| each.as_str().into());
    let instance_types = std::iter::once(first).chain(others);
    let instance_preferences =
        instance_types.map(|instance_type| InstancePreference { instance_type }).collect();
    ClusterConfig { instance_preferences, ..cluster(settings, None, count) }
}

fn cluster(
    settings: &Settings,
    instance_type: Option<Text>,
    instance_count: Integer,
) -> ClusterConfig {
    ClusterConfig {
        instance_type,
        instance_preferences: Vec::new(),
        instance_count,
        volume_size_in_gb: Integer::parameter(VOLUME_SIZE),
        volume_kms_key_id: settings.volume_kms_key.clone(),
    }
}

/// Returns the flow, as SageMaker copies it to the job.
fn flow_input(url: Text) -> ProcessingInput {
    ProcessingInput::files("flow", url, FLOW_FOLDER)
}

/// Returns the flow's output. The program writes the records to the feature group itself.
fn feature_group_output() -> ProcessingOutput {
    let group = Text::parameter(FEATURE_GROUP_NAME);
    ProcessingOutput::feature_group(Text::parameter(FLOW_OUTPUT_NAME), group)
}

fn network(network: &Network) -> NetworkConfig {
    let vpc = VpcConfig {
        security_group_ids: network.security_groups.clone(),
        subnets: network.subnets.clone(),
    };
    NetworkConfig { vpc_config: Some(vpc), ..NetworkConfig::encrypted() }
}

/// Returns the URL of a folder of the execution below the artifacts.
fn execution_url(settings: &Settings, name: &str) -> Result<Text, InvalidValue> {
    Ok(Text::join([
        executions(settings)?.as_str().into(),
        Text::Get(Reference::ExecutionId),
        format!("/{name}").into(),
    ]))
}

/// Returns the length of [`execution_url`], in characters.
fn execution_url_length(settings: &Settings, name: &str) -> Result<usize, InvalidValue> {
    Ok(executions(settings)?.as_str().chars().count() + EXECUTION_ID + "/".len() + name.len())
}

fn executions(settings: &Settings) -> Result<ParameterUrl, InvalidValue> {
    settings.artifacts.join("executions/")
}

/// Returns the files to store before the pipeline is deployed. `flow` is the flow that the job reads.
///
/// # Errors
///
/// [`BuildError`] if a URL is too long.
pub fn stored_files(settings: &Settings, flow: JobFlow) -> Result<Vec<StoredFile>, BuildError> {
    Ok(flow.into_stored().into_iter().chain(spark::requirements(settings)?).collect())
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
