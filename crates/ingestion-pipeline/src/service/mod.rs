//! What is asked of AWS, behind one trait, so that everything above it can be tried without.

mod aws;
mod error;

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::values::S3Url;

pub use aws::Aws;
pub use aws_common::ErrorClass;
pub use error::ServiceError;

/// The operations of SageMaker and S3 that the commands need.
#[expect(async_fn_in_trait, reason = "one thread runs everything, so no future has to be Send")]
pub trait Service {
    /// `DescribePipeline`; `None` if there is no such pipeline.
    ///
    /// # Errors
    ///
    /// [`ServiceError`] if the service refuses or cannot be reached, here as everywhere below.
    async fn describe(&self, pipeline: &str) -> Result<Option<Deployed>, ServiceError>;
    /// `CreatePipeline`; gives the ARN. [`ErrorClass::AlreadyExists`] if somebody else was faster.
    async fn create(
        &self,
        pipeline: &str,
        parts: &Parts,
        tags: &Tags,
    ) -> Result<String, ServiceError>;
    /// `UpdatePipeline` with what is given; what is not stays as it is.
    async fn update(&self, pipeline: &str, parts: &Parts) -> Result<(), ServiceError>;
    /// `DeletePipeline`; a pipeline that is not there counts as deleted.
    async fn delete(&self, pipeline: &str) -> Result<(), ServiceError>;
    /// `ListTags`.
    async fn tags(&self, arn: &str) -> Result<Tags, ServiceError>;
    /// `AddTags`; other tags stay.
    async fn add_tags(&self, arn: &str, tags: &Tags) -> Result<(), ServiceError>;
    /// `StartPipelineExecution`; gives the execution's ARN.
    async fn start(&self, pipeline: &str, start: &Start) -> Result<String, ServiceError>;
    /// `ListPipelineExecutions`, the newest first, at most `most` of them.
    async fn executions(&self, pipeline: &str, most: usize) -> Result<Vec<Summary>, ServiceError>;
    /// `DescribePipelineExecution`.
    async fn execution(&self, arn: &str) -> Result<Execution, ServiceError>;
    /// `ListPipelineExecutionSteps`, the first first.
    async fn steps(&self, execution: &str) -> Result<Vec<Step>, ServiceError>;
    /// `ListPipelineParametersForExecution`, by name.
    async fn parameters(&self, execution: &str) -> Result<BTreeMap<String, String>, ServiceError>;
    /// An object of S3.
    async fn get_object(&self, url: &S3Url) -> Result<Vec<u8>, ServiceError>;
    /// Stores an object in S3.
    async fn put_object(&self, url: &S3Url, bytes: &[u8]) -> Result<(), ServiceError>;
}

/// Tags by name.
pub type Tags = BTreeMap<String, String>;

/// A pipeline as it is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Its ARN.
    pub arn: String,
    /// Its definition, as JSON.
    pub definition: String,
    /// Its description.
    pub description: Option<String>,
    /// The role that it runs under.
    pub role: Option<String>,
    /// Most steps of one execution that run at once.
    pub parallelism: Option<u32>,
}

/// What a pipeline is made from, or what of it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// Its definition.
    pub definition: Option<Definition>,
    /// Its description.
    pub description: Option<String>,
    /// The role that it runs under.
    pub role: Option<String>,
    /// Most steps of one execution that run at once.
    pub parallelism: Option<u32>,
}

/// A definition, as a request carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definition {
    /// In the request.
    Inline(String),
    /// In S3.
    At(S3Url),
}

/// How an execution is started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// The parameters that differ from their defaults.
    pub parameters: BTreeMap<String, String>,
}

/// One execution in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its ARN.
    pub arn: String,
    /// What Studio shows.
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
    /// When its status changed last.
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
    /// Which attempt this is; more than 1 if it was tried again.
    pub attempt: Option<i32>,
}

/// Whether nothing more will happen to an execution or step of this status.
#[must_use]
pub fn is_over(status: &str) -> bool {
    matches!(status, "Succeeded" | "Failed" | "Stopped")
}
