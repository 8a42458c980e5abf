//! What a project wants, from `pipeline.yaml` and the environment.
//!
//! [`keys`] is the table of all settings. A setting's value is the file's, else its environment
//! variable's, else its default; a key without a value and an empty variable count as none. The file
//! goes first because it is what a data scientist edits, while the project's build sets the variables
//! to what was filled in when the project was made.

pub mod keys;
mod read;
mod shapes;
mod sources;
mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::values::{
    Description, Duration, FeatureGroupName, ImageUri, InstanceType, KmsKey, PipelineName,
    ProjectId, ProjectName, Region, RoleArn, S3Url, SecurityGroupId, SubnetId,
};

pub use sources::{File, Sources};

/// Everything that a pipeline is made from, checked one by one and against one another.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The pipeline's name: `<name_prefix>-<project_id>`.
    pub pipeline_name: PipelineName,
    /// The project, for the pipeline's tags.
    pub project_name: ProjectName,
    /// The project's id, for the pipeline's name and tags.
    pub project_id: ProjectId,
    /// The pipeline's description.
    pub description: Description,
    /// What runs the flow.
    pub engine: Engine,
    /// Where the flow is.
    pub flow: FlowLocation,
    /// The flow's output, `<node id>.<output>`; found in the flow if there is none.
    pub output_node: Option<String>,
    /// The container image, in place of the flow's or the region's.
    pub image: Option<ImageUri>,
    /// The data of executions that name none.
    pub input_data: S3Url,
    /// Where the features go.
    pub feature_group: FeatureGroupName,
    /// The role of the pipeline and of its job.
    pub role: RoleArn,
    /// Where the pipeline is.
    pub region: Region,
    /// The machine; a default of the engine's if there is none.
    pub instance_type: InstanceType,
    /// How many machines, 1 to 100.
    pub instance_count: u32,
    /// The size of a machine's volume, 1 to 16,384 GB.
    pub volume_size_gb: u32,
    /// When the job is stopped, 1 to 604,800 seconds.
    pub max_runtime_seconds: Option<u32>,
    /// What is tried again.
    pub retry: Retry,
    /// For how long a result may be taken over by executions with the same arguments.
    pub cache: Option<Duration>,
    /// The key for volumes and results.
    pub kms_key: Option<KmsKey>,
    /// The network; `SageMaker`'s own if there is none.
    pub network: Option<Network>,
    /// The pipeline's tags, beside the project's.
    pub tags: BTreeMap<String, String>,
    /// Most steps of one execution that run at once.
    pub parallelism: Option<u32>,
    /// Where in S3 the flow, and a definition too large for a request, are stored.
    pub artifacts: S3Url,
    /// The native engine's binary in S3.
    pub native_binary: Option<S3Url>,
    /// What the reader should know: environment variables that say something else than the file.
    pub notes: Vec<String>,
}

/// Which pipeline, and where: all that it takes to start, watch or delete a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The pipeline's name.
    pub pipeline_name: PipelineName,
    /// Where the pipeline is.
    pub region: Region,
}

impl Identity {
    /// Reads the region, and the name from its prefix and the project's id; `name` takes their place.
    ///
    /// # Errors
    ///
    /// [`InvalidSettings`] lists everything that is missing, unknown or illegal.
    pub fn read(sources: Sources, name: Option<&str>) -> Result<Self, InvalidSettings> {
        read::identity(sources, name)
    }
}

/// What runs the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// AWS's Data Wrangler container.
    DataWrangler,
    /// `ingest-features` in a stock image.
    Native,
}

impl Engine {
    /// As it is written in `pipeline.yaml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DataWrangler => "data-wrangler",
            Self::Native => "native",
        }
    }
}

/// Where the flow is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowLocation {
    /// A file here.
    Path(PathBuf),
    /// An object in S3.
    S3(S3Url),
}

/// How often the step's failures are tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Calls that are throttled.
    pub throttling: Attempts,
    /// Faults of the services that run the job.
    pub service_faults: Attempts,
    /// Quotas and capacity that are used up for now.
    pub resource_limits: Attempts,
}

/// How often one kind of failure is tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempts {
    /// Attempts after the first, 0 to 20.
    pub attempts: u32,
    /// Seconds before the second attempt, 1 to 43,200.
    pub interval_seconds: u32,
    /// By how much each wait is longer than the one before it, 1 to 10.
    pub backoff_rate: f64,
}

/// The network of the job's containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// 1 to 16.
    pub subnets: Vec<SubnetId>,
    /// 1 to 5.
    pub security_groups: Vec<SecurityGroupId>,
}

/// The settings cannot be used; the text lists every problem, each with its remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the settings are not usable:\n  {}", .0.join("\n  "))]
pub struct InvalidSettings(Vec<String>);

impl InvalidSettings {
    /// One line a problem.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl Settings {
    /// Reads all settings.
    ///
    /// # Errors
    ///
    /// [`InvalidSettings`] lists everything that is missing, unknown or illegal.
    pub fn read(sources: Sources) -> Result<Self, InvalidSettings> {
        read::read(sources)
    }
}
