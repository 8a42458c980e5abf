//! Timeouts.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::server::{Manner, Server};
use crate::{client, send};

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn times_out_while_connecting() {
    let server = Server::tls("good", Manner::Silent);
    let settings = HttpConnectorSettings::builder().connect_timeout(SHORT).build();
    let error = send(&client(), &settings, HttpRequest::get(&server.url).unwrap()).await;
    assert!(error.unwrap_err().is_timeout());
    client().open(&server.url, SHORT).await.unwrap_err();
}

#[tokio::test]
async fn times_out_while_waiting_for_response() {
    let server = Server::plain(Manner::Silent);
    let settings = HttpConnectorSettings::builder().read_timeout(SHORT).build();
    let error = send(&client(), &settings, HttpRequest::get(&server.url).unwrap()).await;
    assert!(error.unwrap_err().is_timeout());
}
