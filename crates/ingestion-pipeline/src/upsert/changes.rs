//! The changes of an upsert, for people and for scripts.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Value, json};
use similar::TextDiff;

use super::{Action, Deployment};
use crate::service::{Definition, Deployed, Parts, Tags};

/// The differences between the deployed pipeline and the new one. Displays as a list of changed
/// settings and parameters, and a diff of the definitions.
#[derive(Debug, Clone)]
pub struct Changes {
    pipeline: String,
    deployed: Option<Deployed>,
    parts: Parts,
    tags: Tags,
    lines: Vec<String>,
    diff: String,
}

impl Changes {
    pub(super) fn between(deployed: Option<Deployed>, tags: &Tags, wanted: &Deployment) -> Self {
        let parts = wanted.parts(deployed.as_ref());
        let changed = wanted.tags.iter().filter(|(name, value)| tags.get(*name) != Some(value));
        let changed: Tags = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut lines = settings(deployed.as_ref(), &parts);
        for (name, value) in &changed {
            lines.push(change(&format!("tag {name}"), tags.get(name), Some(value)));
        }
        let mut diff = String::new();
        if let Some(Definition::Inline(text)) = &parts.definition {
            let is = deployed.as_ref().map(|deployed| deployed.definition.as_str());
            lines.extend(parameters(is, text));
            let (is, should) = (is.map(pretty).unwrap_or_default(), pretty(text));
            let headers = ("deployed definition", "new definition");
            diff = TextDiff::from_lines(&is, &should)
                .unified_diff()
                .header(headers.0, headers.1)
                .to_string();
        }
        Self { pipeline: wanted.name.to_string(), deployed, parts, tags: changed, lines, diff }
    }

    /// Returns the pipeline's ARN, if it exists.
    #[must_use]
    pub fn arn(&self) -> Option<&str> {
        self.deployed.as_ref().map(|deployed| deployed.arn.as_str())
    }

    /// Returns the action that is needed.
    #[must_use]
    pub fn action(&self) -> Action {
        match &self.deployed {
            None => Action::Create,
            Some(_) if self.parts == Parts::default() && self.tags.is_empty() => Action::Nothing,
            Some(_) => Action::Update,
        }
    }

    /// Returns the changes as JSON, for scripts.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let action = match self.action() {
            Action::Create => "create",
            Action::Update => "update",
            Action::Nothing => "nothing",
        };
        json!({
            "pipeline": self.pipeline,
            "arn": self.arn(),
            "action": action,
            "changes": self.lines,
            "diff": self.diff,
        })
    }

    pub(super) fn parts(&self) -> Parts {
        self.parts.clone()
    }

    pub(super) fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action() {
            Action::Create => writeln!(f, "pipeline {} would be created:", self.pipeline)?,
            Action::Update => writeln!(f, "pipeline {} would be updated:", self.pipeline)?,
            Action::Nothing => {
                return writeln!(f, "pipeline {} is up to date", self.pipeline);
            }
        }
        self.lines.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        if self.diff.is_empty() { Ok(()) } else { write!(f, "\n{}", self.diff) }
    }
}

/// Returns one line for each changed setting.
fn settings(deployed: Option<&Deployed>, parts: &Parts) -> Vec<String> {
    let is_steps = deployed.and_then(|d| d.parallelism).map(|steps| steps.to_string());
    let steps = parts.parallelism.map(|steps| steps.to_string());
    let all = [
        ("description", deployed.and_then(|d| d.description.as_ref()), parts.description.as_ref()),
        ("role", deployed.and_then(|d| d.role.as_ref()), parts.role.as_ref()),
        ("parallelism", is_steps.as_ref(), steps.as_ref()),
    ];
    let changed = all.into_iter().filter(|(_, _, should)| should.is_some());
    changed.map(|(name, is, should)| change(name, is, should)).collect()
}

/// Returns one line for each parameter that is added, removed or has another default.
fn parameters(is: Option<&str>, should: &str) -> Vec<String> {
    let (is, should) = (is.map(defaults).unwrap_or_default(), defaults(should));
    let names: BTreeSet<_> = is.keys().chain(should.keys()).collect();
    let changed = names.into_iter().filter(|name| is.get(*name) != should.get(*name));
    changed
        .map(|name| change(&format!("parameter {name}"), is.get(name), should.get(name)))
        .collect()
}

/// Returns a definition's parameters by name, with their defaults.
fn defaults(definition: &str) -> Tags {
    let definition: Value = serde_json::from_str(definition).unwrap_or_default();
    let parameters = definition["Parameters"].as_array().cloned().unwrap_or_default();
    let named = parameters.iter().filter_map(|parameter| {
        let default = match &parameter["DefaultValue"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some((parameter["Name"].as_str()?.to_owned(), default))
    });
    named.collect()
}

fn change(what: &str, is: Option<&String>, should: Option<&String>) -> String {
    let shown =
        |value: Option<&String>| value.map_or("none".to_owned(), |value| format!("`{value}`"));
    format!("{what}: {} -> {}", shown(is), shown(should))
}

/// Formats a definition with one member per line; unchanged if it is not JSON.
fn pretty(definition: &str) -> String {
    let value: Result<Value, _> = serde_json::from_str(definition);
    let text = value.and_then(|value| serde_json::to_string_pretty(&value));
    format!("{}\n", text.unwrap_or_else(|_| definition.to_owned()))
}
