//! Reads the environment variable by variable, and collects what is wrong with them.

use std::ffi::OsString;
use std::str::FromStr;

use http::Uri;
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::Endpoint;

/// The credentials, which Lambda sets; on a laptop, whoever starts the function.
const CREDENTIALS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// What Lambda's runtime client needs; Lambda sets it, and so does `cargo lambda watch`.
const SET_BY_LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

/// The environment, and one sentence for each variable at fault.
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

    pub(super) fn log_filter(&mut self) -> Option<Targets> {
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

    /// Checks that there are credentials; the SDK reads them itself.
    pub(super) fn credentials(&mut self) {
        let missing: Vec<&str> =
            CREDENTIALS.into_iter().filter(|name| self.optional(name).is_none()).collect();
        if !missing.is_empty() {
            self.problems.push(format!(
                "{} not set: Lambda sets these; on your own machine run `aws configure \
                 export-credentials --format env`, or use local-aws",
                missing.join(", ")
            ));
        }
    }

    /// Checks what the runtime client would otherwise panic about.
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
