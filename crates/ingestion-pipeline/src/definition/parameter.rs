//! Parameters of a pipeline.

use serde::Serialize;

/// A parameter with its default; an execution may give another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// 1 to 64 letters, digits, hyphens and underscores.
    pub name: String,
    /// Its type, and the value of executions that give none.
    #[serde(flatten)]
    pub default: ParameterDefault,
}

/// A parameter's default, which decides its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "Type", content = "DefaultValue")]
#[non_exhaustive]
pub enum ParameterDefault {
    /// A text, 1,024 characters at most, as for the values that executions give.
    String(String),
    /// A whole number.
    Integer(u64),
}

impl Parameter {
    /// A parameter that takes text.
    pub fn string(name: &str, default: impl Into<String>) -> Self {
        Self { name: name.to_owned(), default: ParameterDefault::String(default.into()) }
    }

    /// A parameter that takes a whole number.
    pub fn integer(name: &str, default: impl Into<u64>) -> Self {
        Self { name: name.to_owned(), default: ParameterDefault::Integer(default.into()) }
    }
}
