//! The function's configuration, read once at cold start.

use std::ffi::OsString;
use std::str::FromStr;

use http::Uri;
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::request::{ParameterName, PipelineName};

/// The parameter of our own pipelines that receives the URL.
const INPUT_PARAMETER_DEFAULT: &str = "InputDataUrl";

/// What Lambda's runtime client needs; Lambda sets it, and so does `cargo lambda watch`.
const SET_BY_LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

/// The configuration of one function.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// `SM_PIPELINE_NAME`: the pipeline to start, by name or ARN.
    pub pipeline: PipelineName,
    /// `INPUT_PARAMETER`: the pipeline parameter that receives the object's URL.
    pub input_parameter: ParameterName,
    /// Where SageMaker is called.
    pub endpoint: Endpoint,
    /// `RUST_LOG`, else `AWS_LAMBDA_LOG_LEVEL`: what is logged.
    pub log_filter: Targets,
}

/// Where SageMaker is called: AWS's endpoint of a region, unless there is a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub region: String,
    /// `AWS_ENDPOINT_URL_SAGEMAKER`, else `AWS_ENDPOINT_URL`: another endpoint, as for local use.
    pub url: Option<String>,
    /// `AWS_USE_FIPS_ENDPOINT`: the region's FIPS endpoint.
    pub use_fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`: the region's endpoint for IPv4 and IPv6.
    pub use_dual_stack: bool,
}

/// The configuration cannot be used; the text names every variable at fault, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the function's environment is not usable: {}", .0.join("; "))]
pub struct InvalidConfig(Vec<String>);

impl InvalidConfig {
    /// One sentence a variable at fault.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl Config {
    /// Reads the configuration from `variable`, which gives an environment variable's value.
    ///
    /// An empty value counts as none, since CloudFormation cannot leave a variable out.
    ///
    /// # Errors
    ///
    /// [`InvalidConfig`] names every variable that is missing or illegal, not just the first.
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, InvalidConfig> {
        let mut environment = Environment { variable, problems: Vec::new() };
        let pipeline =
            environment.required("SM_PIPELINE_NAME", "set it to the pipeline's name or ARN");
        let pipeline = pipeline
            .and_then(|text| environment.legal("SM_PIPELINE_NAME", PipelineName::new(text)));
        let input_parameter = environment
            .optional("INPUT_PARAMETER")
            .unwrap_or_else(|| INPUT_PARAMETER_DEFAULT.to_owned());
        let input_parameter =
            environment.legal("INPUT_PARAMETER", ParameterName::new(input_parameter));
        let endpoint = environment.endpoint();
        let log_filter = environment.log_filter();
        environment.lambda();
        match (pipeline, input_parameter, endpoint, log_filter) {
            (Some(pipeline), Some(input_parameter), Some(endpoint), Some(log_filter))
                if environment.problems.is_empty() =>
            {
                Ok(Self { pipeline, input_parameter, endpoint, log_filter })
            }
            _ => Err(InvalidConfig(environment.problems)),
        }
    }
}

struct Environment<V> {
    variable: V,
    problems: Vec<String>,
}

impl<V: Fn(&str) -> Option<OsString>> Environment<V> {
    fn optional(&mut self, name: &str) -> Option<String> {
        let value = (self.variable)(name)?.into_string();
        let value = value.map_err(|_| self.problems.push(format!("{name} is not UTF-8"))).ok()?;
        Some(value).filter(|value| !value.is_empty())
    }

    fn required(&mut self, name: &str, remedy: &str) -> Option<String> {
        let known = self.problems.len();
        let value = self.optional(name);
        if value.is_none() && self.problems.len() == known {
            self.problems.push(format!("{name} is not set: {remedy}"));
        }
        value
    }

    fn legal<T, E: std::fmt::Display>(&mut self, name: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.problems.push(format!("{name}: {error}"))).ok()
    }

    fn endpoint(&mut self) -> Option<Endpoint> {
        let url = ["AWS_ENDPOINT_URL_SAGEMAKER", "AWS_ENDPOINT_URL"]
            .into_iter()
            .find_map(|name| self.optional(name).map(|url| (name, url)));
        if let Some((name, url)) = &url
            && !is_http_url(url)
        {
            self.problems.push(format!("{name}: `{url}` is not a URL (http://… or https://…)"));
        }
        let use_fips = self.flag("AWS_USE_FIPS_ENDPOINT");
        let use_dual_stack = self.flag("AWS_USE_DUALSTACK_ENDPOINT");
        let region = match self.optional("AWS_REGION") {
            None => self.optional("AWS_DEFAULT_REGION"),
            region => region,
        };
        if region.is_none() {
            self.problems.push("AWS_REGION is not set: set it to the pipeline's region".to_owned());
        }
        Some(Endpoint { region: region?, url: url.map(|(_, url)| url), use_fips, use_dual_stack })
    }

    fn flag(&mut self, name: &str) -> bool {
        let value = self.optional(name);
        let problem = value.as_deref().filter(|value| !matches!(*value, "true" | "false"));
        self.problems
            .extend(problem.map(|value| format!("{name}: `{value}` is not true or false")));
        value.as_deref() == Some("true")
    }

    fn log_filter(&mut self) -> Option<Targets> {
        if let Some(text) = self.optional("RUST_LOG") {
            return self.legal("RUST_LOG", targets(&text));
        }
        let Some(level) = self.optional("AWS_LAMBDA_LOG_LEVEL") else {
            return Some(Targets::new().with_default(LevelFilter::INFO));
        };
        // Lambda's own scale has one level more than ours.
        let level = if level.eq_ignore_ascii_case("fatal") { "error" } else { &level };
        let filter = level.parse().map(|level: LevelFilter| Targets::new().with_default(level));
        let filter = filter
            .map_err(|_| format!("`{level}` is not one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL"));
        self.legal("AWS_LAMBDA_LOG_LEVEL", filter)
    }

    /// Checks what the runtime client would otherwise panic about.
    fn lambda(&mut self) {
        let mut missing = Vec::new();
        for name in SET_BY_LAMBDA {
            match (name, self.optional(name)) {
                (_, None) => missing.push(name),
                ("AWS_LAMBDA_RUNTIME_API", Some(value)) if !names_a_host(&value) => {
                    self.problems.push(format!("{name}: `{value}` is neither host:port nor a URL"));
                }
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", Some(value))
                    if value.parse::<i32>().is_err() =>
                {
                    self.problems.push(format!("{name}: `{value}` is not a number of MB"));
                }
                _ => {}
            }
        }
        if !missing.is_empty() {
            self.problems.push(format!(
                "{} not set: Lambda sets these; on your own machine start the function with \
                 `cargo lambda watch`",
                missing.join(", ")
            ));
        }
    }
}

/// Lambda gives `host:port`, `cargo lambda watch` a URL.
fn names_a_host(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| uri.authority().is_some())
}

fn is_http_url(text: &str) -> bool {
    let uri = text.parse::<Uri>();
    uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

/// Reads a filter such as `info` or `warn,start_pipeline=debug`. A lone word that is no level would
/// be taken for a target, and silence everything else: it is refused.
fn targets(text: &str) -> Result<Targets, String> {
    let lone_word = |part: &str| !part.contains('=') && LevelFilter::from_str(part.trim()).is_err();
    if text.split(',').any(lone_word) {
        return Err(format!(
            "`{text}` is not a level (trace, debug, info, warn, error, off) or a list of target=level"
        ));
    }
    text.parse().map_err(|error| format!("`{text}` is not a log filter: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn read(changes: &[(&str, Option<&str>)]) -> Result<Config, InvalidConfig> {
        let mut variables = HashMap::from([
            ("SM_PIPELINE_NAME", "ingest"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
            ("AWS_LAMBDA_FUNCTION_NAME", "f"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ]);
        for (name, value) in changes {
            match value {
                Some(value) => variables.insert(name, value),
                None => variables.remove(name),
            };
        }
        Config::from_variables(|name| variables.get(name).map(OsString::from))
    }

    #[test]
    fn only_the_pipeline_and_what_lambda_sets_are_needed() {
        let config = read(&[]).unwrap();
        assert_eq!(config.pipeline.as_str(), "ingest");
        assert_eq!(config.input_parameter.as_str(), "InputDataUrl");
        let endpoint = config.endpoint;
        assert_eq!((endpoint.region.as_str(), endpoint.url), ("eu-west-1", None));
        assert!(!endpoint.use_fips && !endpoint.use_dual_stack);
        assert_eq!(config.log_filter.default_level(), Some(LevelFilter::INFO));
    }

    #[test]
    fn one_error_names_every_bad_variable() {
        let error = read(&[
            ("SM_PIPELINE_NAME", Some("not a name")),
            ("INPUT_PARAMETER", Some("입력")),
            ("AWS_REGION", None),
            ("AWS_ENDPOINT_URL", Some("localhost:4566")),
            ("AWS_USE_FIPS_ENDPOINT", Some("yes")),
            ("RUST_LOG", Some("inof")),
            ("AWS_LAMBDA_RUNTIME_API", Some("not a host")),
            ("AWS_LAMBDA_FUNCTION_NAME", None),
            ("AWS_LAMBDA_FUNCTION_VERSION", None),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", Some("much")),
        ])
        .unwrap_err();
        insta::assert_snapshot!(error.problems().join("\n"));
    }

    #[test]
    fn the_runtime_api_is_a_host_in_lambda_and_a_url_under_cargo_lambda() {
        for value in ["127.0.0.1:9001", "http://127.0.0.1:9000/.rt/start-pipeline"] {
            assert!(read(&[("AWS_LAMBDA_RUNTIME_API", Some(value))]).is_ok(), "{value}");
        }
    }

    #[test]
    fn an_empty_value_counts_as_none() {
        let error = read(&[("SM_PIPELINE_NAME", Some(""))]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the function's environment is not usable: \
             SM_PIPELINE_NAME is not set: set it to the pipeline's name or ARN"
        );
        let config = read(&[("INPUT_PARAMETER", Some("")), ("RUST_LOG", Some(""))]).unwrap();
        assert_eq!(config.input_parameter.as_str(), "InputDataUrl");
    }

    #[test]
    fn a_value_that_is_not_utf_8_is_named_once() {
        let error = Config::from_variables(|name| match name {
            "SM_PIPELINE_NAME" => Some(OsString::from_vec(vec![0xff])),
            name if name.starts_with("AWS_LAMBDA_FUNCTION") || name == "AWS_REGION" => {
                Some("128".into())
            }
            "AWS_LAMBDA_RUNTIME_API" => Some("127.0.0.1:9001".into()),
            _ => None,
        });
        assert_eq!(error.unwrap_err().problems(), ["SM_PIPELINE_NAME is not UTF-8"]);
    }

    #[test]
    fn the_log_level_is_ours_then_lambdas_then_info() {
        let level = |changes: &[_]| read(changes).unwrap().log_filter.default_level();
        assert_eq!(level(&[("AWS_LAMBDA_LOG_LEVEL", Some("FATAL"))]), Some(LevelFilter::ERROR));
        assert_eq!(level(&[("AWS_LAMBDA_LOG_LEVEL", Some("DEBUG"))]), Some(LevelFilter::DEBUG));
        assert_eq!(
            level(&[
                ("RUST_LOG", Some("warn,start_pipeline=trace")),
                ("AWS_LAMBDA_LOG_LEVEL", Some("INFO"))
            ]),
            Some(LevelFilter::WARN)
        );
        assert!(read(&[("AWS_LAMBDA_LOG_LEVEL", Some("LOUD"))]).is_err());
        assert!(read(&[("RUST_LOG", Some("start_pipeline=loud"))]).is_err());
    }

    #[test]
    fn sagemakers_own_endpoint_goes_before_the_one_for_all_services() {
        let all = ("AWS_ENDPOINT_URL", Some("http://127.0.0.1:1"));
        let own = ("AWS_ENDPOINT_URL_SAGEMAKER", Some("https://vpce.example"));
        let url = |changes: &[_]| read(changes).unwrap().endpoint.url;
        assert_eq!(url(&[all]).as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(url(&[all, own]).as_deref(), Some("https://vpce.example"));
        assert!(read(&[("AWS_USE_FIPS_ENDPOINT", Some("true"))]).unwrap().endpoint.use_fips);
    }

    #[test]
    fn the_default_region_stands_in_for_the_region() {
        let config = read(&[("AWS_REGION", None), ("AWS_DEFAULT_REGION", Some("ap-northeast-2"))]);
        assert_eq!(config.unwrap().endpoint.region, "ap-northeast-2");
    }
}
