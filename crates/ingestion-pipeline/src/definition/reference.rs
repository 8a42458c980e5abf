//! Values that are literals in the definition, or references resolved at run time.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A reference to a value of the execution: `{"Get": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reference {
    /// A parameter of the pipeline, by name.
    Parameter(String),
    /// The execution's start time, the same for all attempts of a step.
    StartDateTime,
    /// The execution's ID, unique in the account and region.
    ExecutionId,
    /// The S3 URL of a processing step's output to S3. It makes the step run first.
    OutputUrl {
        /// The step's name.
        step: String,
        /// The output's name.
        output: String,
    },
}

/// A string: a literal, a reference, or a concatenation of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Text {
    /// A literal.
    Literal(String),
    /// A reference.
    Get(Reference),
    /// A concatenation.
    Join(Join),
}

/// Texts that SageMaker concatenates at run time, without a separator: `{"Std:Join": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join(Vec<Text>);

/// A whole number: a literal or a reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Integer {
    /// A literal.
    Literal(u64),
    /// A reference.
    Get(Reference),
}

impl Text {
    /// Returns a reference to a parameter of the pipeline.
    #[must_use]
    pub fn parameter(name: &str) -> Self {
        Self::Get(Reference::Parameter(name.to_owned()))
    }

    /// Returns a concatenation.
    pub fn join(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::Join(Join(parts.into_iter().collect()))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Literal(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Literal(text)
    }
}

impl Integer {
    /// Returns a reference to a parameter of the pipeline.
    #[must_use]
    pub fn parameter(name: &str) -> Self {
        Self::Get(Reference::Parameter(name.to_owned()))
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Parameter(name) => map.serialize_entry("Get", &format!("Parameters.{name}"))?,
            Self::StartDateTime => map.serialize_entry("Get", "Execution.StartDateTime")?,
            Self::ExecutionId => map.serialize_entry("Get", "Execution.PipelineExecutionId")?,
            Self::OutputUrl { step, output } => {
                let outputs = "ProcessingOutputConfig.Outputs";
                let get = format!("Steps.{step}.{outputs}['{output}'].S3Output.S3Uri");
                map.serialize_entry("Get", &get)?;
            }
        }
        map.end()
    }
}

impl Serialize for Join {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("Std:Join", &serde_json::json!({ "On": "", "Values": self.0 }))?;
        map.end()
    }
}
