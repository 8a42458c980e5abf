//! Checks `Get` and `Std:Join` anywhere in a definition.

use serde_json::Value;

use super::Problems;
use super::parameters::Parameters;

/// The properties of an execution:
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-properties.html>
const EXECUTION: [&str; 6] = [
    "CurrentDateTime",
    "PipelineArn",
    "PipelineExecutionArn",
    "PipelineExecutionId",
    "PipelineName",
    "StartDateTime",
];

/// Checks every reference in the definition.
pub(super) fn check(
    value: &Value,
    parameters: &Parameters,
    steps: &[&str],
    problems: &mut Problems,
) {
    // A list instead of recursion: a hostile definition could be deeply nested.
    let mut left = vec![(String::new(), value)];
    while let Some((place, value)) = left.pop() {
        match value {
            Value::Object(map) => {
                if let Some(target) = map.get("Get") {
                    if map.len() > 1 {
                        problems.add(&place, "`Get` must be the object's only member");
                    }
                    get(&place, target, parameters, steps, problems);
                    continue;
                }
                if let Some(join) = map.get("Std:Join") {
                    let values = join.get("Values").and_then(Value::as_array);
                    if map.len() > 1 || values.is_none() {
                        problems.add(
                            &place,
                            "`Std:Join` must be the only member and have a list `Values`",
                        );
                    }
                }
                let member = |name: &String| {
                    if place.is_empty() { name.clone() } else { format!("{place}.{name}") }
                };
                left.extend(map.iter().rev().map(|(name, value)| (member(name), value)));
            }
            Value::Array(items) => {
                let item = |index: usize| format!("{place}[{index}]");
                left.extend(items.iter().enumerate().rev().map(|(i, value)| (item(i), value)));
            }
            _ => {}
        }
    }
}

fn get(
    place: &str,
    target: &Value,
    parameters: &Parameters,
    steps: &[&str],
    problems: &mut Problems,
) {
    let Some(target) = target.as_str() else {
        return problems.add(place, "`Get` must name a parameter, a step or the execution");
    };
    let problem = match target.split_once('.') {
        Some(("Parameters", name)) if parameters.kind(name).is_none() => Some(format!(
            "there is no parameter `{name}`; the parameters are {}",
            parameters.names().join(", ")
        )),
        Some(("Execution", name)) if !EXECUTION.contains(&name) => Some(format!(
            "an execution has no property `{name}`; its properties are {}",
            EXECUTION.join(", ")
        )),
        Some(("Steps", path)) => {
            let step = path.split(['.', '[']).next().unwrap_or(path);
            (!steps.contains(&step)).then(|| format!("there is no step `{step}`"))
        }
        Some(("Parameters" | "Execution", _)) => None,
        _ => {
            Some(format!("`{target}` does not begin with `Parameters.`, `Execution.` or `Steps.`"))
        }
    };
    if let Some(problem) = problem {
        problems.add(place, format!("`Get` has no target: {problem}"));
    }
}

/// Returns the parameter that a value refers to, if any.
pub(super) fn parameter(value: &Value) -> Option<&str> {
    value.get("Get")?.as_str()?.strip_prefix("Parameters.")
}

/// Returns a value as text, with the defaults of parameters; `None` if only the execution knows it.
pub(super) fn resolve(value: &Value, parameters: &Parameters) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(map) => {
            if let Some(name) = parameter(value) {
                return match parameters.default(name)? {
                    Value::String(text) => Some(text.clone()),
                    other => Some(other.to_string()),
                };
            }
            let join = map.get("Std:Join")?;
            let on = join.get("On").and_then(Value::as_str).unwrap_or_default();
            let values = join.get("Values")?.as_array()?;
            // Recursion is safe: the JSON parser limits the depth of nested joins.
            let values: Option<Vec<_>> =
                values.iter().map(|part| resolve(part, parameters)).collect();
            Some(values?.join(on))
        }
        _ => None,
    }
}
