//! Reuse of connections.

use std::time::Duration;

use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::server::{Manner, Server};
use crate::{client, get, send};

const SOON: Duration = Duration::from_secs(5);

fn servers(manner: Manner) -> [Server; 2] {
    [Server::plain(manner), Server::tls("good", manner)]
}

#[tokio::test]
async fn reuses_connection() {
    for server in servers(Manner::Answer) {
        let client = client();
        for _ in 0..3 {
            get(&client, &server.url).await.unwrap();
        }
        assert_eq!(server.connections(), 1, "{}", server.url);
    }
}

#[tokio::test]
async fn first_request_uses_connection_opened_in_advance() {
    for server in servers(Manner::Answer) {
        let client = client();
        client.open(&server.url, SOON).await.unwrap();
        get(&client, &server.url).await.unwrap();
        get(&client, &server.url).await.unwrap();
        assert_eq!(server.connections(), 1, "{}", server.url);
    }
}

#[tokio::test]
async fn does_not_use_connection_closed_by_server() {
    for server in servers(Manner::CloseTheFirst) {
        let client = client();
        client.open(&server.url, SOON).await.unwrap();
        server.wait_until_closed();
        tokio::time::sleep(Duration::from_millis(1)).await; // lets the runtime poll the kernel
        assert_eq!(get(&client, &server.url).await.unwrap(), 200);
        assert_eq!(server.connections(), 2, "{}", server.url);
    }
}

#[tokio::test]
async fn uses_opened_connection_only_for_its_host() {
    let [opened, other] = servers(Manner::Answer);
    let client = client();
    client.open(&opened.url, SOON).await.unwrap();
    get(&client, &other.url).await.unwrap();
    get(&client, &opened.url).await.unwrap();
    assert_eq!((opened.connections(), other.connections()), (1, 1));
}

#[tokio::test]
async fn sends_requests_after_open_failed() {
    let client = client();
    for url in ["http://localhost:1", "https://localhost:1", "ftp://localhost:1", "", "no URL"] {
        client.open(url, SOON).await.unwrap_err();
    }
    let server = Server::plain(Manner::Answer);
    assert_eq!(get(&client, &server.url).await.unwrap(), 200);
}

#[tokio::test]
async fn does_not_reuse_poisoned_connection() {
    let server = Server::plain(Manner::Answer);
    let client = client();
    let capture = CaptureSmithyConnection::new();
    let mut request = HttpRequest::get(&server.url).unwrap();
    request.add_extension(capture.clone());
    send(&client, &HttpConnectorSettings::default(), request).await.unwrap();
    capture.get().unwrap().poison();
    get(&client, &server.url).await.unwrap();
    assert_eq!(server.connections(), 2);
}
