//! Two operations of S3, signed and sent with the SDK's own parts.
//!
//! AWS's client for S3 is not used: it turns features on in the SDK's shared parts, so that the SDK
//! for SageMaker would be built a second time, for minutes.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::error::{reason_of, with_causes};
use super::{Reason, ServiceError};
use crate::images;
use crate::values::{Region, S3Url};

/// Attempts in all, the first included.
const ATTEMPTS: u32 = 3;
/// Before the second attempt; the third waits twice as long.
const PAUSE: Duration = Duration::from_millis(500);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
pub(super) struct S3 {
    connector: SharedHttpConnector,
    credentials: Option<SharedCredentialsProvider>,
    region: Region,
    endpoint: Option<String>,
}

impl S3 {
    pub(super) fn new(
        config: &SdkConfig,
        connector: SharedHttpConnector,
        region: &Region,
        endpoint: Option<String>,
    ) -> Self {
        Self {
            connector,
            credentials: config.credentials_provider(),
            region: region.clone(),
            endpoint: endpoint.or_else(|| config.endpoint_url().map(str::to_owned)),
        }
    }

    pub(super) async fn get(&self, url: &S3Url) -> Result<Vec<u8>, ServiceError> {
        self.send("GET", url, &[], format!("reading {url}")).await
    }

    pub(super) async fn put(&self, url: &S3Url, bytes: &[u8]) -> Result<(), ServiceError> {
        self.send("PUT", url, bytes, format!("storing {url}")).await.map(drop)
    }

    /// Sends a request, again if the service or the connection fails.
    async fn send(
        &self,
        method: &str,
        url: &S3Url,
        body: &[u8],
        what: String,
    ) -> Result<Vec<u8>, ServiceError> {
        let mut attempt = 1;
        loop {
            let answer = self.attempt(method, url, body, &what);
            let answer = tokio::time::timeout(ATTEMPT_TIMEOUT, answer).await.unwrap_or_else(|_| {
                Err(ServiceError::new(&what, Reason::Unreachable, "S3 did not answer in time"))
            });
            match answer {
                Err(error)
                    if attempt < ATTEMPTS
                        && matches!(
                            error.reason(),
                            Reason::Unreachable | Reason::Fault | Reason::Throttled
                        ) =>
                {
                    tokio::time::sleep(PAUSE * attempt).await;
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn attempt(
        &self,
        method: &str,
        url: &S3Url,
        body: &[u8],
        what: &str,
    ) -> Result<Vec<u8>, ServiceError> {
        let request = self.request(method, url, body, what).await?;
        let answer =
            self.connector.call(request).await.map_err(|error| {
                ServiceError::new(what, Reason::Unreachable, with_causes(&error))
            })?;
        let status = answer.status().as_u16();
        let home = answer.headers().get("x-amz-bucket-region").map(str::to_owned);
        let bytes = ByteStream::new(answer.into_body())
            .collect()
            .await
            .map_err(|error| ServiceError::new(what, Reason::Unreachable, with_causes(&error)))?;
        let bytes = bytes.to_vec();
        match (status, home) {
            (200..=299, _) => Ok(bytes),
            (301 | 307 | 400, Some(home)) if home != self.region.as_str() => {
                let (bucket, region) = (url.bucket(), &self.region);
                let answer =
                    format!("the bucket {bucket} is in {home}, and the pipeline is in {region}");
                Err(ServiceError::new(what, Reason::Refused, answer))
            }
            _ => {
                let text = String::from_utf8_lossy(&bytes);
                let code = element(&text, "Code").unwrap_or("an error without a code");
                let message = element(&text, "Message").unwrap_or("no message");
                let answer = format!("{code}: {message} (HTTP {status})");
                Err(ServiceError::new(what, reason_of(code, message, status), answer))
            }
        }
    }

    /// A signed request.
    async fn request(
        &self,
        method: &str,
        url: &S3Url,
        body: &[u8],
        what: &str,
    ) -> Result<HttpRequest, ServiceError> {
        let denied = |answer: String| ServiceError::new(what, Reason::NoCredentials, answer);
        let provider = self
            .credentials
            .as_ref()
            .ok_or_else(|| denied("there are no credentials".to_owned()))?;
        let credentials =
            provider.provide_credentials().await.map_err(|error| denied(with_causes(&error)))?;
        let identity = credentials.into();
        let refused = |answer: String| ServiceError::new(what, Reason::Refused, answer);

        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region.as_str())
            .name("s3")
            .time(now())
            .settings(settings)
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let address = self.address(url);
        let mut request = http::Request::builder()
            .method(method)
            .uri(&address)
            .body(SdkBody::from(body))
            .map_err(|error| refused(error.to_string()))?;
        let signable =
            SignableRequest::new(method, address, std::iter::empty(), SignableBody::Bytes(body));
        let signed = signable.and_then(|signable| sign(signable, &params.into()));
        let (instructions, _) = signed.map_err(|error| refused(with_causes(&error)))?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        HttpRequest::try_from(request).map_err(|error| refused(error.to_string()))
    }

    /// The object's address: below the bucket's own host name, or, where that is not possible, in
    /// the path. A bucket whose name has dots has no host name that a certificate fits.
    fn address(&self, url: &S3Url) -> String {
        let (bucket, key) = (url.bucket(), encoded(url.key()));
        if let Some(endpoint) = &self.endpoint {
            return format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/'));
        }
        let host = format!("s3.{}.{}", self.region, images::dns_suffix(&self.region));
        if bucket.contains('.') {
            format!("https://{host}/{bucket}/{key}")
        } else {
            format!("https://{bucket}.{host}/{key}")
        }
    }
}

/// A key in a path: everything but unreserved characters and slashes as `%XX`.
fn encoded(key: &str) -> String {
    use std::fmt::Write;
    key.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// The text of an element of S3's error documents, which nest nothing.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

#[expect(clippy::disallowed_methods, reason = "a signature is valid for minutes, by the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::http::HttpConnectorSettings;

    use super::*;

    fn s3(endpoint: Option<&str>, region: &str) -> S3 {
        let config = SdkConfig::builder().build();
        let http = sdk_http_client::Client::new(sdk_http_client::TrustStore::of_files(&[]));
        let connector = http.connector(&HttpConnectorSettings::default());
        S3::new(&config, connector, &Region::new(region).unwrap(), endpoint.map(str::to_owned))
    }

    #[test]
    fn an_object_has_one_address() {
        for (endpoint, region, url, address) in [
            (
                None,
                "eu-west-1",
                "s3://bucket-a/a b/ü+.flow",
                "https://bucket-a.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC%2B.flow",
            ),
            (
                None,
                "cn-north-1",
                "s3://bucket.a/k",
                "https://s3.cn-north-1.amazonaws.com.cn/bucket.a/k",
            ),
            (
                Some("http://127.0.0.1:4566/"),
                "eu-west-1",
                "s3://bucket-a/k/../l",
                "http://127.0.0.1:4566/bucket-a/k/../l",
            ),
        ] {
            assert_eq!(s3(endpoint, region).address(&S3Url::new(url).unwrap()), address);
        }
    }
}
