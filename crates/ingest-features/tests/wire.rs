//! Tests of the real SDK and the real S3 client over a socket: the requests, and the handling of each
//! kind of response.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

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

/// Returns an HTTP client without certificates.
pub(crate) fn http() -> Client {
    Client::new(TrustStore::of_files(&[]))
}

/// Returns a client configuration for an endpoint.
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
