//! A fake SageMaker endpoint on 127.0.0.1 that answers `StartPipelineExecution` over TLS.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::authority::Authority;
use crate::http::{Connection, Request};

const TARGET: &str = "SageMaker.StartPipelineExecution";

/// The endpoint, which runs until this process ends.
pub(crate) struct SageMaker {
    /// `https://localhost:<port>`.
    pub(crate) url: String,
    traffic: Arc<Mutex<Traffic>>,
}

/// The traffic that the endpoint received.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// The requests' bodies, in order of arrival.
    pub(crate) requests: Vec<Value>,
    /// Number of connections with a complete handshake.
    pub(crate) connections: usize,
    /// Problems with connections or requests.
    pub(crate) problems: Vec<String>,
}

impl SageMaker {
    pub(crate) fn start(authority: &Authority) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let url = format!("https://localhost:{}", listener.local_addr()?.port());
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let (tls, shared) = (Arc::clone(&authority.server), Arc::clone(&traffic));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, traffic) = (Arc::clone(&tls), Arc::clone(&shared));
                thread::spawn(move || {
                    if let Err(problem) = serve(stream, tls, &traffic) {
                        locked(&traffic).problems.push(format!("{problem:#}"));
                    }
                });
            }
        });
        Ok(Self { url, traffic })
    }

    /// Returns the traffic since the last call.
    pub(crate) fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut *locked(&self.traffic))
    }
}

/// Returns the ARN of the execution for `token`.
pub(crate) fn execution_arn(token: &str) -> String {
    let id = &token[..token.len().min(12)];
    format!("arn:aws:sagemaker:eu-west-1:111122223333:pipeline/ingest-abalone/execution/{id}")
}

fn locked(traffic: &Mutex<Traffic>) -> std::sync::MutexGuard<'_, Traffic> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: TcpStream, tls: Arc<ServerConfig>, traffic: &Mutex<Traffic>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut tls = StreamOwned::new(ServerConnection::new(tls)?, stream);
    tls.conn.complete_io(&mut tls.sock).context("the TLS handshake failed")?;
    locked(traffic).connections += 1;
    let mut connection = Connection::new(tls);
    loop {
        // A candidate that is killed at the end of its turn does not close TLS properly.
        let Ok(Some(request)) = connection.request() else { return Ok(()) };
        let (status, body) = match read(&request) {
            Ok((arn, body)) => {
                locked(traffic).requests.push(body);
                ("200 OK", json!({ "PipelineExecutionArn": arn }))
            }
            Err(problem) => {
                locked(traffic).problems.push(format!("{problem:#}"));
                let message = format!("{problem:#}");
                ("400 Bad Request", json!({ "__type": "ValidationException", "message": message }))
            }
        };
        let headers = "content-type: application/x-amz-json-1.1\r\n\
                       x-amzn-requestid: 4f6e3a0a-0000-4000-8000-000000000000\r\n";
        connection.answer(status, headers, &body.to_string())?;
    }
}

/// Checks a request. Returns the execution's ARN and the request's body.
fn read(request: &Request) -> Result<(String, Value)> {
    let target = request.header("x-amz-target").unwrap_or_default();
    ensure!(target == TARGET, "{} {}: the target is `{target}`", request.method, request.path);
    let authorization = request.header("authorization").unwrap_or_default();
    ensure!(authorization.starts_with("AWS4-HMAC-SHA256 "), "the request is not signed");
    let body: Value = serde_json::from_slice(&request.body).context("the body is not JSON")?;
    let Some(token) = body["ClientRequestToken"].as_str() else {
        bail!("the request has no ClientRequestToken");
    };
    Ok((execution_arn(token), body))
}
