//! Checks the parameters of an execution against the deployed definition.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::definition::MAX_ARGUMENT;
use crate::settings::keys::nearest;

/// Maximum length of a parameter's value, in characters.
const MAX_VALUE: usize = 1024;

/// The parameters do not match the deployed definition. The text lists every problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the parameters do not match the deployed pipeline:\n  {}", .0.join("\n  "))]
pub struct InvalidParameters(Vec<String>);

/// Checks parameters against the deployed definition.
///
/// # Errors
///
/// [`InvalidParameters`] lists unknown names, values of the wrong type or length, missing parameters
/// without a default, and overrides of the flow's output, because the container's arguments contain its
/// name too.
pub fn check_parameters(
    definition: &str,
    given: &BTreeMap<String, String>,
) -> Result<(), InvalidParameters> {
    let definition: Value = serde_json::from_str(definition).unwrap_or_default();
    let known = definition["Parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<_> = known.iter().map(name).collect();
    let mut problems = Vec::new();
    for (given_name, value) in given {
        match known.iter().find(|parameter| parameter["Name"] == given_name.as_str()) {
            Some(parameter) => problems.extend(mismatch(&definition, parameter, value)),
            None => problems.push(match nearest(given_name, names.iter().map(String::as_str)) {
                Some(near) => format!("unknown parameter `{given_name}`; did you mean `{near}`?"),
                None if names.is_empty() => {
                    format!("unknown parameter `{given_name}`; the pipeline has no parameters")
                }
                None => format!(
                    "unknown parameter `{given_name}`; the parameters are {}",
                    names.join(", ")
                ),
            }),
        }
    }
    for parameter in known.iter().filter(|parameter| parameter.get("DefaultValue").is_none()) {
        if !given.contains_key(&name(parameter)) {
            problems.push(format!("`{}` has no default; pass a value", name(parameter)));
        }
    }
    problems.extend(unfit_arguments(&definition, given));
    if problems.is_empty() { Ok(()) } else { Err(InvalidParameters(problems)) }
}

/// Reports parameters that would make a container's argument too long, or impossible to parse.
fn unfit_arguments(definition: &Value, given: &BTreeMap<String, String>) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let steps = list(&definition["Steps"]);
    let arguments = steps
        .iter()
        .flat_map(|step| list(&step["Arguments"]["AppSpecification"]["ContainerArguments"]));
    let parts = arguments.map(|argument| list(&argument["Std:Join"]["Values"]));
    parts.flat_map(|parts| unfit_parts(&parts, given)).collect()
}

/// Reports parameters that do not fit into one argument. `parts` are the texts that it consists of.
fn unfit_parts(parts: &[Value], given: &BTreeMap<String, String>) -> Vec<String> {
    let literal: usize =
        parts.iter().filter_map(Value::as_str).map(|text| text.chars().count()).sum();
    let room = MAX_ARGUMENT.saturating_sub(literal);
    let parameters =
        parts.iter().filter_map(|part| part["Get"].as_str()?.strip_prefix("Parameters."));
    let values = parameters.filter_map(|parameter| given.get_key_value(parameter));
    let problem = |(name, value): (&String, &String)| {
        if value.chars().count() > room {
            Some(format!(
                "`{name}` does not fit into an argument of the container, which has room for {room} \
                 characters; use a shorter value, or another flow_binding"
            ))
        } else if value.contains(['\'', '"', '\\']) {
            Some(format!(
                "`{name}` contains a quote or a backslash, which the container's argument cannot \
                 hold; rename the object, or use another flow_binding"
            ))
        } else {
            None
        }
    };
    values.filter_map(problem).collect()
}

/// Returns the names of a definition's parameters.
#[must_use]
pub fn parameter_names(definition: &str) -> Vec<String> {
    let definition: Value = serde_json::from_str(definition).unwrap_or_default();
    let known = definition["Parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    known.iter().map(name).collect()
}

fn name(parameter: &Value) -> String {
    parameter["Name"].as_str().unwrap_or_default().to_owned()
}

fn mismatch(definition: &Value, parameter: &Value, value: &str) -> Option<String> {
    let name = parameter["Name"].as_str().unwrap_or_default();
    let kind = parameter["Type"].as_str().unwrap_or("String");
    let fits = match kind {
        "Integer" => value.parse::<i64>().is_ok(),
        "Float" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "Boolean" => matches!(value, "true" | "false"),
        _ => true,
    };
    let length = value.chars().count();
    if !fits {
        Some(format!("`{name}`: `{value}` is not of type {kind}"))
    } else if length > MAX_VALUE {
        Some(format!("`{name}` has {length} characters; the maximum is {MAX_VALUE}"))
    } else if parameter["DefaultValue"] != value && names_the_output(definition, name) {
        Some(format!(
            "`{name}` cannot be overridden at start, because the container's arguments contain the \
             output's name too; set output_node in pipeline.yaml and run `ingestion-pipeline upsert`"
        ))
    } else {
        None
    }
}

/// Whether a parameter names an output whose name is also a literal in the container's arguments.
fn names_the_output(definition: &Value, name: &str) -> bool {
    let get = Value::from(format!("Parameters.{name}"));
    let steps = definition["Steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    steps.iter().any(|step| {
        let (application, outputs) = (
            &step["Arguments"]["AppSpecification"]["ContainerArguments"],
            &step["Arguments"]["ProcessingOutputConfig"]["Outputs"],
        );
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        list(outputs).iter().any(|output| output["OutputName"]["Get"] == get)
            && list(application).iter().any(|argument| {
                argument.as_str().is_some_and(|a| a.starts_with("--output-config "))
            })
    })
}
