//! The real SDK and the real client for S3, over a socket: what is sent, and what becomes of each kind
//! of answer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's way to fail")]

#[path = "wire/objects.rs"]
mod objects;
#[path = "wire/program.rs"]
mod program;
#[path = "wire/store.rs"]
mod store;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sagemakerfeaturestoreruntime::config::{Credentials, SharedCredentialsProvider};
use sdk_http_client::{Client, TrustStore};
use test_endpoint::Endpoint;

/// What requests are sent with; no test here needs a certificate.
pub(crate) fn http() -> Client {
    Client::new(TrustStore::of_files(&[]))
}

/// Clients' configuration, pointed at an endpoint.
pub(crate) fn config(endpoint: &Endpoint) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-west-1"))
        .endpoint_url(endpoint.url())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http())
        .build()
}
