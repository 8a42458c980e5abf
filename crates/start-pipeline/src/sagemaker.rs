//! Implements [`StartExecution`] with the AWS SDK.

use std::error::Error;
use std::time::Duration;

use aws_common::{ErrorClass, with_causes};
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_sagemaker::config::retry::RetryConfig;
use aws_sdk_sagemaker::config::timeout::TimeoutConfig;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemaker::operation::start_pipeline_execution::StartPipelineExecutionError;
use aws_sdk_sagemaker::types::Parameter;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use sdk_http_client::TrustStore;

use crate::config::Endpoint;
use crate::excerpt::excerpt;
use crate::request::{ParameterName, StartRequest};
use crate::start::{ATTEMPT_TIMEOUT, ExecutionArn, Reason, StartError, StartExecution};

/// Time limit for opening a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum length of SageMaker's message in errors, in characters.
const MESSAGE_MAX: usize = 1000;
/// Number of attempts, including the first. The SDK waits between them.
const ATTEMPTS: u32 = 3;

/// Calls SageMaker through the AWS SDK, with its signing, standard retries and timeouts.
#[derive(Debug, Clone)]
pub struct SageMaker(Client);

type CallError = SdkError<StartPipelineExecutionError, HttpResponse>;

impl SageMaker {
    /// Uses `client`. Each call overrides its timeouts.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// Creates a client and opens a connection for the first call. A failed connection is only
    /// logged.
    ///
    /// Credentials come from environment variables, which Lambda sets. Other sources are never used
    /// in Lambda, and would add 380 KB to the package.
    pub async fn connect(endpoint: Endpoint) -> Self {
        let http = sdk_http_client::Client::new(TrustStore::system());
        // During initialization, the function has more CPU, and no invocation waits for it.
        if let Err(error) = open(&http, &endpoint).await {
            let error = with_causes(&*error);
            tracing::warn!(error, "no connection to SageMaker during initialization");
        }
        let mut config = aws_sdk_sagemaker::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(endpoint.region))
            .use_fips(endpoint.use_fips)
            .use_dual_stack(endpoint.use_dual_stack)
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        config.set_endpoint_url(endpoint.url);
        Self::new(Client::from_conf(config.build()))
    }
}

/// Opens a connection to the endpoint that the SDK's rules determine.
async fn open(
    http: &sdk_http_client::Client,
    endpoint: &Endpoint,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let params = Params::builder()
        .region(endpoint.region.as_str())
        .use_fips(endpoint.use_fips)
        .use_dual_stack(endpoint.use_dual_stack)
        .set_endpoint(endpoint.url.clone())
        .build()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await?;
    Ok(http.open(endpoint.url(), CONNECT_TIMEOUT).await?)
}

impl StartExecution for SageMaker {
    async fn start(
        &self,
        request: &StartRequest,
        time_left: Duration,
    ) -> Result<ExecutionArn, StartError> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(time_left)
            .build();
        let parameter = |(name, value): (&ParameterName, &str)| {
            Parameter::builder().name(name.as_str()).value(value).build()
        };
        let parameters = request.parameters().map(parameter).collect();
        let answer = self
            .0
            .start_pipeline_execution()
            .pipeline_name(request.pipeline.as_str())
            .client_request_token(request.token.as_str())
            .pipeline_execution_display_name(request.display_name.as_str())
            .pipeline_execution_description(request.description.as_str())
            .set_pipeline_parameters(Some(parameters))
            .customize()
            .config_override(aws_sdk_sagemaker::config::Builder::new().timeout_config(timeouts))
            .send()
            .await
            .map_err(|error| start_error(request, error))?;
        let arn = answer.pipeline_execution_arn.filter(|arn| !arn.is_empty());
        arn.map(ExecutionArn::new).ok_or_else(|| {
            StartError::new(Reason::ServiceFault, "SageMaker's response has no execution ARN")
        })
    }
}

fn start_error(request: &StartRequest, error: CallError) -> StartError {
    let reason = reason(&error);
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    let answer = match (error.as_service_error(), status) {
        (Some(service), Some(status)) => format!(
            "{}: {}",
            service.code().map_or_else(|| format!("HTTP status {status}"), str::to_owned),
            service.message().unwrap_or("no message"),
        ),
        (_, Some(status)) => format!("HTTP status {status}: {}", with_causes(&error)),
        _ => with_causes(&error),
    };
    let answer = excerpt(&answer, MESSAGE_MAX);
    let message = format!("pipeline {} was not started: {answer}", request.pipeline);
    StartError::new(reason, message).with_source(error)
}

fn reason(error: &CallError) -> Reason {
    match error {
        SdkError::TimeoutError(_) => Reason::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Reason::TimedOut,
        SdkError::DispatchFailure(_) => Reason::ConnectionFailed,
        SdkError::ResponseError(answer) => reason_of_status(answer.raw().status().as_u16()),
        SdkError::ServiceError(answer) => {
            let class = answer.err().code().and_then(ErrorClass::of_code);
            class.map_or_else(|| reason_of_status(answer.raw().status().as_u16()), reason_of_class)
        }
        _ => Reason::UnknownError,
    }
}

fn reason_of_class(class: ErrorClass) -> Reason {
    match class {
        ErrorClass::Limit => Reason::ExecutionLimit,
        ErrorClass::Conflict => Reason::Conflict,
        ErrorClass::NotFound => Reason::PipelineNotFound,
        ErrorClass::Throttled => Reason::Throttled,
        ErrorClass::Fault => Reason::ServiceFault,
        ErrorClass::Unreachable => Reason::TimedOut,
        ErrorClass::Denied => Reason::AccessDenied,
        ErrorClass::Refused => Reason::RequestRefused,
        _ => Reason::UnknownError,
    }
}

/// Determines the reason for a response without a known error code. A 404 without one does not come
/// from SageMaker.
fn reason_of_status(status: u16) -> Reason {
    match ErrorClass::of_status(status) {
        None | Some(ErrorClass::NotFound) => Reason::UnknownError,
        Some(class) => reason_of_class(class),
    }
}
