//! Signs requests.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

use crate::{dns_suffix, with_causes};

/// Where to send requests.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) region: String,
    /// Replaces AWS's endpoint.
    pub(crate) endpoint: Option<String>,
}

/// One request, not yet signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ObjectRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) headers: &'a [(&'a str, String)],
    pub(crate) body: &'a [u8],
}

impl Endpoint {
    /// Returns the signed request, or an error message.
    pub(crate) fn sign(
        &self,
        object: &ObjectRequest<'_>,
        credentials: Credentials,
    ) -> Result<HttpRequest, String> {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(now())
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?;
        let address = self.address(object);
        let mut request = http::Request::builder().method(object.method).uri(&address);
        for (name, value) in object.headers {
            request = request.header(*name, value);
        }
        let mut request =
            request.body(SdkBody::from(object.body)).map_err(|error| error.to_string())?;
        let body = SignableBody::Bytes(object.body);
        let signable = SignableRequest::new(object.method, address, std::iter::empty(), body);
        let signed = signable.and_then(|signable| sign(signable, &params.into()));
        let (instructions, _) = signed.map_err(|error| with_causes(&error))?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        HttpRequest::try_from(request).map_err(|error| error.to_string())
    }

    /// Returns the URL, in virtual-hosted style if possible. Other endpoints and buckets with dots in
    /// the name use path style: S3's certificate does not match host names with more dots.
    fn address(&self, object: &ObjectRequest<'_>) -> String {
        let (bucket, key) = (object.bucket, encoded(object.key, b"-._~/"));
        let mut address = if let Some(endpoint) = &self.endpoint {
            format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/'))
        } else {
            let host = format!("s3.{}.{}", self.region, dns_suffix(&self.region));
            if bucket.contains('.') {
                format!("https://{host}/{bucket}/{key}")
            } else {
                format!("https://{bucket}.{host}/{key}")
            }
        };
        for (index, (name, value)) in object.query.iter().enumerate() {
            address.push(if index == 0 { '?' } else { '&' });
            address.push_str(name);
            address.push('=');
            address.push_str(&encoded(value, b"-._~"));
        }
        address
    }
}

/// URL-encodes a text: everything except letters, digits and `unreserved` becomes `%XX`.
fn encoded(text: &str, unreserved: &[u8]) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || unreserved.contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[expect(clippy::disallowed_methods, reason = "signatures and credentials expire by the clock")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_objects_in_both_styles() {
        for (endpoint, region, bucket, key, query, address) in [
            (
                None,
                "eu-west-1",
                "bucket-a",
                "a b/ü+.flow",
                None,
                "https://bucket-a.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC%2B.flow",
            ),
            (
                None,
                "cn-north-1",
                "bucket.a",
                "k",
                None,
                "https://s3.cn-north-1.amazonaws.com.cn/bucket.a/k",
            ),
            (
                Some("http://127.0.0.1:4566/"),
                "eu-west-1",
                "bucket-a",
                "k/../l",
                None,
                "http://127.0.0.1:4566/bucket-a/k/../l",
            ),
            (
                None,
                "eu-west-1",
                "bucket-a",
                "",
                Some(("prefix", "a b/c&d")),
                "https://bucket-a.s3.eu-west-1.amazonaws.com/?prefix=a%20b%2Fc%26d",
            ),
        ] {
            let place =
                Endpoint { region: region.to_owned(), endpoint: endpoint.map(str::to_owned) };
            let (query, headers, body): (Vec<_>, _, _) = (query.into_iter().collect(), &[], &[]);
            let object = ObjectRequest { method: "GET", bucket, key, query: &query, headers, body };
            assert_eq!(place.address(&object), address);
        }
    }
}
