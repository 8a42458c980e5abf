//! Connects to AWS.

use std::ffi::OsString;

use aws_common::S3;
use aws_config::BehaviorVersion;
use sdk_http_client::{Client, TrustStore};
use terminal_text::Failure;

use crate::job::Services;
use crate::store::FeatureStore;

/// Creates clients with region, credentials and endpoints from the environment. `requester_pays` is
/// whether to pay for requests to S3 buckets whose owners let the requester pay.
///
/// # Errors
///
/// [`Failure`] if no region is set.
pub async fn connect(
    variable: impl Fn(&str) -> Option<OsString>,
    requester_pays: bool,
) -> Result<Services<FeatureStore, S3>, Failure> {
    let http = Client::new(TrustStore::system());
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
    let config = config.load().await;
    let region = config.region().map(ToString::to_string).ok_or_else(|| {
        Failure::new("no AWS region is set", "set AWS_REGION to the feature group's region")
    })?;
    let endpoint = variable("AWS_ENDPOINT_URL_S3").and_then(|url| url.into_string().ok());
    let endpoint = endpoint.filter(|url| !url.is_empty());
    let objects = S3::new(&config, &http, &region, endpoint).with_requester_pays(requester_pays);
    Ok(Services { store: FeatureStore::new(&config), objects })
}
