//! The AWS SDK's HTTP client in all programs here: HTTP/1.1 over rustls and ring, with the system's
//! trust store.
//!
//! It does what the SDK's own client does, in less: AWS's control planes speak no HTTP/2, the trust
//! store is read once and quickly, and a connection can be opened before there is a request for it.
//! HTTP proxies are not supported, as they are not by the SDK's own client unless it is told to.

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

/// A client for any number of the SDK's clients. Its clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    connect: Connect,
    connectors: Arc<Mutex<Vec<(Timeouts, SharedHttpConnector)>>>,
}

/// What makes a connector of its own, with connections of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Timeouts {
    /// Longest that a connection may take to be made.
    connect: Option<Duration>,
    /// Longest from a request to the head of its answer.
    read: Option<Duration>,
}

impl Client {
    /// A client that trusts the authorities of `trust_store`.
    #[must_use]
    pub fn new(trust_store: TrustStore) -> Self {
        Self { connect: Connect::new(trust_store), connectors: Arc::default() }
    }

    /// Opens a connection to the host of `url`, which the first request to it within 5 s takes. A
    /// later one makes its own: after a machine has slept, nothing tells a dead connection from one
    /// that is only silent.
    ///
    /// # Errors
    ///
    /// If there is no connection after `timeout`, or no good one. Requests are not affected.
    pub async fn open(&self, url: &str, timeout: Duration) -> Result<(), OpenError> {
        let url = url.parse::<Uri>().map_err(|error| OpenError::new(error.into()))?;
        self.connect.within(Some(timeout)).open(url).await.map_err(OpenError::new)
    }

    /// What sends requests, for callers that are not of the SDK.
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

/// A pool of connections with the same time-outs.
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

/// What the SDK wants of a connection: after a fault of the service it asks that the connection be
/// not used again.
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
