//! The real services.

use std::ffi::OsString;

use aws_config::BehaviorVersion;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use s3_object::S3;

use crate::failure::Failure;
use crate::job::Services;
use crate::store::FeatureStore;

/// Clients with region, credentials and endpoints from the environment.
///
/// # Errors
///
/// [`Failure`] if there is no region.
pub async fn connect(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Services<FeatureStore, S3>, Failure> {
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(https).load().await;
    let region = config.region().map(ToString::to_string).ok_or_else(|| {
        Failure::new("the region is not known", "set AWS_REGION to the feature group's region")
    })?;
    let endpoint = variable("AWS_ENDPOINT_URL_S3").and_then(|url| url.into_string().ok());
    let endpoint = endpoint.filter(|url| !url.is_empty());
    Ok(Services { store: FeatureStore::new(&config), objects: S3::new(&config, &region, endpoint) })
}
