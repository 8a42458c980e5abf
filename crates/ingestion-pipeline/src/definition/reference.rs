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
}

/// A string: a literal or a reference. AWS's schema allows nothing else for an argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Text {
    /// A literal.
    Literal(String),
    /// A reference.
    Get(Reference),
}

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
        }
        map.end()
    }
}
