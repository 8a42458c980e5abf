//! `DescribeFeatureGroup`, the one operation of `SageMaker`'s own API that the job needs: a request
//! signed and sent by hand. The SDK for that API takes minutes and gigabytes to build.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use s3_object::with_causes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::aws::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, wrong};
use super::endpoint::endpoint;
use super::{Reason, StoreError};
use crate::feature_group::{Feature, FeatureGroup, FeatureType};

/// The client for `DescribeFeatureGroup`.
#[derive(Debug, Clone)]
pub(super) struct Describer {
    connector: SharedHttpConnector,
    credentials: Option<SharedCredentialsProvider>,
    region: String,
    endpoint: String,
}

/// One page of the answer, as far as it is needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    feature_group_status: Option<String>,
    failure_reason: Option<String>,
    record_identifier_feature_name: Option<String>,
    event_time_feature_name: Option<String>,
    feature_definitions: Option<Vec<Definition>>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    feature_name: String,
    feature_type: String,
    collection_type: Option<String>,
}

impl Describer {
    /// A client with this configuration's region, credentials and endpoint.
    pub(super) fn new(config: &SdkConfig) -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
        Self {
            connector: SharedHttpConnector::new(connector.build()),
            credentials: config.credentials_provider(),
            region: config.region().map(ToString::to_string).unwrap_or_default(),
            endpoint: endpoint(config),
        }
    }

    /// The group, with the features of all pages.
    pub(super) async fn describe(&self, group: &str) -> Result<FeatureGroup, StoreError> {
        let mut features = Vec::new();
        let mut token = None::<String>;
        loop {
            let page = self.page(group, token.as_deref());
            let page = tokio::time::timeout(ATTEMPT_TIMEOUT, page).await;
            let page = page.unwrap_or_else(|_| Err(late(ATTEMPT_TIMEOUT)))?;
            features.extend(page.feature_definitions.unwrap_or_default().into_iter().map(feature));
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) if token.as_ref() == Some(&next) => {
                    return Err(wrong("the list of features begins again and again"));
                }
                Some(next) => token = Some(next),
                None => {
                    return Ok(FeatureGroup {
                        name: group.to_owned(),
                        status: page.feature_group_status.unwrap_or_default(),
                        failure: page.failure_reason,
                        record_identifier: page.record_identifier_feature_name.unwrap_or_default(),
                        event_time: page.event_time_feature_name.unwrap_or_default(),
                        features,
                    });
                }
            }
        }
    }

    async fn page(&self, group: &str, token: Option<&str>) -> Result<Page, StoreError> {
        let mut body = json!({ "FeatureGroupName": group });
        if let Some(token) = token {
            body["NextToken"] = token.into();
        }
        let unknown =
            |answer: String| StoreError::new(Reason::NoCredentials, "no credentials", answer);
        let provider = self.credentials.as_ref();
        let provider = provider.ok_or_else(|| unknown("there are none".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| unknown(with_causes(&error)))?;
        let request = self.request(&body.to_string(), credentials).map_err(|problem| {
            StoreError::new(Reason::Refused, "a request that cannot be made", problem)
        })?;
        let answer = self.connector.call(request).await.map_err(|error| unreachable(&error))?;
        let status = answer.status().as_u16();
        let code = answer.headers().get("x-amzn-errortype").map(str::to_owned);
        let bytes = ByteStream::new(answer.into_body()).collect().await;
        let bytes = bytes.map_err(|error| unreachable(&error))?.to_vec();
        if (200..300).contains(&status) {
            return serde_json::from_slice(&bytes).map_err(|error| wrong(&error.to_string()));
        }
        Err(reported(code.as_deref(), &bytes, status))
    }

    /// The request, signed. The error is a sentence.
    fn request(&self, body: &str, credentials: Credentials) -> Result<HttpRequest, String> {
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("sagemaker")
            .time(now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?;
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "SageMaker.DescribeFeatureGroup"),
        ];
        let address = format!("{}/", self.endpoint.trim_end_matches('/'));
        let mut request = http::Request::builder().method("POST").uri(&address);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(SdkBody::from(body)).map_err(|error| error.to_string())?;
        let bytes = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new("POST", address, headers.into_iter(), bytes);
        let signed = signable.and_then(|signable| sign(signable, &params.into()));
        let (instructions, _) = signed.map_err(|error| with_causes(&error))?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        HttpRequest::try_from(request).map_err(|error| error.to_string())
    }
}

fn feature(definition: Definition) -> Feature {
    let kind = match (definition.collection_type, definition.feature_type.as_str()) {
        (Some(collection), kind) => FeatureType::Other(format!("{collection} of {kind}")),
        (None, "Integral") => FeatureType::Integral,
        (None, "Fractional") => FeatureType::Fractional,
        (None, "String") => FeatureType::String,
        (None, other) => FeatureType::Other(other.to_owned()),
    };
    Feature { name: definition.feature_name, kind }
}

/// An error as the service writes it: the code in a header or in the body, maybe with a namespace
/// before and an address behind it.
fn reported(code: Option<&str>, body: &[u8], status: u16) -> StoreError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = code.or_else(|| text("__type")).or_else(|| text("code"));
    let code = code.and_then(|code| code.split(':').next()?.rsplit('#').next());
    let message = text("message").or_else(|| text("Message"));
    StoreError::reported(
        code.unwrap_or("an error without a code"),
        message.unwrap_or("no message"),
        Some(status),
    )
}

fn unreachable(error: &dyn std::error::Error) -> StoreError {
    StoreError::new(Reason::Unreachable, "no answer", with_causes(error))
}

fn late(limit: Duration) -> StoreError {
    let message = format!("there was none within {} s", limit.as_secs());
    StoreError::new(Reason::Unreachable, "no answer", message)
}

#[expect(clippy::disallowed_methods, reason = "a signature is valid for minutes, by the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errors_code_is_found_wherever_it_is_written() {
        for (header, body, code, message) in [
            (None, r#"{"__type":"ResourceNotFound","Message":"m"}"#, "ResourceNotFound", "m"),
            (
                None,
                r#"{"__type":"com.amazonaws.sagemaker#ResourceNotFound","message":"m"}"#,
                "ResourceNotFound",
                "m",
            ),
            (Some("ThrottlingException:http://x/"), "{}", "ThrottlingException", "no message"),
            (None, "<html>", "an error without a code", "no message"),
            (None, "", "an error without a code", "no message"),
        ] {
            let error = reported(header, body.as_bytes(), 400);
            assert_eq!(error.to_string(), format!("{code}: {message}"));
        }
    }
}
