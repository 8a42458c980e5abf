//! Implements [`Store`] with the AWS SDK.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sagemaker::Client as SageMaker;
use aws_sdk_sagemaker::config::retry::RetryConfig;
use aws_sdk_sagemaker::config::timeout::TimeoutConfig;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemaker::types::FeatureDefinition;
use aws_sdk_sagemakerfeaturestoreruntime::Client as Runtime;
use aws_sdk_sagemakerfeaturestoreruntime::operation::batch_write_record::BatchWriteRecordOutput;
use aws_sdk_sagemakerfeaturestoreruntime::types::{BatchWriteRecordEntry, FeatureValue};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::{BatchAnswer, ErrorClass, Record, Store, StoreError, Value};
use crate::feature_group::{Feature, FeatureGroup, FeatureType};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum duration of one attempt: well within the two minutes that `SageMaker` gives a stopped job to
/// end.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// Feature Store, and the part of `SageMaker` that describes its groups.
#[derive(Debug, Clone)]
pub struct FeatureStore {
    sagemaker: SageMaker,
    runtime: Runtime,
}

impl FeatureStore {
    /// Creates clients with this configuration, but without retries: the caller retries, and counts.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let config = config
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .build();
        Self { sagemaker: SageMaker::new(&config), runtime: Runtime::new(&config) }
    }
}

impl Store for FeatureStore {
    async fn describe(&self, group: &str) -> Result<FeatureGroup, StoreError> {
        let mut features = Vec::new();
        let mut token = None::<String>;
        loop {
            let page = self
                .sagemaker
                .describe_feature_group()
                .feature_group_name(group)
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|error| store_error(&error))?;
            features.extend(page.feature_definitions.unwrap_or_default().into_iter().map(feature));
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) if token.as_ref() == Some(&next) => {
                    return Err(wrong("the pages of the feature list repeat"));
                }
                Some(next) => token = Some(next),
                None => {
                    let status = page.feature_group_status;
                    let configured = page.offline_store_config.is_some();
                    let offline = page.offline_store_status.filter(|_| configured);
                    return Ok(FeatureGroup {
                        name: group.to_owned(),
                        status: status.map_or_else(String::new, |s| s.as_str().to_owned()),
                        failure: page.failure_reason,
                        offline_status: offline
                            .as_ref()
                            .and_then(|store| Some(store.status.as_ref()?.as_str().to_owned())),
                        offline_blocked: offline.and_then(|store| store.blocked_reason),
                        record_identifier: page.record_identifier_feature_name.unwrap_or_default(),
                        event_time: page.event_time_feature_name.unwrap_or_default(),
                        features,
                    });
                }
            }
        }
    }

    async fn batch_write(
        &self,
        group: &str,
        records: &[Record],
    ) -> Result<BatchAnswer, StoreError> {
        let entry = |record| {
            let entry = BatchWriteRecordEntry::builder().feature_group_name(group);
            entry.set_record(Some(values(record))).build()
        };
        let entries = records.iter().map(entry).collect();
        let answer = self.runtime.batch_write_record().set_entries(Some(entries)).send().await;
        by_place(&answer.map_err(|error| store_error(&error))?, records)
    }

    async fn put(&self, group: &str, record: &Record) -> Result<(), StoreError> {
        let request = self.runtime.put_record().feature_group_name(group);
        let answer = request.set_record(Some(values(record))).send().await;
        answer.map(drop).map_err(|error| store_error(&error))
    }
}

fn values(record: &Record) -> Vec<FeatureValue> {
    let value = |(name, value): &Value| {
        FeatureValue::builder().feature_name(&**name).value_as_string(value).build()
    };
    record.values().map(value).collect()
}

fn feature(definition: FeatureDefinition) -> Feature {
    let kind = definition.feature_type.map_or_else(String::new, |kind| kind.as_str().to_owned());
    let kind = match (definition.collection_type, kind.as_str()) {
        (Some(collection), kind) => FeatureType::Other(format!("{collection} of {kind}")),
        (None, "Integral") => FeatureType::Integral,
        (None, "Fractional") => FeatureType::Fractional,
        (None, "String") => FeatureType::String,
        (None, other) => FeatureType::Other(other.to_owned()),
    };
    Feature { name: definition.feature_name.unwrap_or_default(), kind }
}

/// Finds the index of each failed entry in the batch, by its identifier and event time. If the response
/// has an entry that was not sent, it is unknown which records were written: returns an error.
fn by_place(
    answer: &BatchWriteRecordOutput,
    records: &[Record],
) -> Result<BatchAnswer, StoreError> {
    let key = |record: &Record| [&record.identifier, &record.event_time].map(Value::clone);
    let mut places: HashMap<_, _> = records.iter().map(key).zip(0..).collect();
    let mut place_of = |entry: &BatchWriteRecordEntry| {
        let record = records.first()?;
        let value = |(name, _): &Value| {
            let value = entry.record().iter().find(|v| v.feature_name() == Some(&**name))?;
            Some((Arc::clone(name), value.value_as_string()?.to_owned()))
        };
        places.remove(&[value(&record.identifier)?, value(&record.event_time)?])
    };
    let mut place_of =
        |entry| place_of(entry).ok_or_else(|| wrong("the response has an entry that was not sent"));
    let mut places = BatchAnswer::default();
    for error in answer.errors() {
        let entry =
            error.entry().ok_or_else(|| wrong("the response has an error without an entry"))?;
        let code = error.error_code().unwrap_or("no error code");
        let message = error.error_message().unwrap_or("no message");
        places.refused.push((place_of(entry)?, StoreError::reported(code, message, None)));
    }
    for entry in answer.unprocessed_entries() {
        places.unprocessed.push(place_of(entry)?);
    }
    Ok(places)
}

fn wrong(problem: &str) -> StoreError {
    StoreError::new(ErrorClass::Fault, "invalid response", problem)
}

fn store_error<E>(error: &SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let SdkError::ServiceError(answer) = error {
        let (code, message) = (answer.err().code(), answer.err().message());
        let code = code.unwrap_or("no error code");
        let status = answer.raw().status().as_u16();
        return StoreError::reported(code, message.unwrap_or("no message"), Some(status));
    }
    let (class, causes) = ErrorClass::without_response(error);
    let code = match class {
        ErrorClass::NoCredentials => "no credentials",
        ErrorClass::Fault => "invalid response",
        ErrorClass::Refused => "invalid request",
        _ => "no response",
    };
    StoreError::new(class, code, causes)
}
