//! The function's configuration, read once at cold start.

mod environment;
mod log_filter;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use tracing_subscriber::filter::Targets;

use environment::Environment;

use crate::request::{ParameterNames, PipelineNameOrArn};

/// The configuration of one function.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// `SM_PIPELINE_NAME`: the pipeline to start, by name or ARN.
    pub pipeline: PipelineNameOrArn,
    /// `INPUT_PARAMETER` and `VERSION_PARAMETER`: the pipeline parameters that receive the object's
    /// URL and version ID.
    pub parameter_names: ParameterNames,
    /// The SageMaker endpoint.
    pub endpoint: Endpoint,
    /// `RUST_LOG`, or `AWS_LAMBDA_LOG_LEVEL` if it is not set: the log filter.
    pub log_filter: Targets,
}

/// The SageMaker endpoint: the region's, unless a URL is set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// `AWS_REGION`, or `AWS_DEFAULT_REGION` if it is not set.
    pub region: String,
    /// `AWS_ENDPOINT_URL_SAGEMAKER`, or `AWS_ENDPOINT_URL` if it is not set: another endpoint, for
    /// example a local one.
    pub url: Option<String>,
    /// `AWS_USE_FIPS_ENDPOINT`: use the region's FIPS endpoint.
    pub use_fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`: use the region's endpoint for IPv4 and IPv6.
    pub use_dual_stack: bool,
}

/// The configuration is invalid. The message lists every invalid variable with its remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the function's environment variables are invalid: {}", .0.join("; "))]
pub struct InvalidConfig(Vec<String>);

impl InvalidConfig {
    /// Returns one sentence for each invalid variable.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl Config {
    /// Reads the configuration. `variable` returns the value of an environment variable.
    ///
    /// An empty value means "not set", because CloudFormation cannot omit a variable.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidConfig`] with every missing or invalid variable, not just the first.
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, InvalidConfig> {
        let mut environment = Environment { variable, problems: Vec::new() };
        let pipeline =
            environment.required("SM_PIPELINE_NAME", "set it to the pipeline's name or ARN");
        let pipeline = pipeline
            .and_then(|text| environment.legal("SM_PIPELINE_NAME", PipelineNameOrArn::new(text)));
        let parameter_names = environment.parameter_names();
        let endpoint = environment.endpoint();
        let log_filter = environment.log_filter();
        environment.credentials();
        environment.lambda();
        match (pipeline, parameter_names, endpoint, log_filter) {
            (Some(pipeline), Some(parameter_names), Some(endpoint), Some(log_filter))
                if environment.problems.is_empty() =>
            {
                Ok(Self { pipeline, parameter_names, endpoint, log_filter })
            }
            _ => Err(InvalidConfig(environment.problems)),
        }
    }
}
