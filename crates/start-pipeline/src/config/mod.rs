//! The function's configuration, read once at cold start.

mod environment;
mod log_filter;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use tracing_subscriber::filter::Targets;

use environment::Environment;

use crate::request::{ParameterName, PipelineName};

/// The parameter of our own pipelines that receives the URL.
const INPUT_PARAMETER_DEFAULT: &str = "InputDataUrl";

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
        environment.credentials();
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
