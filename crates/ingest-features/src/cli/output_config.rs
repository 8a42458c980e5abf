//! The Data Wrangler container's argument, as far as it can be obeyed.

use std::ffi::OsString;
use std::str::FromStr;

use serde_json::{Map, Value};

/// `--output-config`: which output of the flow is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputConfig {
    /// `<node id>.<output>`.
    pub output: String,
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

/// Takes apart the one argument in which the container is given option and value, as a shell would:
/// `--output-config '<JSON>'`.
pub(super) fn split(argument: OsString) -> Vec<OsString> {
    let value = argument.to_str().and_then(|text| text.strip_prefix("--output-config"));
    let Some(value) = value.filter(|value| value.starts_with(char::is_whitespace)) else {
        return vec![argument];
    };
    let value = value.trim();
    let quoted = |quote| value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote));
    let value = quoted('\'').unwrap_or(value);
    vec!["--output-config".into(), value.into()]
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
