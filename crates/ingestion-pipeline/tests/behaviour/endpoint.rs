//! Stands in for AWS: an HTTP endpoint that answers the real SDK, and a binary that is pointed there.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sagemaker::config::{Credentials, SharedCredentialsProvider, retry::RetryConfig};
use ingestion_pipeline::service::Aws;
use ingestion_pipeline::values::Region;
use serde_json::{Value, json};

use crate::fixture;

pub(crate) const PIPELINE: &str = "s3-fs-ingest-pipeline-p-abcdefghijkl";
pub(crate) const ARN: &str =
    "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/s3-fs-ingest-pipeline-p-abcdefghijkl";

/// What the endpoint does with one request.
pub(crate) enum Reply {
    Json(Value),
    Error(u16, &'static str, &'static str),
    Bytes(u16, Vec<u8>),
    /// After so long.
    Late(Duration, Value),
    Cut,
}

/// One request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// The operation of SageMaker, or the method and path of S3.
    pub(crate) operation: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap();
        if let Some(token) = body.get_mut("ClientRequestToken") {
            *token = json!("TOKEN");
        }
        body
    }
}

/// An endpoint that expects these requests in this order. Another request is cut off and recorded, and
/// so fails the test, which looks at what was received.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

type Script = VecDeque<(&'static str, Reply)>;

impl Endpoint {
    pub(crate) fn new(script: Vec<(&'static str, Reply)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(Mutex::new(Script::from(script)));
        let record = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, record) = (Arc::clone(&script), Arc::clone(&record));
                thread::spawn(move || serve(stream.unwrap(), &script, &record));
            }
        });
        Self { url, received }
    }

    pub(crate) fn received(&self) -> MutexGuard<'_, Vec<Received>> {
        self.received.lock().unwrap()
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        self.received().iter().map(|request| request.operation.clone()).collect()
    }

    /// The binary, pointed here, with the credentials of an example.
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

    /// The library's clients, pointed here, with shorter pauses.
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

/// The streams and the exit code of a run.
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
    Reply::Error(400, "ResourceNotFound", "Pipeline 'arn' does not exist.")
}

fn serve(mut stream: TcpStream, script: &Mutex<Script>, record: &Mutex<Vec<Received>>) {
    while let Some(request) = read_request(&mut stream) {
        record.lock().unwrap().push(request.clone());
        let mut script = script.lock().unwrap();
        let expected = script.front().is_some_and(|(name, _)| request.operation.starts_with(name));
        let reply = if expected { script.pop_front().map(|(_, reply)| reply) } else { None };
        drop(script);
        let (status, body) = match reply {
            Some(Reply::Late(pause, value)) => {
                thread::sleep(pause);
                (200, value.to_string().into_bytes())
            }
            Some(Reply::Json(value)) => (200, value.to_string().into_bytes()),
            Some(Reply::Error(status, code, message)) => {
                let body = json!({ "__type": code, "message": message });
                (status, body.to_string().into_bytes())
            }
            Some(Reply::Bytes(status, body)) => (status, body),
            Some(Reply::Cut) | None => return,
        };
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/x-amz-json-1.1\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        // The client may have given up waiting.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    }
}

fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        if let httparse::Status::Complete(head) = request.parse(&bytes).unwrap() {
            let header = |name: &str| {
                let header = request.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name));
                header.map(|header| std::str::from_utf8(header.value).unwrap())
            };
            let end = head + header("content-length").map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end {
                let s3 = || format!("{} {}", request.method.unwrap(), request.path.unwrap());
                let target = header("x-amz-target").and_then(|target| target.split('.').nth(1));
                return Some(Received {
                    operation: target.map_or_else(s3, str::to_owned),
                    head: String::from_utf8(bytes[..head].to_vec()).unwrap(),
                    body: bytes[head..end].to_vec(),
                });
            }
        }
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}
