//! Values that are known when the pipeline is defined, or only when it runs.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A value of an execution: `{"Get": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reference {
    /// A parameter of the pipeline, by name.
    Parameter(String),
    /// The pipeline's name.
    PipelineName,
    /// The execution's id.
    PipelineExecutionId,
    /// When the execution started. All attempts of a step see the same time.
    StartDateTime,
}

/// A text: as it stands, or of an execution. AWS's schema allows nothing else for an argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Text {
    /// As it stands.
    Literal(String),
    /// Of an execution.
    Get(Reference),
}

/// A whole number: as it stands, or of an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Integer {
    /// As it stands.
    Literal(u64),
    /// Of an execution.
    Get(Reference),
}

impl Text {
    /// A parameter of the pipeline, by name.
    #[must_use]
    pub fn parameter(name: &str) -> Self {
        Self::Get(Reference::Parameter(name.to_owned()))
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
    /// A parameter of the pipeline, by name.
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
            Self::PipelineName => map.serialize_entry("Get", "Execution.PipelineName")?,
            Self::PipelineExecutionId => {
                map.serialize_entry("Get", "Execution.PipelineExecutionId")?;
            }
            Self::StartDateTime => map.serialize_entry("Get", "Execution.StartDateTime")?,
        }
        map.end()
    }
}
