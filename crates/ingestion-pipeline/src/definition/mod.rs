//! A pipeline's definition, from typed parts.
//!
//! The format is SageMaker's pipeline definition of version `2020-12-01`:
//! <https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/>.
//! The parts write themselves as its JSON; what no type can rule out, such as a name that occurs
//! twice, [`PipelineDefinition::new`] finds with [`check`].

mod job;
mod parameter;
mod reference;
mod step;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::check::{InvalidDefinition, check};

pub use job::{
    AppSpecification, ClusterConfig, FeatureStoreOutput, NetworkConfig, OutputConfig,
    ProcessingInput, ProcessingJob, ProcessingOutput, ProcessingResources, S3Input,
    StoppingCondition, VpcConfig,
};
pub use parameter::{Parameter, ParameterDefault};
pub use reference::{Integer, Reference, Text};
pub use step::{CacheConfig, ExceptionType, ProcessingStep, RetryPolicy};

/// A definition that passed all checks.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PipelineDefinition {
    version: &'static str,
    metadata: Map<String, Value>,
    parameters: Vec<Parameter>,
    pipeline_experiment_config: ExperimentConfig,
    steps: Vec<ProcessingStep>,
}

/// Every execution is a trial of the experiment that is named after its pipeline, as the
/// predecessor's pipelines did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExperimentConfig {
    experiment_name: Reference,
    trial_name: Reference,
}

impl PipelineDefinition {
    /// Puts parameters and steps together.
    ///
    /// # Errors
    ///
    /// [`InvalidDefinition`] lists all that SageMaker would refuse.
    pub fn new(
        parameters: Vec<Parameter>,
        steps: Vec<ProcessingStep>,
    ) -> Result<Self, InvalidDefinition> {
        let definition = Self {
            version: "2020-12-01",
            metadata: Map::new(),
            parameters,
            pipeline_experiment_config: ExperimentConfig {
                experiment_name: Reference::PipelineName,
                trial_name: Reference::PipelineExecutionId,
            },
            steps,
        };
        check(&definition.to_value()).map(|()| definition)
    }

    /// The definition as JSON, on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    fn to_value(&self) -> Value {
        // Writing can only fail for maps whose keys are not text, and there is none.
        serde_json::to_value(self).unwrap_or_default()
    }
}
