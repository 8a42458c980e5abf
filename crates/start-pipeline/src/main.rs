//! The Lambda function: reads the configuration, sets up logging and the client, and runs the handler
//! of the library.

use std::process::ExitCode;

use http::Uri;
use lambda_runtime::tower::util::MapRequestLayer;
use lambda_runtime::{LambdaInvocation, Runtime, service_fn};
use lambda_runtime_api_client::{BoxError, PooledClient, body::Body, build_request};
use serde_json::json;
use start_pipeline::{Config, Handler, InvalidConfig, Metrics, SageMaker};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match Config::from_variables(|name| std::env::var_os(name)) {
        Ok(config) => config,
        Err(invalid) => {
            log_to_stdout(Targets::new().with_default(LevelFilter::INFO));
            tracing::error!(error = %invalid, "the function cannot start");
            if let Err(error) = report_init_error(&invalid).await {
                tracing::error!(%error, "the initialization error could not be reported to Lambda");
            }
            return ExitCode::FAILURE;
        }
    };
    log_to_stdout(config.log_filter);
    let metrics = Metrics::new(&config.pipeline, std::io::stdout());
    let sagemaker = SageMaker::connect(config.endpoint).await;
    let handler = Handler::new(config.pipeline, config.parameter_names, sagemaker, metrics);
    let handler = &handler;
    let runtime = Runtime::new(service_fn(async |event| handler.handle(event).await));
    match runtime.layer(MapRequestLayer::new(payload_as_text)).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}

/// Replaces the payload with a JSON string that contains it, or with null if it is not UTF-8, so that
/// the handler parses it. The runtime would ignore text after the first JSON value, and would not
/// count invalid JSON as a failure.
fn payload_as_text(mut invocation: LambdaInvocation) -> LambdaInvocation {
    invocation.body = json!(str::from_utf8(&invocation.body).ok()).to_string().into();
    invocation
}

fn log_to_stdout(filter: Targets) {
    // The runtime would log each failure again, at level ERROR whatever its class.
    let filter = filter.with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    tracing_subscriber::registry().with(lines.with_span_list(false).with_filter(filter)).init();
}

/// Reports to Lambda why the function cannot start, so that the invocation's error contains it.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>
async fn report_init_error(invalid: &InvalidConfig) -> Result<(), BoxError> {
    let runtime_api = std::env::var_os("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    let endpoint = Uri::try_from(runtime_api.as_encoded_bytes()).unwrap_or_default();
    if endpoint.authority().is_none() {
        return Ok(()); // not in Lambda; the error is already logged
    }
    let error = json!({ "errorType": "InvalidConfig", "errorMessage": invalid.to_string() });
    let request = build_request()
        .method("POST")
        .uri("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", "Runtime.InvalidConfig")
        .body(Body::from(error.to_string()))?;
    PooledClient::builder().with_endpoint(endpoint).build().call(request).await?;
    Ok(())
}
