//! Whoever says nothing is given up.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::server::{Manner, Server};
use crate::{client, send};

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_connection_that_is_not_made_in_time_is_a_time_out() {
    let server = Server::tls("good", Manner::Silent);
    let settings = HttpConnectorSettings::builder().connect_timeout(SHORT).build();
    let error = send(&client(), &settings, HttpRequest::get(&server.url).unwrap()).await;
    assert!(error.unwrap_err().is_timeout());
    client().open(&server.url, SHORT).await.unwrap_err();
}

#[tokio::test]
async fn an_answer_that_does_not_begin_in_time_is_a_time_out() {
    let server = Server::plain(Manner::Silent);
    let settings = HttpConnectorSettings::builder().read_timeout(SHORT).build();
    let error = send(&client(), &settings, HttpRequest::get(&server.url).unwrap()).await;
    assert!(error.unwrap_err().is_timeout());
}
