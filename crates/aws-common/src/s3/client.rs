//! The S3 client. Retries requests if the service or the connection fails.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::byte_stream::ByteStream;

use super::endpoint::Endpoint;
use super::error::S3Error;
use super::list::element;
use super::request::{ObjectRequest, Sender, now};
use crate::{ErrorClass, ObjectUrl, RetryPolicy, with_causes};

pub(crate) const RETRIES: RetryPolicy =
    RetryPolicy { attempts: 3, first: Duration::from_secs(1), longest: Duration::from_secs(2) };
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum time for S3 to respond, and for a download to make no progress.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Credentials are renewed this long before they expire.
const RENEWED_BEFORE: Duration = Duration::from_mins(5);

/// A client for objects in S3, in one region.
#[derive(Debug, Clone)]
pub struct S3 {
    connector: SharedHttpConnector,
    credentials: Option<SharedCredentialsProvider>,
    /// The credentials of the last request. The provider may be a service, so it is not called each time.
    cached: Arc<Mutex<Option<Credentials>>>,
    sender: Sender,
}

impl S3 {
    /// Creates a client for `region` with the configuration's credentials. It sends requests through
    /// `http`. `endpoint` overrides the configuration's endpoint. Uses FIPS and dual-stack endpoints if
    /// the configuration says so.
    #[must_use]
    pub fn new(
        config: &SdkConfig,
        http: &sdk_http_client::Client,
        region: &str,
        endpoint: Option<String>,
    ) -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
        Self {
            connector: http.connector(&settings),
            credentials: config.credentials_provider(),
            cached: Arc::default(),
            sender: Sender {
                endpoint: Endpoint {
                    region: region.to_owned(),
                    url: endpoint.or_else(|| config.endpoint_url().map(str::to_owned)),
                    use_fips: config.use_fips().unwrap_or_default(),
                    use_dual_stack: config.use_dual_stack().unwrap_or_default(),
                },
                requester_pays: false,
            },
        }
    }

    /// Returns a client that pays for its requests to the buckets of others, if their owners do not:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html>
    #[must_use]
    pub fn with_requester_pays(mut self, requester_pays: bool) -> Self {
        self.sender.requester_pays = requester_pays;
        self
    }

    /// Returns an object's bytes.
    ///
    /// # Errors
    ///
    /// [`S3Error`] after at most three attempts. The same applies to all methods.
    pub async fn get(&self, url: &ObjectUrl) -> Result<Vec<u8>, S3Error> {
        let (bucket, key) = (url.bucket(), url.key());
        let object =
            ObjectRequest { method: "GET", bucket, key, query: &[], headers: &[], body: &[] };
        self.send(&object, &format!("reading {url}")).await
    }

    /// Stores an object of at most 5 GiB.
    ///
    /// # Errors
    ///
    /// [`S3Error`], as for [`get`](Self::get).
    pub async fn put(&self, url: &ObjectUrl, body: &[u8]) -> Result<(), S3Error> {
        let (bucket, key) = (url.bucket(), url.key());
        let object = ObjectRequest { method: "PUT", bucket, key, query: &[], headers: &[], body };
        self.send(&object, &format!("storing {url}")).await.map(drop)
    }

    /// Sends a request with retries, and reads the whole response.
    pub(crate) async fn send(
        &self,
        object: &ObjectRequest<'_>,
        what: &str,
    ) -> Result<Vec<u8>, S3Error> {
        let mut failed = 0;
        loop {
            let answer = async { read(self.attempt(object, what).await?, what).await };
            // A request's body gets an additional second for each MiB.
            let limit = ANSWER_TIMEOUT + Duration::from_secs(object.body.len() as u64 >> 20);
            let answer = tokio::time::timeout(limit, answer).await;
            match answer.unwrap_or_else(|_| Err(timed_out(what))) {
                Err(error) if error.is_transient() => {
                    failed += 1;
                    let Some(pause) = RETRIES.pause(failed) else { return Err(error) };
                    tokio::time::sleep(pause).await;
                }
                answer => return answer,
            }
        }
    }

    async fn credentials(&self, what: &str) -> Result<Credentials, S3Error> {
        let denied = |answer: String| S3Error::new(what, ErrorClass::NoCredentials, answer);
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(credentials) = cached.filter(is_fresh) {
            return Ok(credentials);
        }
        let provider = self.credentials.as_ref();
        let provider = provider.ok_or_else(|| denied("there are no credentials".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| denied(with_causes(&error)))?;
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials.clone());
        Ok(credentials)
    }

    /// Sends a request once. Returns a successful response, whose body is yet to be read.
    pub(crate) async fn attempt(
        &self,
        object: &ObjectRequest<'_>,
        what: &str,
    ) -> Result<HttpResponse, S3Error> {
        let credentials = self.credentials(what).await?;
        let request = self.sender.sign(object, credentials);
        let request = request.map_err(|error| S3Error::new(what, ErrorClass::Refused, error))?;
        let answer =
            self.connector.call(request).await.map_err(|error| {
                S3Error::new(what, ErrorClass::Unreachable, with_causes(&error))
            })?;
        let status = answer.status().as_u16();
        let bucket_region = answer.headers().get("x-amz-bucket-region").map(str::to_owned);
        match (status, bucket_region) {
            (200..=299, _) => Ok(answer),
            (301 | 307 | 400, Some(bucket_region))
                if bucket_region != self.sender.endpoint.region =>
            {
                let (bucket, region) = (object.bucket, &self.sender.endpoint.region);
                let answer = format!("the bucket {bucket} is in {bucket_region}, not in {region}");
                Err(S3Error::new(what, ErrorClass::Refused, answer))
            }
            _ if answer.headers().get("x-amz-delete-marker") == Some("true") => {
                let answer =
                    format!("the object was deleted: this is a delete marker (HTTP {status})");
                Err(S3Error::new(what, ErrorClass::Deleted, answer))
            }
            _ => {
                let bytes = read(answer, what).await?;
                let text = String::from_utf8_lossy(&bytes);
                let code = element(&text, "Code");
                let code = code.as_deref().unwrap_or("no error code");
                let message = element(&text, "Message");
                let message = message.as_deref().unwrap_or("no message");
                let answer = format!("{code}: {message} (HTTP {status})");
                Err(S3Error::new(what, ErrorClass::of(code, Some(status)), answer))
            }
        }
    }
}

