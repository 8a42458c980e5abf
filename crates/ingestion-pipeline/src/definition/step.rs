//! Steps of a pipeline. The only kind here is the processing step.

use serde::Serialize;

use crate::definition::job::ProcessingJob;
use crate::values::Duration;

/// A step that runs a processing job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase", tag = "Type", rename = "Processing")]
pub struct ProcessingStep {
    /// The name: 1 to 64 letters, digits, hyphens and underscores.
    pub name: String,
    /// The steps that must succeed first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// The job.
    pub arguments: ProcessingJob,
    /// The retries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry_policies: Vec<RetryPolicy>,
    /// Whether an execution can reuse the result of an earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_config: Option<CacheConfig>,
}

/// How to retry one kind of failure.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetryPolicy {
    /// The kinds of failure. The service and AWS's SDK use a list here. AWS's published schema, which
    /// is older, has a single string.
    pub exception_type: Vec<ExceptionType>,
    /// Seconds before the second attempt, 1 to 43,200.
    pub interval_seconds: u32,
    /// The factor by which each wait grows.
    pub backoff_rate: f64,
    /// The maximum number of attempts after the first, 0 to 20.
    pub max_attempts: u32,
}

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ExceptionType {
    /// A service that the step calls returns a fault.
    #[serde(rename = "Step.SERVICE_FAULT")]
    ServiceFault,
    /// A service throttles the step's calls.
    #[serde(rename = "Step.THROTTLING")]
    Throttling,
    /// The job failed inside `SageMaker`.
    #[serde(rename = "SageMaker.JOB_INTERNAL_ERROR")]
    JobInternalError,
    /// No instance of the requested type is available.
    #[serde(rename = "SageMaker.CAPACITY_ERROR")]
    CapacityError,
    /// The account's quota is exhausted.
    #[serde(rename = "SageMaker.RESOURCE_LIMIT")]
    ResourceLimit,
}

/// How long executions with the same arguments may reuse a step's result.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CacheConfig {
    enabled: bool,
    #[serde(serialize_with = "crate::definition::job::as_text")]
    expire_after: Duration,
}

impl CacheConfig {
    /// Enables reuse of results for this long.
    #[must_use]
    pub fn expiring_after(expire_after: Duration) -> Self {
        Self { enabled: true, expire_after }
    }
}
