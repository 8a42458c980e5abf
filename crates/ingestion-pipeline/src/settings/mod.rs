//! A project's settings, from `pipeline.yaml` and the environment.
//!
//! [`keys`] is the table of all settings. The file takes precedence over the environment variable, and
//! the variable over the default. A key without a value and an empty variable count as not set. The
//! file takes precedence because data scientists edit it, while the project's build sets the variables
//! from the form that created the project.

pub mod keys;
mod read;
mod shapes;
mod sources;
mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::values::{
    Description, Duration, FeatureGroupName, ImageUri, InstanceType, KmsKey, ParameterUrl,
    PipelineName, ProjectId, ProjectName, Region, RoleArn, SecurityGroupId, SubnetId, TimeToLive,
    VolumeKmsKey,
};

pub use sources::{File, Sources};

/// All settings of a pipeline, checked individually and for consistency.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[non_exhaustive]
pub struct Settings {
    /// The pipeline's name: `<name_prefix>-<project_id>`.
    pub pipeline_name: PipelineName,
    /// The project's name, for the pipeline's tags.
    pub project_name: ProjectName,
    /// The project's id, for the pipeline's name and tags.
    pub project_id: ProjectId,
    /// The pipeline's description.
    pub description: Description,
    /// What runs the flow.
    pub engine: Engine,
    /// Where the flow is.
    pub flow: FlowLocation,
    /// The flow's output, `<node id>.<output>`; the flow's only output if not set.
    pub output_node: Option<String>,
    /// The dataset that an execution's data replaces: its name, or its source node's ID. Needed if the
    /// output reads several datasets.
    pub input_dataset: Option<String>,
    /// How an execution's data replaces the flow's source, for the engine `data-wrangler`.
    pub flow_binding: FlowBinding,
    /// Whether each execution trains the flow's operators again.
    pub refit: bool,
    /// The container image, instead of the flow's or the region's.
    pub image: Option<ImageUri>,
    /// The default input data of an execution.
    pub input_data: ParameterUrl,
    /// Whether to pay for requests to the data's bucket.
    pub requester_pays: bool,
    /// The feature group that receives the features.
    pub feature_group: FeatureGroupName,
    /// The stores that receive the features; all stores of the group if not set.
    pub target_stores: Option<TargetStores>,
    /// How long the online store keeps the records; the group's own duration if not set.
    pub ttl: Option<TimeToLive>,
    /// The role of the pipeline and of its job.
    pub role: RoleArn,
    /// The pipeline's region.
    pub region: Region,
    /// The instance type; the default depends on the engine.
    pub instance_type: InstanceType,
    /// The instance types to use instead, in this order, if there is no capacity; at most four.
    pub fallback_instance_types: Vec<InstanceType>,
    /// The number of instances, 1 to 100.
    pub instance_count: u32,
    /// The size of each instance's volume, 1 to 16,384 GB.
    pub volume_size_gb: u32,
    /// The job's maximum runtime, 1 to 604,800 seconds.
    pub max_runtime_seconds: Option<u32>,
    /// The retries of the processing step.
    pub retry: Retry,
    /// How long executions with the same arguments may reuse a result.
    pub cache: Option<Duration>,
    /// The KMS key of what the jobs store in S3.
    pub kms_key: Option<KmsKey>,
    /// The KMS key of the instances' volumes.
    pub volume_kms_key: Option<VolumeKmsKey>,
    /// The job's VPC; `SageMaker`'s own network if not set.
    pub network: Option<Network>,
    /// Whether our program uses FIPS endpoints in its jobs.
    pub use_fips: bool,
    /// Whether our program uses endpoints for IPv4 and IPv6 in its jobs.
    pub use_dual_stack: bool,
    /// The pipeline's tags, in addition to the project's.
    pub tags: BTreeMap<String, String>,
    /// The maximum number of steps of one execution that run at the same time.
    pub parallelism: Option<u32>,
    /// The S3 prefix for the flow, and for definitions too large for a request.
    pub artifacts: ParameterUrl,
    /// The native engine's binary in S3.
    pub native_binary: Option<ParameterUrl>,
    /// The Spark engine in S3.
    pub spark_engine: Option<ParameterUrl>,
    /// The `requirements.txt` next to `pipeline.yaml`: the Python packages of the flow's code. For the
    /// engine `spark`.
    pub requirements: Option<Vec<u8>>,
    /// Notes for the user: environment variables that the file overrides.
    pub notes: Vec<String>,
}

