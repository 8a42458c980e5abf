//! Tests the client against a server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod connections;
mod server;
mod timeouts;
mod trust;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::byte_stream::ByteStream;
use sdk_http_client::{Client, TrustStore};

/// Creates a client that trusts the tests' certificate authority.
pub(crate) fn client() -> Client {
    Client::new(TrustStore::of_files(&[test_endpoint::certificate("authority")]))
}

pub(crate) async fn get(client: &Client, url: &str) -> Result<u16, ConnectorError> {
    send(client, &HttpConnectorSettings::default(), HttpRequest::get(url).unwrap()).await
}

/// Sends a request, reads the response's body and returns its status.
pub(crate) async fn send(
    client: &Client,
    settings: &HttpConnectorSettings,
    request: HttpRequest,
) -> Result<u16, ConnectorError> {
    let answer = client.connector(settings).call(request).await?;
    let status = answer.status().as_u16();
    let body = ByteStream::new(answer.into_body()).collect().await.unwrap();
    assert_eq!(body.to_vec(), b"ok");
    Ok(status)
}
