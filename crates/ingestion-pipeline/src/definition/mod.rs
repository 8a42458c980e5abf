//! A pipeline's definition, as types.
//!
//! The format is SageMaker's pipeline definition of version `2020-12-01`:
//! <https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/>.
//! The types serialize to its JSON. [`PipelineDefinition::new`] runs [`check`] to find what types
//! cannot rule out, such as duplicate names.

mod job;
mod parameter;
mod reference;
mod step;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::check::{InvalidDefinition, check};

pub(crate) use job::MAX_ARGUMENT;
pub use job::{
    AppSpecification, ClusterConfig, InstancePreference, NetworkConfig, OutputConfig, OutputTarget,
    ProcessingInput, ProcessingJob, ProcessingOutput, ProcessingResources, S3Input,
    StoppingCondition, VpcConfig,
};
pub use parameter::{Parameter, ParameterDefault};
pub use reference::{Integer, Join, Reference, Text};
pub use step::{CacheConfig, ExceptionType, ProcessingStep, RetryPolicy};

/// A definition that passed all checks.
///
/// It has no `PipelineExperimentConfig`, unlike the predecessor's: creating experiments and trials needs
/// permissions that the pipeline's role does not have, and nothing here reads them.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PipelineDefinition {
    version: &'static str,
    metadata: Map<String, Value>,
    parameters: Vec<Parameter>,
    steps: Vec<ProcessingStep>,
}

impl PipelineDefinition {
    /// Builds and checks a definition.
    ///
    /// # Errors
    ///
    /// [`InvalidDefinition`] lists everything that SageMaker would reject.
    pub fn new(
        parameters: Vec<Parameter>,
        steps: Vec<ProcessingStep>,
    ) -> Result<Self, InvalidDefinition> {
        let definition = Self { version: "2020-12-01", metadata: Map::new(), parameters, steps };
        check(&definition.to_value()).map(|()| definition)
    }

    /// Returns the definition as JSON, on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    fn to_value(&self) -> Value {
        // Serialization fails only for maps with keys that are not strings. There are none.
        serde_json::to_value(self).unwrap_or_default()
    }
}
