//! The Data Wrangler container's arguments, as far as they can be obeyed.

use std::ffi::OsString;
use std::str::FromStr;

use serde_json::{Map, Value};

/// `--output-config`: which output of the flow is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OutputConfig {
    /// `<node id>.<output>`.
    pub(super) output: String,
}

impl FromStr for OutputConfig {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let outputs: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            format!(
                "not JSON as {{\"<node id>.<output>\": {{\"content_type\": \"CSV\"}}}}: {error}"
            )
        })?;
        let count = outputs.len();
        let mut outputs = outputs.into_iter();
        let (Some((output, options)), None) = (outputs.next(), outputs.next()) else {
            return Err(format!("it names {count} outputs, and a job writes one"));
        };
        let Value::Object(options) = options else {
            return Err(format!("what it says of `{output}` is not an object"));
        };
        for (option, value) in &options {
            match (option.as_str(), value.as_str()) {
                // The container's own exports say CSV for a feature group, which has no files.
                ("content_type", Some(kind)) if kind.eq_ignore_ascii_case("csv") => {}
                ("content_type", _) => {
                    return Err(format!(
                        "the content type {value} cannot be obeyed: a feature group has no files; \
                         leave it out or say CSV"
                    ));
                }
                _ => return Err(format!("the option `{option}` cannot be obeyed; leave it out")),
            }
        }
        Ok(Self { output })
    }
}

/// `--refit-trained-params`: whether to train the flow's operators again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refit(pub(super) bool);

impl FromStr for Refit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let options: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| format!("not JSON as {{\"refit\": true}}: {error}"))?;
        let Some(Value::Bool(refit)) = options.get("refit") else {
            return Err("`refit` must be true or false".to_owned());
        };
        for option in options.keys().filter(|option| *option != "refit") {
            match option.as_str() {
                // Without training there is no new flow.
                "output_flow" if !refit => {}
                "output_flow" => {
                    return Err(
                        "the option `output_flow` cannot be obeyed: the flow with the newly \
                                trained parameters is not stored; leave it out"
                            .to_owned(),
                    );
                }
                _ => return Err(format!("the option `{option}` cannot be obeyed; leave it out")),
            }
        }
        Ok(Self(*refit))
    }
}

/// `--parameter-override`, which is always refused: the engine has no parameters of flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterOverride {}

impl FromStr for ParameterOverride {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parameters: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| format!("not JSON as {{\"<parameter>\": \"<value>\"}}: {error}"))?;
        let names: Vec<_> =
            parameters.keys().map(|name| format!("`{}`", name.escape_debug())).collect();
        Err(format!(
            "parameters of flows are not supported by this engine ({}); write the value into the \
             flow, name the data with --input, or take `engine: data-wrangler`",
            names.join(", ")
        ))
    }
}

/// Takes apart an argument in which the container is given option and value, as a shell would:
/// `--output-config '<JSON>'`.
pub(super) fn split(argument: OsString) -> Vec<OsString> {
    let options = ["--output-config", "--refit-trained-params", "--parameter-override"];
    let parts = options.iter().find_map(|option| {
        let value = argument.to_str()?.strip_prefix(option)?;
        value.starts_with(char::is_whitespace).then(|| (*option, value.trim()))
    });
    let Some((option, value)) = parts else { return vec![argument] };
    let quoted = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
    vec![option.into(), quoted.unwrap_or(value).into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_containers_one_argument_is_option_and_value() {
        let one = "--output-config '{\"n.default\": {\"content_type\": \"CSV\"}}'";
        let two = split(one.into());
        assert_eq!(two, ["--output-config", "{\"n.default\": {\"content_type\": \"CSV\"}}"]);
        let config: OutputConfig = two[1].to_str().unwrap().parse().unwrap();
        assert_eq!(config.output, "n.default");
        for other in ["--output-config", "--output-config={}", "--output-node", "a b"] {
            assert_eq!(split(other.into()), [other]);
        }
    }

    #[test]
    fn training_again_is_obeyed_and_storing_the_flow_is_not() {
        let parts = split("--refit-trained-params '{\"refit\": true}'".into());
        assert_eq!(parts[1].to_str().unwrap().parse(), Ok(Refit(true)));
        assert_eq!("{\"refit\": false, \"output_flow\": \"a.flow\"}".parse(), Ok(Refit(false)));
        for (text, problem) in [
            ("{\"refit\": true, \"output_flow\": \"a.flow\"}", "`output_flow` cannot be obeyed"),
            ("{\"refit\": true, \"x\": 1}", "`x` cannot be obeyed"),
            ("{\"refit\": \"true\"}", "must be true or false"),
            ("{}", "must be true or false"),
            ("True", "not JSON"),
        ] {
            let error = text.parse::<Refit>().unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn parameters_are_refused_by_name_without_their_values() {
        let parts = split("--parameter-override '{\"InputDataUrl\": \"s3://b/k\"}'".into());
        let error = parts[1].to_str().unwrap().parse::<ParameterOverride>().unwrap_err();
        assert!(error.contains("(`InputDataUrl`)") && !error.contains("s3://b/k"), "{error}");
        assert!("{".parse::<ParameterOverride>().unwrap_err().contains("not JSON"));
    }

    #[test]
    fn what_cannot_be_obeyed_is_refused_by_name() {
        for (text, problem) in [
            ("", "not JSON"),
            ("[]", "not JSON"),
            ("{}", "names 0 outputs"),
            ("{\"a.b\": {}, \"c.d\": {}}", "names 2 outputs"),
            ("{\"a.b\": 1}", "not an object"),
            ("{\"a.b\": {\"content_type\": \"Parquet\"}}", "content type \"Parquet\""),
            ("{\"a.b\": {\"content_type\": null}}", "content type null"),
            ("{\"a.b\": {\"partition_config\": {}}}", "`partition_config`"),
        ] {
            let error = text.parse::<OutputConfig>().unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
        assert_eq!("{\"a.b\": {}}".parse::<OutputConfig>().unwrap().output, "a.b");
    }
}
