//! Reads environment variables, and collects all problems.

use std::ffi::OsString;

use http::Uri;
use tracing_subscriber::filter::Targets;

use super::{Endpoint, log_filter};
use crate::request::{ParameterName, ParameterNames};

/// The parameters of this project's pipelines.
const INPUT_PARAMETER: &str = "InputDataUrl";
const VERSION_PARAMETER: &str = "InputDataVersion";
/// The value of `VERSION_PARAMETER` for a pipeline without such a parameter. An empty value means "not
/// set".
const NO_PARAMETER: &str = "none";

/// The credentials. Lambda sets them; on a laptop, the user does.
const CREDENTIALS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", SESSION_TOKEN];
/// Only temporary credentials have one.
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// The variables that Lambda's runtime client needs. Lambda and `cargo lambda watch` set them.
const SET_BY_LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

/// The environment, and one sentence for each invalid variable.
pub(super) struct Environment<V> {
    pub(super) variable: V,
    pub(super) problems: Vec<String>,
}

impl<V: Fn(&str) -> Option<OsString>> Environment<V> {
    pub(super) fn optional(&mut self, name: &str) -> Option<String> {
        let value = (self.variable)(name)?.into_string();
        let value = value.map_err(|_| self.problems.push(format!("{name} is not UTF-8"))).ok()?;
        Some(value).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&mut self, name: &str, remedy: &str) -> Option<String> {
        let known = self.problems.len();
        let value = self.optional(name);
        if value.is_none() && self.problems.len() == known {
            self.problems.push(format!("{name} is not set: {remedy}"));
        }
        value
    }

    pub(super) fn legal<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        value: Result<T, E>,
    ) -> Option<T> {
        value.map_err(|error| self.problems.push(format!("{name}: {error}"))).ok()
    }

    pub(super) fn parameter_names(&mut self) -> Option<ParameterNames> {
        let url = self.parameter_name("INPUT_PARAMETER", INPUT_PARAMETER);
        let version = match self.optional("VERSION_PARAMETER").as_deref() {
            Some(NO_PARAMETER) => Some(None),
            _ => self.parameter_name("VERSION_PARAMETER", VERSION_PARAMETER).map(Some),
        };
        if let (Some(url), Some(Some(version))) = (&url, &version)
            && url == version
        {
            self.problems.push(format!(
                "VERSION_PARAMETER: `{}` is also INPUT_PARAMETER; name another parameter, or \
                 {NO_PARAMETER}",
                version.as_str()
            ));
        }
        Some(ParameterNames { url: url?, version: version? })
    }

    fn parameter_name(&mut self, name: &str, default: &str) -> Option<ParameterName> {
        let value = self.optional(name).unwrap_or_else(|| default.to_owned());
        self.legal(name, ParameterName::new(value))
    }

    pub(super) fn endpoint(&mut self) -> Option<Endpoint> {
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
        if let Some((name, _)) = &url
            && (use_fips || use_dual_stack)
        {
            self.problems.push(format!(
                "{name} cannot be used with AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT: \
                 unset one of them"
            ));
        }
        let region = self.region()?;
        Some(Endpoint { region, url: url.map(|(_, url)| url), use_fips, use_dual_stack })
    }

    fn region(&mut self) -> Option<String> {
        let known = self.problems.len();
        let given = ["AWS_REGION", "AWS_DEFAULT_REGION"]
            .into_iter()
            .find_map(|name| self.optional(name).map(|region| (name, region)));
        match given {
            Some((_, region)) if is_host_label(&region) => return Some(region),
            Some((name, region)) => {
                self.problems
                    .push(format!("{name}: `{region}` is not a valid region (example: eu-west-1)"));
            }
            None if self.problems.len() == known => {
                let problem = "AWS_REGION is not set: set it to the pipeline's region";
                self.problems.push(problem.to_owned());
            }
            None => {}
        }
        None
    }

    fn flag(&mut self, name: &str) -> bool {
        let value = self.optional(name);
        let problem = value.as_deref().filter(|value| !matches!(*value, "true" | "false"));
        self.problems
            .extend(problem.map(|value| format!("{name}: `{value}` is neither true nor false")));
        value.as_deref() == Some("true")
    }

    pub(super) fn log_filter(&mut self) -> Option<Targets> {
        if let Some(text) = self.optional("RUST_LOG") {
            return self.legal("RUST_LOG", log_filter::parse(&text));
        }
        let level = self.optional("AWS_LAMBDA_LOG_LEVEL").unwrap_or_else(|| "INFO".to_owned());
        self.legal("AWS_LAMBDA_LOG_LEVEL", log_filter::of_lambda(&level))
    }

    /// Checks that credentials are set. The SDK reads them itself.
    pub(super) fn credentials(&mut self) {
        let mut missing = Vec::new();
        for name in CREDENTIALS {
            let known = self.problems.len();
            match self.optional(name) {
                None if name != SESSION_TOKEN && self.problems.len() == known => missing.push(name),
                // The message does not quote the value, because it is a secret.
                Some(value) if !value.chars().all(|c| c.is_ascii_graphic()) => {
                    self.problems.push(format!(
                        "{name} contains invalid characters, such as white space: export it again"
                    ));
                }
                _ => {}
            }
        }
        if !missing.is_empty() {
            self.problems.push(format!(
                "{} not set: Lambda sets these; on your machine, run `aws configure \
                 export-credentials --format env`, or use local-aws",
                missing.join(", ")
            ));
        }
    }

    /// Checks the variables on which the runtime client would otherwise panic.
    pub(super) fn lambda(&mut self) {
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
                    self.problems.push(format!("{name}: `{value}` is not a whole number of MB"));
                }
                _ => {}
            }
        }
        if !missing.is_empty() {
            self.problems.push(format!(
                "{} not set: Lambda sets these; on your machine, start the function with \
                 `cargo lambda watch`",
                missing.join(", ")
            ));
        }
    }
}

/// Lambda sets `host:port`, `cargo lambda watch` a URL.
fn names_a_host(text: &str) -> bool {
    let uri = text.parse::<Uri>();
    uri.is_ok_and(|uri| {
        uri.authority().is_some() && matches!(uri.scheme_str(), None | Some("http"))
    })
}

fn is_http_url(text: &str) -> bool {
    let uri = text.parse::<Uri>();
    uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

fn is_host_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}
