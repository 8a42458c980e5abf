//! A fake AWS: an HTTP endpoint for the real SDK, and the binary configured to use it.

use std::collections::VecDeque;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sagemaker::config::{Credentials, SharedCredentialsProvider, retry::RetryConfig};
use ingestion_pipeline::service::Aws;
use ingestion_pipeline::values::Region;
use serde_json::{Value, json};
use test_endpoint::Request;
pub(crate) use test_endpoint::{Gate, Reply};

use crate::fixture;

pub(crate) const PIPELINE: &str = "s3-fs-ingest-pipeline-p-abcdefghijkl";
pub(crate) const ARN: &str =
    "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/s3-fs-ingest-pipeline-p-abcdefghijkl";

/// One request of the program.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// The SageMaker operation, or the S3 method and path.
    pub(crate) operation: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    fn new(request: &Request) -> Self {
        let s3 = || format!("{} {}", request.method, request.path);
        let (head, body) = (request.head.clone(), request.body.clone());
        Self { operation: request.target().map_or_else(s3, str::to_owned), head, body }
    }

    pub(crate) fn json(&self) -> Value {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap();
        if let Some(token) = body.get_mut("ClientRequestToken") {
            *token = json!("TOKEN");
        }
        body
    }
}

/// An endpoint that expects certain requests in order. Other requests are cut off and recorded, so that
/// the test's check of the received requests fails.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    endpoint: test_endpoint::Endpoint,
}

type Script = VecDeque<(&'static str, Reply)>;

impl Endpoint {
    pub(crate) fn new(script: Vec<(&'static str, Reply)>) -> Self {
        let script = Mutex::new(Script::from(script));
        let endpoint = test_endpoint::Endpoint::new(move |request| {
            let operation = Received::new(request).operation;
            let mut script = script.lock().unwrap();
            let expected = script.front().is_some_and(|(name, _)| operation.starts_with(name));
            let reply = if expected { script.pop_front().map(|(_, reply)| reply) } else { None };
            reply.unwrap_or(Reply::Cut)
        });
        Self { url: endpoint.url().to_owned(), endpoint }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.endpoint.received().iter().map(Received::new).collect()
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        self.received().iter().map(|request| request.operation.clone()).collect()
    }

    /// Returns the binary's command with this endpoint and example credentials.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingestion-pipeline"));
        command
            .args(arguments)
            .env_clear()
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .current_dir(fixture(""))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Returns the library's clients with this endpoint and shorter pauses.
    pub(crate) fn aws(&self) -> Aws {
        let retry = RetryConfig::standard().with_initial_backoff(Duration::from_millis(5));
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let http = sdk_http_client::Client::new(sdk_http_client::TrustStore::of_files(&[]));
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http.clone())
            .retry_config(retry.with_max_attempts(3))
            .build();
        Aws::new(&config, &http, &Region::new("eu-west-1").unwrap(), None)
    }
}

/// Returns the exit code and the output of a run.
pub(crate) fn transcript(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!(
        "exit code: {}\n----- stdout\n{}----- stderr\n{}",
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr)
    )
}

pub(crate) fn not_found() -> Reply {
    error(400, "ResourceNotFound", "Pipeline 'arn' does not exist.")
}

#[expect(clippy::needless_pass_by_value, reason = "so that calls read like their answers")]
pub(crate) fn answer(body: Value) -> Reply {
    Reply::json(200, &body)
}

pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "__type": code, "message": message }))
}
