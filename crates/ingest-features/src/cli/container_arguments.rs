//! The supported arguments of the Data Wrangler container.

use std::ffi::OsString;
use std::str::FromStr;

use serde_json::{Map, Value};

/// `--output-config`: the requested output of the flow.
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
                "not JSON such as {{\"<node id>.<output>\": {{\"content_type\": \"CSV\"}}}}: {error}"
            )
        })?;
        let count = outputs.len();
        let mut outputs = outputs.into_iter();
        let (Some((output, options)), None) = (outputs.next(), outputs.next()) else {
            return Err(format!("it names {count} outputs, but a job writes one"));
        };
        let Value::Object(options) = options else {
            return Err(format!("the value of `{output}` is not an object"));
        };
        for (option, value) in &options {
            match (option.as_str(), value.as_str()) {
                // The container's own exports request CSV for feature groups, although these have no files.
                ("content_type", Some(kind)) if kind.eq_ignore_ascii_case("csv") => {}
                ("content_type", _) => {
                    return Err(format!(
                        "the content type {value} is not supported: a feature group has no files; \
                         omit it or use CSV"
                    ));
                }
                _ => return Err(format!("the option `{option}` is not supported; omit it")),
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
            .map_err(|error| format!("not JSON such as {{\"refit\": true}}: {error}"))?;
        let Some(Value::Bool(refit)) = options.get("refit") else {
            return Err("`refit` must be true or false".to_owned());
        };
        for option in options.keys().filter(|option| *option != "refit") {
            match option.as_str() {
                // Without training, there is no new flow to store.
                "output_flow" if !refit => {}
                "output_flow" => {
                    return Err(
                        "the option `output_flow` is not supported: the flow with the newly \
                                trained parameters is not stored; omit it"
                            .to_owned(),
                    );
                }
                _ => return Err(format!("the option `{option}` is not supported; omit it")),
            }
        }
        Ok(Self(*refit))
    }
}

/// `--parameter-override`, which is always rejected: the engine does not support flow parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterOverride {}

impl FromStr for ParameterOverride {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parameters: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            format!("not JSON such as {{\"<parameter>\": \"<value>\"}}: {error}")
        })?;
        let names: Vec<_> =
            parameters.keys().map(|name| format!("`{}`", name.escape_debug())).collect();
        Err(format!(
            "flow parameters are not supported by this engine ({}); write the value into the \
             flow, name the data with --input, or set `engine: data-wrangler`",
            names.join(", ")
        ))
    }
}

/// Splits an argument that holds both option and value, as a shell would. Jobs pass such arguments
/// to the container: `--output-config '<JSON>'`.
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
    fn splits_option_and_value_in_one_argument() {
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
    fn accepts_refit_but_not_output_flow() {
        let parts = split("--refit-trained-params '{\"refit\": true}'".into());
        assert_eq!(parts[1].to_str().unwrap().parse(), Ok(Refit(true)));
        assert_eq!("{\"refit\": false, \"output_flow\": \"a.flow\"}".parse(), Ok(Refit(false)));
        for (text, problem) in [
            ("{\"refit\": true, \"output_flow\": \"a.flow\"}", "`output_flow` is not supported"),
            ("{\"refit\": true, \"x\": 1}", "`x` is not supported"),
            ("{\"refit\": \"true\"}", "must be true or false"),
            ("{}", "must be true or false"),
            ("True", "not JSON"),
        ] {
            let error = text.parse::<Refit>().unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn rejects_parameters_without_quoting_their_values() {
        let parts = split("--parameter-override '{\"InputDataUrl\": \"s3://b/k\"}'".into());
        let error = parts[1].to_str().unwrap().parse::<ParameterOverride>().unwrap_err();
        assert!(error.contains("(`InputDataUrl`)") && !error.contains("s3://b/k"), "{error}");
        assert!("{".parse::<ParameterOverride>().unwrap_err().contains("not JSON"));
    }

    #[test]
    fn names_what_is_not_supported_in_output_config() {
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
