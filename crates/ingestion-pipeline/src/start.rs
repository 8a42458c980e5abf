//! Starts an execution, with parameters that the deployed definition knows.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::settings::keys::nearest;

/// Longest value that an execution can be given, in characters.
const MAX_VALUE: usize = 1024;

/// The parameters do not fit the deployed definition; the text lists every problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the parameters do not fit the deployed pipeline:\n  {}", .0.join("\n  "))]
pub struct InvalidParameters(Vec<String>);

/// Checks parameters against the definition that is deployed.
///
/// # Errors
///
/// [`InvalidParameters`] lists names that the definition does not have, values that are not of
/// their type or too long, parameters without a default that are not given, and a change of the flow's
/// output, which the container's argument names too.
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
                Some(near) => format!("there is no `{given_name}`; did you mean `{near}`?"),
                None if names.is_empty() => {
                    format!("there is no `{given_name}`; the pipeline has no parameters")
                }
                None => format!("there is no `{given_name}`; there are {}", names.join(", ")),
            }),
        }
    }
    for parameter in known.iter().filter(|parameter| parameter.get("DefaultValue").is_none()) {
        if !given.contains_key(&name(parameter)) {
            problems.push(format!("`{}` has no default and must be given", name(parameter)));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(InvalidParameters(problems)) }
}

/// The parameters of a definition.
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
        Some(format!("`{name}`: `{value}` is not of the type {kind}"))
    } else if length > MAX_VALUE {
        Some(format!("`{name}` has {length} characters, and {MAX_VALUE} are possible"))
    } else if parameter["DefaultValue"] != value && names_the_output(definition, name) {
        Some(format!(
            "`{name}` cannot be changed by an execution, because the container's argument names \
             the output too; set output_node in pipeline.yaml and upsert"
        ))
    } else {
        None
    }
}

/// Whether a parameter names an output of a job whose container is told the output's name as text.
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
