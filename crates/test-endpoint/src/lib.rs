//! For tests: an HTTP endpoint on loopback that replaces AWS.
//!
//! The real SDK connects to it over a socket, so a test sees the exact bytes, and the endpoint can cut
//! the connection. The SDK's own test clients enable more features of its crates, so cargo would build
//! them twice.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// One request, as received.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// Everything before the body.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Returns the value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut line = line.filter(|(header, _)| header.eq_ignore_ascii_case(name));
        line.next().map(|(_, value)| value.trim())
    }

    /// Returns the operation in `X-Amz-Target`.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.header("x-amz-target").and_then(|target| target.split('.').nth(1))
    }
}

/// The endpoint's reaction to one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A response: status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A reply that waits until the gate is open.
    Held(Gate, Box<Reply>),
    /// A response whose body ends after the given number of bytes.
    Broken(Box<Reply>, usize),
    /// Closes the connection without a response.
    Cut,
    /// Sends bytes that are not HTTP.
    NotHttp,
}

impl Reply {
    /// Creates a JSON response.
    #[must_use]
    pub fn json(status: u16, body: &(impl ToString + ?Sized)) -> Self {
        let headers = vec![("content-type", "application/x-amz-json-1.1".to_owned())];
        Self::Answer(status, headers, body.to_string().into_bytes())
    }

    /// Creates a response without headers of its own.
    #[must_use]
    pub fn bytes(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer(status, Vec::new(), body.into())
    }
}

/// Holds a reply back until the gate is opened. Unlike a delay, this does not depend on the machine's
/// speed. Clones share the gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Opens the gate.
    ///
    /// # Panics
    ///
    /// If a thread of the endpoint has panicked.
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// An endpoint that records all requests. A function decides on the replies.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    received: Arc<Mutex<Vec<Request>>>,
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

impl Endpoint {
    /// Starts an endpoint. It runs until the test process ends.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start("http://127.0.0.1", handler, None)
    }

    /// Starts an endpoint that uses TLS with a [`certificate`].
    ///
    /// # Panics
    ///
    /// If the certificate does not exist, or no port is free.
    pub fn tls(
        certificate: &str,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start("https://localhost", handler, Some(server_config(certificate)))
    }

    fn start(
        host: &str,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{host}:{}", listener.local_addr().unwrap().port());
        let received = Arc::new(Mutex::new(Vec::new()));
        let handler: Arc<Handler> = Arc::new(handler);
        let record = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (handler, record) = (Arc::clone(&handler), Arc::clone(&record));
                let (stream, tls) = (stream.unwrap(), tls.clone());
                thread::spawn(move || match tls {
                    None => serve(stream, &*handler, &record),
                    Some(tls) => serve(encrypted(stream, tls), &*handler, &record),
                });
            }
        });
        Self { url, received }
    }

    /// Returns the endpoint's URL, `http://127.0.0.1:<port>` or `https://localhost:<port>`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the requests so far.
    ///
    /// # Panics
    ///
    /// If a thread of the endpoint has panicked.
    pub fn received(&self) -> MutexGuard<'_, Vec<Request>> {
        self.received.lock().unwrap()
    }
}

/// Returns the file of a test certificate: `authority`, or a server certificate. `good`, `expired` and
/// `other-host` are signed by the authority, `self-signed` is not.
#[must_use]
pub fn certificate(name: &str) -> PathBuf {
    format!("{}/certificates/{name}.pem", env!("CARGO_MANIFEST_DIR")).into()
}

/// Returns the TLS configuration of a server with a [`certificate`].
///
/// # Panics
///
/// If the certificate does not exist.
#[must_use]
pub fn server_config(name: &str) -> Arc<ServerConfig> {
    let chain = CertificateDer::from_pem_file(certificate(name)).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificate("key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.unwrap().with_no_client_auth().with_single_cert(vec![chain], key);
    Arc::new(config.unwrap())
}

/// Returns a TLS connection. A client that rejects the certificate closes it.
fn encrypted(stream: TcpStream, tls: Arc<ServerConfig>) -> impl Read + Write {
    StreamOwned::new(ServerConnection::new(tls).unwrap(), stream)
}

fn serve(mut stream: impl Read + Write, handler: &Handler, record: &Mutex<Vec<Request>>) {
    while let Some(request) = read(&mut stream) {
        record.lock().unwrap().push(request.clone());
        let mut reply = handler(&request);
        let mut most = usize::MAX;
        let (status, headers, body) = loop {
            reply = match reply {
                Reply::Held(gate, reply) => {
                    gate.wait();
                    *reply
                }
                Reply::Broken(reply, bytes) => {
                    most = bytes;
                    *reply
                }
                Reply::Answer(status, headers, body) => break (status, headers, body),
                Reply::Cut => return,
                Reply::NotHttp => {
                    let _ = stream.write_all(b"\x00\xff this is not HTTP\r\n\r\n");
                    return;
                }
            };
        };
        let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers: String = headers.collect();
        let length = body.len();
        let head = format!("HTTP/1.1 {status} -\r\n{headers}content-length: {length}\r\n\r\n");
        let sent = if request.method == "HEAD" { 0 } else { length.min(most) };
        // The client may have closed the connection.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body[..sent]));
        if most < length {
            return;
        }
    }
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        if let httparse::Status::Complete(head) = request.parse(&bytes).unwrap() {
            let length =
                request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
            let length = length.map_or("0", |header| str::from_utf8(header.value).unwrap());
            let end = head + length.parse::<usize>().unwrap();
            if bytes.len() >= end {
                return Some(Request {
                    method: request.method.unwrap().to_owned(),
                    path: request.path.unwrap().to_owned(),
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
