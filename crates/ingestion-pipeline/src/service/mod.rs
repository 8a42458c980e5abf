//! Calls to AWS, behind a trait, so that tests can replace them.

mod aws;
mod error;

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::values::ParameterUrl;

pub use aws::Aws;
pub use aws_common::ErrorClass;
pub use error::ServiceError;

/// The operations of SageMaker and S3 that the commands need.
#[expect(async_fn_in_trait, reason = "everything runs on one thread, so futures need not be Send")]
pub trait Service {
    /// `DescribePipeline`; `None` if there is no such pipeline.
    ///
    /// # Errors
    ///
    /// [`ServiceError`] if the service rejects the request or cannot be reached; likewise for all
    /// methods below.
    async fn describe(&self, pipeline: &str) -> Result<Option<Deployed>, ServiceError>;
    /// `CreatePipeline`; returns the ARN. The error is [`ErrorClass::AlreadyExists`] if someone else
    /// created the pipeline first.
    async fn create(
        &self,
        pipeline: &str,
        parts: &Parts,
        tags: &Tags,
    ) -> Result<String, ServiceError>;
    /// `UpdatePipeline`; parts that are not set stay unchanged.
    async fn update(&self, pipeline: &str, parts: &Parts) -> Result<(), ServiceError>;
    /// `DeletePipeline`; succeeds if the pipeline does not exist.
    async fn delete(&self, pipeline: &str) -> Result<(), ServiceError>;
    /// `ListTags`.
    async fn tags(&self, arn: &str) -> Result<Tags, ServiceError>;
    /// `AddTags`; keeps other tags.
    async fn add_tags(&self, arn: &str, tags: &Tags) -> Result<(), ServiceError>;
    /// `StartPipelineExecution`; returns the execution's ARN.
    async fn start(&self, pipeline: &str, start: &Start) -> Result<String, ServiceError>;
    /// `ListPipelineExecutions`, newest first, at most `most`.
    async fn executions(&self, pipeline: &str, most: usize) -> Result<Vec<Summary>, ServiceError>;
    /// `DescribePipelineExecution`.
    async fn execution(&self, arn: &str) -> Result<Execution, ServiceError>;
    /// `ListPipelineExecutionSteps`, oldest first.
    async fn steps(&self, execution: &str) -> Result<Vec<Step>, ServiceError>;
    /// `ListPipelineParametersForExecution`, by name.
    async fn parameters(&self, execution: &str) -> Result<BTreeMap<String, String>, ServiceError>;
    /// Reads an object from S3.
    async fn get_object(&self, url: &ParameterUrl) -> Result<Vec<u8>, ServiceError>;
    /// Stores an object in S3.
    async fn put_object(&self, url: &ParameterUrl, bytes: &[u8]) -> Result<(), ServiceError>;
}

/// Tags by name.
pub type Tags = BTreeMap<String, String>;

/// A deployed pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Its ARN.
    pub arn: String,
    /// Its definition, as JSON.
    pub definition: String,
    /// Its description.
    pub description: Option<String>,
    /// Its execution role.
    pub role: Option<String>,
    /// The maximum number of steps of one execution that run at the same time.
    pub parallelism: Option<u32>,
}

/// The parts of a pipeline, or those that change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// Its definition.
    pub definition: Option<Definition>,
    /// Its description.
    pub description: Option<String>,
    /// Its execution role.
    pub role: Option<String>,
    /// The maximum number of steps of one execution that run at the same time.
    pub parallelism: Option<u32>,
}

/// A definition in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definition {
    /// In the request.
    Inline(String),
    /// In S3.
    At(ParameterUrl),
}

/// The input of a new execution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// The parameters that override defaults.
    pub parameters: BTreeMap<String, String>,
}

/// One execution in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its ARN.
    pub arn: String,
    /// Its display name in Studio.
    pub name: Option<String>,
    /// `Executing`, `Succeeded` and so on.
    pub status: String,
    /// When it started.
    pub started: Option<SystemTime>,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// `Executing`, `Succeeded` and so on.
    pub status: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it started.
    pub started: Option<SystemTime>,
    /// When it last changed.
    pub changed: Option<SystemTime>,
}

/// One step of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name in the definition.
    pub name: String,
    /// `Executing`, `Succeeded` and so on.
    pub status: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// The ARN of its job, if it has one.
    pub job: Option<String>,
    /// The number of this attempt; more than 1 after a retry.
    pub attempt: Option<i32>,
}

/// Whether an execution or step with this status has ended.
#[must_use]
pub fn is_over(status: &str) -> bool {
    matches!(status, "Succeeded" | "Failed" | "Stopped")
}
