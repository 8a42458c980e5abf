//! The parameters of a definition and their defaults.

use std::collections::HashMap;

use serde_json::Value;

use super::Problems;
use super::members::{Members, unique};
use crate::names::is_definition_name;

/// Maximum number of parameters of an execution.
const MAX_PARAMETERS: usize = 200;
/// Maximum length of a parameter's value, in characters.
const MAX_TEXT: usize = 1024;

/// The parameters by name.
pub(super) struct Parameters(HashMap<String, Parameter>);

struct Parameter {
    kind: String,
    default: Option<Value>,
}

impl Parameters {
    pub(super) fn read(list: Option<&Value>, problems: &mut Problems) -> Self {
        let (mut parameters, mut names) = (HashMap::new(), Vec::new());
        let items = match list {
            None => &[],
            Some(Value::Array(items)) => &items[..],
            Some(_) => {
                problems.add("Parameters", "must be a list");
                &[]
            }
        };
        if items.len() > MAX_PARAMETERS {
            problems.add(
                "Parameters",
                format!("has {} parameters; the maximum is {MAX_PARAMETERS}", items.len()),
            );
        }
        for (index, item) in items.iter().enumerate() {
            let place = format!("Parameters[{index}]");
            let members = Members::of(item, &place, problems);
            members.known(&["Name", "Type", "Description", "DefaultValue"], problems);
            let name =
                members.required("Name", problems).and_then(Value::as_str).unwrap_or_default();
            if !is_definition_name(name) {
                problems.add(
                    members.place("Name"),
                    format!(
                        "`{name}` is not a valid name: use 1 to 64 letters, digits, hyphens and underscores"
                    ),
                );
            }
            names.push((members.place("Name"), name.to_owned()));
            let kind = members.get("Type").and_then(Value::as_str).unwrap_or("String").to_owned();
            let default = members.get("DefaultValue").cloned();
            if let Some(problem) = default.as_ref().and_then(|value| mismatch(&kind, value)) {
                problems.add(members.place("DefaultValue"), problem);
            }
            parameters.insert(name.to_owned(), Parameter { kind, default });
        }
        unique(&names, problems);
        Self(parameters)
    }

    /// Returns the type of a parameter, such as `String`, if the parameter exists.
    pub(super) fn kind(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|parameter| parameter.kind.as_str())
    }

    pub(super) fn default(&self, name: &str) -> Option<&Value> {
        self.0.get(name)?.default.as_ref()
    }

    /// Returns the names, in alphabetical order.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.0.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

/// Returns why a value is not a valid default for a parameter's type.
fn mismatch(kind: &str, value: &Value) -> Option<String> {
    let fits = match kind {
        "String" => value.is_string(),
        "Integer" => value.is_i64() || value.is_u64(),
        "Float" => value.is_number(),
        "Boolean" => value.is_boolean(),
        other => {
            return Some(format!("`{other}` is not a type; use String, Integer, Float or Boolean"));
        }
    };
    if !fits {
        return Some(format!("{value} is not of the parameter's type {kind}"));
    }
    let length = value.as_str().map_or(0, |text| text.chars().count());
    (length > MAX_TEXT).then(|| format!("has {length} characters; the maximum is {MAX_TEXT}"))
}