/// Returns whether credentials are valid for another request. Some never expire.
fn is_fresh(credentials: &Credentials) -> bool {
    credentials.expiry().is_none_or(|end| now() + RENEWED_BEFORE < end)
}

/// Reads the whole body of a response.
async fn read(answer: HttpResponse, what: &str) -> Result<Vec<u8>, S3Error> {
    let bytes = ByteStream::new(answer.into_body()).collect().await;
    let bytes =
        bytes.map_err(|error| S3Error::new(what, ErrorClass::Unreachable, with_causes(&error)))?;
    Ok(bytes.to_vec())
}

pub(crate) fn timed_out(what: &str) -> S3Error {
    S3Error::new(what, ErrorClass::Unreachable, "S3 did not respond in time")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::SystemTime;

    use aws_credential_types::provider::future;
    use sdk_http_client::{Client, TrustStore};

    use super::*;

    #[derive(Debug)]
    struct Counting {
        calls: Arc<AtomicUsize>,
        end: Option<SystemTime>,
    }

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.calls.fetch_add(1, Ordering::Relaxed);
            future::ProvideCredentials::ready(Ok(Credentials::new(
                "a", "s", None, self.end, "test",
            )))
        }
    }

    async fn calls_for_three_requests(lifetime: Option<Duration>) -> usize {
        let calls = Arc::new(AtomicUsize::new(0));
        let end = lifetime.map(|lifetime| now() + lifetime);
        let provider = SharedCredentialsProvider::new(Counting { calls: Arc::clone(&calls), end });
        let config = SdkConfig::builder().credentials_provider(provider).build();
        let http = Client::new(TrustStore::of_files(&[]));
        let s3 = S3::new(&config, &http, "eu-west-1", None);
        for _ in 0..3 {
            s3.clone().credentials("reading").await.unwrap();
        }
        calls.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn renews_credentials_only_shortly_before_they_expire() {
        assert_eq!(calls_for_three_requests(None).await, 1);
        assert_eq!(calls_for_three_requests(Some(Duration::from_hours(1))).await, 1);
        assert_eq!(calls_for_three_requests(Some(Duration::from_mins(1))).await, 3);
    }
}
