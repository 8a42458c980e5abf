//! Fakes of SageMaker: an implementation of the trait, and an HTTP endpoint for the real SDK.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use lambda_runtime::{Context, LambdaEvent};
use sdk_http_client::TrustStore;
use serde_json::Value;
use start_pipeline::{
    Answer, ExecutionArn, Failure, Handler, Metrics, ParameterName, ParameterNames,
    PipelineNameOrArn, SageMaker, StartError, StartExecution, StartRequest,
};
use test_endpoint::Request;
pub(crate) use test_endpoint::{Gate, Reply};

pub(crate) const PIPELINE: &str = "ingest-abalone";

/// Starts executions in memory, one for each token, as SageMaker does.
#[derive(Default, Clone)]
pub(crate) struct FakeStarter {
    pub(crate) started: Arc<Mutex<Vec<StartRequest>>>,
    pub(crate) by_token: Arc<Mutex<HashMap<String, ExecutionArn>>>,
    /// The call with this number takes so long that no time is left for another.
    pub(crate) lingers_at: Option<usize>,
}

impl StartExecution for FakeStarter {
    async fn start(
        &self,
        request: &StartRequest,
        time_left: Duration,
    ) -> Result<ExecutionArn, StartError> {
        self.started.lock().unwrap().push(request.clone());
        if self.lingers_at == Some(self.started.lock().unwrap().len()) {
            // Leaves 2 s, which is less than the time limit for one attempt.
            thread::sleep(time_left.saturating_sub(Duration::from_secs(2)));
        }
        let mut by_token = self.by_token.lock().unwrap();
        let number = by_token.len();
        let arn = by_token.entry(request.token.to_string());
        Ok(arn.or_insert_with(|| ExecutionArn::new(format!("arn:execution/{number}"))).clone())
    }
}

/// Collects what is written to it.
#[derive(Default, Clone)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn json(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A handler that uses a given starter, and the metrics that it writes.
pub(crate) struct Function<S> {
    handler: Handler<S, Lines>,
    pub(crate) metrics: Lines,
}

impl<S: StartExecution> Function<S> {
    pub(crate) fn new(starter: S) -> Self {
        let metrics = Lines::default();
        let pipeline = PipelineNameOrArn::new(PIPELINE).unwrap();
        let written = Metrics::new(&pipeline, metrics.clone());
        Self { handler: Handler::new(pipeline, parameter_names(), starter, written), metrics }
    }

    pub(crate) async fn invoke(&self, payload: &str) -> Result<Answer, Failure> {
        self.invoke_within(payload, Duration::from_secs(30)).await
    }

    pub(crate) async fn invoke_within(
        &self,
        payload: &str,
        time: Duration,
    ) -> Result<Answer, Failure> {
        let mut context = Context::default();
        "8476a536-e9f4-11e8-9739-2dfe598c3fcd".clone_into(&mut context.request_id);
        context.deadline = deadline_in(time);
        self.handler.handle(LambdaEvent::new(Some(payload.to_owned()), context)).await
    }
}

/// Returns the parameters of this project's pipelines.
pub(crate) fn parameter_names() -> ParameterNames {
    ParameterNames {
        url: ParameterName::new("InputDataUrl").unwrap(),
        version: Some(ParameterName::new("InputDataVersion").unwrap()),
    }
}

#[expect(clippy::disallowed_methods, reason = "Lambda sends deadlines as wall-clock time")]
fn deadline_in(time: Duration) -> u64 {
    let deadline = std::time::SystemTime::now() + time;
    let since_epoch = deadline.duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since_epoch.as_millis()).unwrap()
}

/// Reads a sample event.
pub(crate) fn sample(file: &str) -> String {
    let path = format!("{}/../../events/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn started() -> Reply {
    Reply::json(200, &format!("{{\"PipelineExecutionArn\":\"{ARN}\"}}"))
}

pub(crate) fn error(status: u16, code: &str) -> Reply {
    Reply::json(status, &format!("{{\"__type\":\"{code}\",\"message\":\"as the test wants it\"}}"))
}

pub(crate) const ARN: &str =
    "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/ingest-abalone/execution/abcdefghijkl";

/// One request, as received.
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// An HTTP or HTTPS endpoint that records requests and answers them with the given replies, in order.
/// It closes the connection of any further request, which makes the test fail.
pub(crate) struct Endpoint(test_endpoint::Endpoint);

impl Endpoint {
    pub(crate) fn new(replies: Vec<Reply>) -> Self {
        Self(test_endpoint::Endpoint::new(in_their_order(replies)))
    }

    /// Starts an HTTPS endpoint on `localhost` that presents the certificate of this name.
    pub(crate) fn tls(certificate: &str, replies: Vec<Reply>) -> Self {
        Self(test_endpoint::Endpoint::tls(certificate, in_their_order(replies)))
    }

    pub(crate) fn sagemaker(&self) -> SageMaker {
        sagemaker_at(self.0.url())
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        let received = |request: &Request| Received {
            head: request.head.clone(),
            body: serde_json::from_slice(&request.body).unwrap(),
        };
        self.0.received().iter().map(received).collect()
    }
}

fn in_their_order(replies: Vec<Reply>) -> impl Fn(&Request) -> Reply + Send + Sync {
    let replies = Mutex::new(VecDeque::from(replies));
    move |_| replies.lock().unwrap().pop_front().unwrap_or(Reply::Cut)
}

/// Creates a client of the real SDK for `url`, with as many attempts as the function's and shorter
/// backoff.
pub(crate) fn sagemaker_at(url: &str) -> SageMaker {
    let retry = RetryConfig::standard().with_max_attempts(3);
    let trust_store = TrustStore::of_files(&[test_endpoint::certificate("authority")]);
    let config = aws_sdk_sagemaker::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
        .http_client(sdk_http_client::Client::new(trust_store))
        .retry_config(retry.with_initial_backoff(Duration::from_millis(5)))
        .build();
    SageMaker::new(Client::from_conf(config))
}
