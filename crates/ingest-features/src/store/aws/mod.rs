//! Implements [`Store`] with the AWS SDK.

mod groups;
mod records;

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sagemaker::Client as SageMaker;
use aws_sdk_sagemaker::config::retry::RetryConfig;
use aws_sdk_sagemaker::config::timeout::TimeoutConfig;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemakerfeaturestoreruntime::Client as Runtime;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::{BatchAnswer, Creation, Destination, ErrorClass, Record, Store, StoreError};
use crate::feature_group::{FeatureGroup, NewGroup};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum duration of one attempt: well within the two minutes that `SageMaker` gives a stopped job to
/// end.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// Feature Store, and the part of `SageMaker` that manages its groups.
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
            features.extend(page.feature_definitions().iter().map(groups::feature));
            match page.next_token().filter(|next| !next.is_empty()) {
                Some(next) if token.as_deref() == Some(next) => {
                    return Err(wrong("the pages of the feature list repeat"));
                }
                Some(next) => token = Some(next.to_owned()),
                None => return Ok(groups::group(group, page, features)),
            }
        }
    }

    async fn create(&self, group: &NewGroup) -> Result<Creation, StoreError> {
        let options = &group.options;
        let definitions = group.features.iter().map(groups::definition).collect();
        let request = self
            .sagemaker
            .create_feature_group()
            .feature_group_name(&group.name)
            .record_identifier_feature_name(&options.record_identifier)
            .event_time_feature_name(&options.event_time)
            .set_feature_definitions(Some(definitions))
            .set_online_store_config(options.stores.online.as_ref().map(groups::online_config))
            .set_offline_store_config(options.stores.offline.as_ref().map(groups::offline_config))
            .set_role_arn(options.stores.role.clone())
            .set_description(options.description.clone());
        match request.send().await {
            Ok(_) => Ok(Creation::Accepted),
            Err(SdkError::ServiceError(answer)) if answer.err().is_resource_in_use() => {
                Ok(Creation::Exists)
            }
            Err(error) => Err(store_error(&error)),
        }
    }

    async fn batch_write(
        &self,
        to: &Destination,
        records: &[Record],
    ) -> Result<BatchAnswer, StoreError> {
        let entries = records.iter().map(|record| records::entry(to, record)).collect();
        let answer = self.runtime.batch_write_record().set_entries(Some(entries)).send().await;
        records::by_place(&answer.map_err(|error| store_error(&error))?, records)
    }

    async fn put(&self, to: &Destination, record: &Record) -> Result<(), StoreError> {
        let request = self
            .runtime
            .put_record()
            .feature_group_name(&to.group)
            .set_record(Some(records::values(record)))
            .set_target_stores(to.stores.map(records::target_stores))
            .set_ttl_duration(to.ttl.map(records::ttl));
        let answer = request.send().await;
        answer.map(drop).map_err(|error| store_error(&error))
    }
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
