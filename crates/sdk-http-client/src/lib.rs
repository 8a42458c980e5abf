//! An HTTP client for the AWS SDK: HTTP/1.1 over rustls and ring, with the system's trust store.
//!
//! It replaces the SDK's default client and needs less time and memory: it has no HTTP/2, which AWS's
//! control planes do not use, and it reads the trust store once, with a fast parser. It can also open
//! a connection before the first request. Like the SDK's client by default, it does not support HTTP
//! proxies.

mod connect;
mod error;
mod pem;
mod tls;
mod trust_store;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use connect::Connect;
pub use error::OpenError;
use error::connector_error;
pub use trust_store::TrustStore;

/// An HTTP client, which any number of SDK clients can share. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    connect: Connect,
    connectors: Arc<Mutex<Vec<(Timeouts, SharedHttpConnector)>>>,
}

/// The timeouts of a connector. Each combination has its own connector and connections.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Timeouts {
    /// Time limit for opening a connection.
    connect: Option<Duration>,
    /// Time limit from sending a request to receiving the response's head.
    read: Option<Duration>,
}

impl Client {
    /// Creates a client that trusts the authorities in `trust_store`.
    #[must_use]
    pub fn new(trust_store: TrustStore) -> Self {
        Self { connect: Connect::new(trust_store), connectors: Arc::default() }
    }

    /// Opens a connection to the host of `url`, for the first request to it within the next 5 s.
    /// Later requests open their own, because a machine may have slept in between, and a dead
    /// connection then looks like an idle one.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`] if the connection fails, or is not open after `timeout`. Later requests
    /// are not affected.
    pub async fn open(&self, url: &str, timeout: Duration) -> Result<(), OpenError> {
        let url = url.parse::<Uri>().map_err(|error| OpenError::new(error.into()))?;
        self.connect.within(Some(timeout)).open(url).await.map_err(OpenError::new)
    }

    /// Returns a connector, with which callers other than the SDK can send requests.
    #[must_use]
    pub fn connector(&self, settings: &HttpConnectorSettings) -> SharedHttpConnector {
        let timeouts =
            Timeouts { connect: settings.connect_timeout(), read: settings.read_timeout() };
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = connectors.iter().find(|(of, _)| *of == timeouts) {
            return connector.clone();
        }
        let connector = SharedHttpConnector::new(Connector::new(&self.connect, timeouts));
        connectors.push((timeouts, connector.clone()));
        connector
    }
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.connector(settings)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some("1.x".into())))
    }
}

/// A pool of connections with the same timeouts.
#[derive(Debug)]
struct Connector {
    pool: legacy::Client<Connect, SdkBody>,
    read_timeout: Option<Duration>,
}

impl Connector {
    fn new(connect: &Connect, timeouts: Timeouts) -> Self {
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connect.within(timeouts.connect));
        Self { pool, read_timeout: timeouts.read }
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let answer = self.pool.request(request);
        let read_timeout = self.read_timeout;
        HttpConnectorFuture::new(async move {
            let answer = match read_timeout {
                None => answer.await,
                Some(timeout) => tokio::time::timeout(timeout, answer)
                    .await
                    .map_err(|elapsed| ConnectorError::timeout(elapsed.into()))?,
            };
            let answer = answer.map_err(connector_error)?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Returns the metadata with which the SDK can stop the reuse of a connection after a service fault.
fn metadata(captured: &CaptureConnection) -> Option<ConnectionMetadata> {
    captured.connection_metadata().as_ref()?;
    let captured = captured.clone();
    let poison = move || {
        if let Some(connection) = captured.connection_metadata().as_ref() {
            connection.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}
