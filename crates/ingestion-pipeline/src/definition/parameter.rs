//! Parameters of a pipeline.

use serde::Serialize;

/// A parameter with its default. An execution can override the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// The name: 1 to 64 letters, digits, hyphens and underscores.
    pub name: String,
    /// The type and the default value.
    #[serde(flatten)]
    pub default: ParameterDefault,
}

/// A parameter's default, which decides its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "Type", content = "DefaultValue")]
#[non_exhaustive]
pub enum ParameterDefault {
    /// A string of at most 1,024 characters, the limit for the values of an execution.
    String(String),
    /// A whole number.
    Integer(u64),
}

impl Parameter {
    /// Creates a parameter of type String.
    pub fn string(name: &str, default: impl Into<String>) -> Self {
        Self { name: name.to_owned(), default: ParameterDefault::String(default.into()) }
    }

    /// Creates a parameter of type Integer.
    pub fn integer(name: &str, default: impl Into<u64>) -> Self {
        Self { name: name.to_owned(), default: ParameterDefault::Integer(default.into()) }
    }
}
