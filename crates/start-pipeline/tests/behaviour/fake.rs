//! Stands in for SageMaker: once as the trait, once as an HTTP endpoint for the real SDK.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use lambda_runtime::{Context, LambdaEvent};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sdk_http_client::TrustStore;
use serde_json::Value;
use start_pipeline::{
    Answer, ExecutionArn, Failure, Handler, Metrics, ParameterName, PipelineName, SageMaker,
    StartError, StartExecution, StartRequest,
};

pub(crate) const PIPELINE: &str = "ingest-abalone";

/// Starts executions in memory, one a token, as SageMaker does.
#[derive(Default, Clone)]
pub(crate) struct FakeStarter {
    pub(crate) started: Arc<Mutex<Vec<StartRequest>>>,
    pub(crate) by_token: Arc<Mutex<HashMap<String, ExecutionArn>>>,
    pub(crate) takes: Duration,
}

impl StartExecution for FakeStarter {
    async fn start(&self, request: &StartRequest, _: Duration) -> Result<ExecutionArn, StartError> {
        thread::sleep(self.takes);
        self.started.lock().unwrap().push(request.clone());
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

/// A handler around `starter`, with the metrics that it writes.
pub(crate) struct Function<S> {
    handler: Handler<S, Lines>,
    pub(crate) metrics: Lines,
}

impl<S: StartExecution> Function<S> {
    pub(crate) fn new(starter: S) -> Self {
        let metrics = Lines::default();
        let pipeline = PipelineName::new(PIPELINE).unwrap();
        let parameter = ParameterName::new("InputDataUrl").unwrap();
        let written = Metrics::new(&pipeline, metrics.clone());
        Self { handler: Handler::new(pipeline, parameter, starter, written), metrics }
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
        self.handler.handle(LambdaEvent::new(payload.to_owned(), context)).await
    }
}

#[expect(clippy::disallowed_methods, reason = "Lambda gives deadlines by the clock")]
fn deadline_in(time: Duration) -> u64 {
    let deadline = std::time::SystemTime::now() + time;
    let since_epoch = deadline.duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since_epoch.as_millis()).unwrap()
}

/// A sample event's text.
pub(crate) fn sample(file: &str) -> String {
    let path = format!("{}/../../events/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the endpoint does with a request.
pub(crate) enum Reply {
    Answer(u16, String),
    AnswerLate(Duration, u16, String),
    Cut,
    CutInsideTheAnswer,
    NotHttp,
}

impl Reply {
    pub(crate) fn started() -> Self {
        Self::Answer(200, format!("{{\"PipelineExecutionArn\":\"{ARN}\"}}"))
    }

    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::Answer(
            status,
            format!("{{\"__type\":\"{code}\",\"message\":\"as the test wants it\"}}"),
        )
    }
}

pub(crate) const ARN: &str =
    "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/ingest-abalone/execution/abcdefghijkl";

/// One request as it came over the wire.
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// An HTTP or HTTPS endpoint that answers the real SDK with one reply a request, in their order, and records
/// the requests. A request beyond the replies is cut off, and so fails the test.
pub(crate) struct Endpoint {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

/// A file of the certificates that are kept for the tests of the SDK's HTTP client.
fn certificate(name: &str) -> PathBuf {
    let folder = "../sdk-http-client/tests/behaviour/certificates";
    format!("{}/{folder}/{name}.pem", env!("CARGO_MANIFEST_DIR")).into()
}

impl Endpoint {
    /// An endpoint that is elsewhere, or nowhere.
    pub(crate) fn at(url: &str) -> Self {
        Self { url: url.to_owned(), received: Arc::default() }
    }

    pub(crate) fn new(replies: Vec<Reply>) -> Self {
        Self::start("http", replies, None)
    }

    /// An endpoint on `localhost` that shows the certificate of this name.
    pub(crate) fn tls(name: &str, replies: Vec<Reply>) -> Self {
        let chain = CertificateDer::from_pem_file(certificate(name)).unwrap();
        let key = PrivateKeyDer::from_pem_file(certificate("key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        Self::start("https", replies, Some(Arc::new(tls)))
    }

    fn start(scheme: &str, replies: Vec<Reply>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
        let received = Arc::new(Mutex::new(Vec::new()));
        let replies = Arc::new(Mutex::new(VecDeque::from(replies)));
        let record = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (replies, record) = (Arc::clone(&replies), Arc::clone(&record));
                let (stream, tls) = (stream.unwrap(), tls.clone());
                thread::spawn(move || match tls {
                    None => serve(stream, &replies, &record),
                    Some(tls) => {
                        let tls = ServerConnection::new(tls).unwrap();
                        serve(StreamOwned::new(tls, stream), &replies, &record);
                    }
                });
            }
        });
        Self { url, received }
    }

    /// The real SDK, pointed here, with the function's number of attempts and shorter pauses.
    pub(crate) fn sagemaker(&self) -> SageMaker {
        let trust_store = TrustStore::of_files(&[certificate("authority")]);
        let config = aws_sdk_sagemaker::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&self.url)
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .http_client(sdk_http_client::Client::new(trust_store))
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(3)
                    .with_initial_backoff(Duration::from_millis(5)),
            )
            .build();
        SageMaker::new(Client::from_conf(config))
    }

    pub(crate) fn received(&self) -> std::sync::MutexGuard<'_, Vec<Received>> {
        self.received.lock().unwrap()
    }
}

fn serve(
    mut stream: impl Read + Write,
    replies: &Mutex<VecDeque<Reply>>,
    record: &Mutex<Vec<Received>>,
) {
    while let Some(request) = read_request(&mut stream) {
        record.lock().unwrap().push(request);
        let reply = replies.lock().unwrap().pop_front().unwrap_or(Reply::Cut);
        let (status, body) = match reply {
            Reply::Answer(status, body) => (status, body),
            Reply::AnswerLate(wait, status, body) => {
                thread::sleep(wait);
                (status, body)
            }
            Reply::Cut => return,
            Reply::NotHttp => {
                let _ = stream.write_all(b"\x00\xff this is not HTTP\r\n\r\n");
                return;
            }
            Reply::CutInsideTheAnswer => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"Pipe");
                return;
            }
        };
        let answer = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/x-amz-json-1.1\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        // The client may have given up waiting.
        let _ = stream.write_all(answer.as_bytes());
    }
}

fn read_request(stream: &mut impl Read) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        if let httparse::Status::Complete(head) = request.parse(&bytes).unwrap() {
            let length =
                request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
            let length = length.map_or("0", |header| std::str::from_utf8(header.value).unwrap());
            let end = head + length.parse::<usize>().unwrap();
            if bytes.len() >= end {
                return Some(Received {
                    head: String::from_utf8(bytes[..head].to_vec()).unwrap(),
                    body: serde_json::from_slice(&bytes[head..end]).unwrap(),
                });
            }
        }
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}
