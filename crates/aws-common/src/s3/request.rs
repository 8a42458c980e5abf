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

use super::endpoint::{Endpoint, Target};
use crate::with_causes;

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

/// How requests are sent.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) endpoint: Endpoint,
    /// Whether the requester pays for requests to the buckets of others.
    pub(crate) requester_pays: bool,
}

impl Sender {
    /// Returns the signed request, or an error message.
    pub(crate) fn sign(
        &self,
        object: &ObjectRequest<'_>,
        credentials: Credentials,
    ) -> Result<HttpRequest, String> {
        let target = self.endpoint.of(object.bucket)?;
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&target.region)
            .name("s3")
            .time(now())
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?;
        let address = address(&target, object);
        let payer = self.requester_pays.then_some(("x-amz-request-payer", "requester"));
        let headers = object.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<_> = headers.chain(payer).collect();
        let mut request = http::Request::builder().method(object.method).uri(&address);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let mut request =
            request.body(SdkBody::from(object.body)).map_err(|error| error.to_string())?;
        let body = SignableBody::Bytes(object.body);
        let signable = SignableRequest::new(object.method, address, headers.into_iter(), body);
        let signed = signable.and_then(|signable| sign(signable, &params.into()));
        let (instructions, _) = signed.map_err(|error| with_causes(&error))?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        HttpRequest::try_from(request).map_err(|error| error.to_string())
    }
}

/// Returns the URL of an object. The key is part of the path as it is: S3 does not resolve `..`.
fn address(target: &Target, object: &ObjectRequest<'_>) -> String {
    let mut address = format!("{}{}", target.url, encoded(object.key, b"-._~/"));
    for (index, (name, value)) in object.query.iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        address.push_str(&encoded(value, b"-._~"));
    }
    address
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
    fn encodes_keys_and_queries() {
        let url = "https://bucket-a.s3.eu-west-1.amazonaws.com/".to_owned();
        let target = Target { url, region: "eu-west-1".to_owned() };
        for (key, query, expected) in [
            ("a b/ü+.flow", &[][..], "a%20b/%C3%BC%2B.flow"),
            ("k/../l//m", &[], "k/../l//m"),
            ("", &[("prefix", "a b/c&d")], "?prefix=a%20b%2Fc%26d"),
            ("k", &[("versionId", "3/L+ "), ("x", "y")], "k?versionId=3%2FL%2B%20&x=y"),
        ] {
            let (method, bucket, headers, body) = ("GET", "bucket-a", &[], &[]);
            let object = ObjectRequest { method, bucket, key, query, headers, body };
            assert_eq!(address(&target, &object), format!("{}{expected}", target.url));
        }
    }
}