/// A pipeline's name and region, enough to start, watch or delete it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The pipeline's name.
    pub pipeline_name: PipelineName,
    /// The pipeline's region.
    pub region: Region,
}

impl Identity {
    /// Reads the region and the name. The name is `name`, or made from the prefix and the project's id.
    ///
    /// # Errors
    ///
    /// [`InvalidSettings`] lists everything that is missing, unknown or invalid.
    pub fn read(sources: Sources, name: Option<&str>) -> Result<Self, InvalidSettings> {
        read::identity(sources, name)
    }
}

/// What runs the flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Engine {
    /// AWS's Data Wrangler container.
    #[default]
    DataWrangler,
    /// `ingest-features` in a stock image.
    Native,
    /// Our Spark engine in AWS's Spark image, on one or several instances.
    Spark,
}

impl Engine {
    /// All engines.
    pub const ALL: [Self; 3] = [Self::DataWrangler, Self::Native, Self::Spark];

    /// The engine's name in `pipeline.yaml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DataWrangler => "data-wrangler",
            Self::Native => "native",
            Self::Spark => "spark",
        }
    }

    /// The default instance type. Spark needs much memory.
    #[must_use]
    pub fn default_instance_type(self) -> &'static str {
        match self {
            Self::DataWrangler => "ml.m5.4xlarge",
            Self::Native => "ml.m5.large",
            Self::Spark => "ml.m5.2xlarge",
        }
    }
}

/// How an execution's data replaces the flow's source. AWS does not document what the Data Wrangler
/// container prefers; `docs/decisions/051-flow-binding.md` has the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowBinding {
    /// Each execution has its own copy of the flow, whose source is the data. The data is mounted, too.
    Rewrite,
    /// The data is mounted under the dataset's name. The flow's source names an object that does not
    /// exist.
    Mount,
    /// A parameter of the flow is the data's URL. It is passed to the container.
    Parameter,
}

/// The stores that receive the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetStores {
    /// The online store.
    Online,
    /// The offline store.
    Offline,
    /// Both.
    Both,
}

impl TargetStores {
    /// The stores' name in `pipeline.yaml`, and in the job's arguments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Both => "both",
        }
    }
}

/// Where the flow is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowLocation {
    /// A local file.
    Path(PathBuf),
    /// An object in S3.
    S3(ParameterUrl),
}

/// How often failures of the step are retried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Throttled calls.
    pub throttling: Attempts,
    /// Faults of the services that run the job.
    pub service_faults: Attempts,
    /// Exhausted quotas and capacity.
    pub resource_limits: Attempts,
}

/// How often one kind of failure is retried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempts {
    /// Attempts after the first, 0 to 20.
    pub attempts: u32,
    /// Seconds before the second attempt, 1 to 43,200.
    pub interval_seconds: u32,
    /// The factor by which each wait grows, 1 to 10.
    pub backoff_rate: f64,
}

/// The network of the job's containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The subnets, 1 to 16.
    pub subnets: Vec<SubnetId>,
    /// The security groups, 1 to 5.
    pub security_groups: Vec<SecurityGroupId>,
}

/// The settings are invalid. The text lists every problem with its remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the settings are invalid:\n  {}", .0.join("\n  "))]
pub struct InvalidSettings(Vec<String>);

impl InvalidSettings {
    /// The problems, one line each.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl Settings {
    /// Whether a first step stages the data for the Data Wrangler container.
    #[must_use]
    pub fn stages_input(&self) -> bool {
        self.engine == Engine::DataWrangler && self.native_binary.is_some()
    }

    /// Reads all settings.
    ///
    /// # Errors
    ///
    /// [`InvalidSettings`] lists everything that is missing, unknown or invalid.
    pub fn read(sources: Sources) -> Result<Self, InvalidSettings> {
        read::read(sources)
    }
}
