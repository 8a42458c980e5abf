//! Steps of a pipeline; a processing job is the only kind that is needed here.

use serde::Serialize;

use crate::definition::job::ProcessingJob;
use crate::values::Duration;

/// A step that runs a processing job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase", tag = "Type", rename = "Processing")]
pub struct ProcessingStep {
    /// 1 to 64 letters, digits, hyphens and underscores.
    pub name: String,
    /// The job.
    pub arguments: ProcessingJob,
    /// What is tried again, and how often.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry_policies: Vec<RetryPolicy>,
    /// Whether an execution may take over the result of an earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_config: Option<CacheConfig>,
}

/// How one kind of failure is tried again.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetryPolicy {
    /// The kinds of failure. The service and AWS's SDK write a list here; AWS's published schema,
    /// which is older, a single text.
    pub exception_type: Vec<ExceptionType>,
    /// Seconds before the second attempt, 1 to 43,200.
    pub interval_seconds: u32,
    /// By how much each wait is longer than the one before it.
    pub backoff_rate: f64,
    /// Most attempts after the first, 0 to 20.
    pub max_attempts: u32,
}

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ExceptionType {
    /// A service that the step calls answers with a fault.
    #[serde(rename = "Step.SERVICE_FAULT")]
    ServiceFault,
    /// A service that the step calls is called too often.
    #[serde(rename = "Step.THROTTLING")]
    Throttling,
    /// The job failed inside `SageMaker`.
    #[serde(rename = "SageMaker.JOB_INTERNAL_ERROR")]
    JobInternalError,
    /// There was no machine of the wanted type.
    #[serde(rename = "SageMaker.CAPACITY_ERROR")]
    CapacityError,
    /// The account's quota is used up for now.
    #[serde(rename = "SageMaker.RESOURCE_LIMIT")]
    ResourceLimit,
}

/// For how long a step's result may be taken over by executions with the same arguments.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CacheConfig {
    enabled: bool,
    #[serde(serialize_with = "crate::definition::job::as_text")]
    expire_after: Duration,
}

impl CacheConfig {
    /// Results may be taken over for this long.
    #[must_use]
    pub fn expiring_after(expire_after: Duration) -> Self {
        Self { enabled: true, expire_after }
    }
}
