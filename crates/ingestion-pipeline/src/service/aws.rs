//! [`Service`] through the AWS SDK.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_common::{ObjectUrl, S3};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::config::retry::RetryConfig;
use aws_sdk_sagemaker::config::timeout::TimeoutConfig;
use aws_sdk_sagemaker::primitives::DateTime;
use aws_sdk_sagemaker::types::{
    ParallelismConfiguration, Parameter, PipelineDefinitionS3Location, SortOrder, Tag,
};
use sdk_http_client::TrustStore;

use super::{
    Definition, Deployed, ErrorClass, Execution, Parts, Service, ServiceError, Start, Step,
    Summary, Tags,
};
use crate::values::{ParameterUrl, Region};

/// Attempts of each call, including the first. The SDK waits between them.
const ATTEMPTS: u32 = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// SageMaker and S3, with the SDK's signing, retries and timeouts.
#[derive(Debug, Clone)]
pub struct Aws {
    sagemaker: Client,
    s3: S3,
}

impl Aws {
    /// Creates clients for `region`, with credentials and endpoint from the environment. `s3_endpoint`
    /// is an endpoint for S3 only.
    pub async fn from_environment(region: &Region, s3_endpoint: Option<String>) -> Self {
        let http = sdk_http_client::Client::new(TrustStore::system());
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_config::Region::new(region.as_str().to_owned()))
            .http_client(http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
            .load()
            .await;
        Self::new(&config, &http, region, s3_endpoint)
    }

    /// Creates clients with this configuration. S3 uses `http`.
    #[must_use]
    pub fn new(
        config: &SdkConfig,
        http: &sdk_http_client::Client,
        region: &Region,
        s3_endpoint: Option<String>,
    ) -> Self {
        let s3 = S3::new(config, http, region.as_str(), s3_endpoint);
        Self { sagemaker: Client::new(config), s3 }
    }
}

impl Service for Aws {
    async fn describe(&self, pipeline: &str) -> Result<Option<Deployed>, ServiceError> {
        let answer = self.sagemaker.describe_pipeline().pipeline_name(pipeline).send().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let error =
                    ServiceError::from_sdk(format!("describing the pipeline {pipeline}"), error);
                return if error.class() == ErrorClass::NotFound { Ok(None) } else { Err(error) };
            }
        };
        Ok(Some(Deployed {
            arn: answer.pipeline_arn.unwrap_or_default(),
            definition: answer.pipeline_definition.unwrap_or_default(),
            description: answer.pipeline_description,
            role: answer.role_arn,
            parallelism: answer
                .parallelism_configuration
                .and_then(|parallelism| parallelism.max_parallel_execution_steps)
                .and_then(|steps| u32::try_from(steps).ok()),
        }))
    }

    async fn create(
        &self,
        pipeline: &str,
        parts: &Parts,
        tags: &Tags,
    ) -> Result<String, ServiceError> {
        let (inline, at) = definition(parts);
        let answer = self
            .sagemaker
            .create_pipeline()
            .pipeline_name(pipeline)
            .set_pipeline_definition(inline)
            .set_pipeline_definition_s3_location(at)
            .set_pipeline_description(parts.description.clone())
            .set_role_arn(parts.role.clone())
            .set_parallelism_configuration(parallelism(parts))
            .set_tags(Some(sdk_tags(tags)))
            .send()
            .await;
        let what = || format!("creating the pipeline {pipeline}");
        let answer = answer.map_err(|error| ServiceError::from_sdk(what(), error).of_creating())?;
        answer.pipeline_arn.ok_or_else(|| no_arn(what()))
    }

    async fn update(&self, pipeline: &str, parts: &Parts) -> Result<(), ServiceError> {
        let (inline, at) = definition(parts);
        let answer = self
            .sagemaker
            .update_pipeline()
            .pipeline_name(pipeline)
            .set_pipeline_definition(inline)
            .set_pipeline_definition_s3_location(at)
            .set_pipeline_description(parts.description.clone())
            .set_role_arn(parts.role.clone())
            .set_parallelism_configuration(parallelism(parts))
            .send()
            .await;
        let what = || format!("updating the pipeline {pipeline}");
        answer.map(drop).map_err(|error| ServiceError::from_sdk(what(), error))
    }

    async fn delete(&self, pipeline: &str) -> Result<(), ServiceError> {
        let answer = self.sagemaker.delete_pipeline().pipeline_name(pipeline).send().await;
        let what = || format!("deleting the pipeline {pipeline}");
        match answer.map(drop).map_err(|error| ServiceError::from_sdk(what(), error)) {
            // A retry finds no pipeline if the first attempt succeeded but its response was lost.
            Err(error) if error.class() == ErrorClass::NotFound => Ok(()),
            result => result,
        }
    }

    async fn tags(&self, arn: &str) -> Result<Tags, ServiceError> {
        let mut pages = self.sagemaker.list_tags().resource_arn(arn).into_paginator().send();
        let mut tags = Tags::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                ServiceError::from_sdk(format!("listing the tags of {arn}"), error)
            })?;
            let named = page.tags.unwrap_or_default().into_iter();
            tags.extend(named.filter_map(|tag| Some((tag.key?, tag.value?))));
        }
        Ok(tags)
    }

    async fn add_tags(&self, arn: &str, tags: &Tags) -> Result<(), ServiceError> {
        let request = self.sagemaker.add_tags().resource_arn(arn).set_tags(Some(sdk_tags(tags)));
        let what = || format!("adding tags to {arn}");
        request.send().await.map(drop).map_err(|error| ServiceError::from_sdk(what(), error))
    }

    async fn start(&self, pipeline: &str, start: &Start) -> Result<String, ServiceError> {
        let parameters = start.parameters.iter();
        let parameters =
            parameters.map(|(name, value)| Parameter::builder().name(name).value(value).build());
        let answer = self
            .sagemaker
            .start_pipeline_execution()
            .pipeline_name(pipeline)
            .set_pipeline_parameters(Some(parameters.collect()))
            .send()
            .await;
        let what = || format!("starting the pipeline {pipeline}");
        let answer = answer.map_err(|error| ServiceError::from_sdk(what(), error))?;
        answer.pipeline_execution_arn.ok_or_else(|| no_arn(what()))
    }

    async fn executions(&self, pipeline: &str, most: usize) -> Result<Vec<Summary>, ServiceError> {
        let mut pages = self
            .sagemaker
            .list_pipeline_executions()
            .pipeline_name(pipeline)
            .sort_order(SortOrder::Descending)
            .max_results(i32::try_from(most.clamp(1, 100)).unwrap_or(100))
            .into_paginator()
            .send();
        let mut summaries = Vec::new();
        while summaries.len() < most
            && let Some(page) = pages.next().await
        {
            let what = || format!("listing the executions of the pipeline {pipeline}");
            let page = page.map_err(|error| ServiceError::from_sdk(what(), error))?;
            let found = page.pipeline_execution_summaries.unwrap_or_default().into_iter();
            summaries.extend(found.map(|summary| Summary {
                arn: summary.pipeline_execution_arn.unwrap_or_default(),
                name: summary.pipeline_execution_display_name,
                status: text(summary.pipeline_execution_status),
                started: summary.start_time.and_then(time),
            }));
        }
        summaries.truncate(most);
        Ok(summaries)
    }

    async fn execution(&self, arn: &str) -> Result<Execution, ServiceError> {
        let request = self.sagemaker.describe_pipeline_execution().pipeline_execution_arn(arn);
        let what = || format!("describing the execution {arn}");
        let answer = request.send().await.map_err(|error| ServiceError::from_sdk(what(), error))?;
        Ok(Execution {
            status: text(answer.pipeline_execution_status),
            failure: answer.failure_reason,
            started: answer.creation_time.and_then(time),
            changed: answer.last_modified_time.and_then(time),
        })
    }

    async fn steps(&self, execution: &str) -> Result<Vec<Step>, ServiceError> {
        let request =
            self.sagemaker.list_pipeline_execution_steps().pipeline_execution_arn(execution);
        let mut pages = request.sort_order(SortOrder::Ascending).into_paginator().send();
        let mut steps = Vec::new();
        while let Some(page) = pages.next().await {
            let what = || format!("listing the steps of {execution}");
            let page = page.map_err(|error| ServiceError::from_sdk(what(), error))?;
            let found = page.pipeline_execution_steps.unwrap_or_default().into_iter();
            steps.extend(found.map(|step| Step {
                name: step.step_name.unwrap_or_default(),
                status: text(step.step_status),
                failure: step.failure_reason,
                job: step.metadata.and_then(|metadata| metadata.processing_job?.arn),
                attempt: step.attempt_count,
            }));
        }
        Ok(steps)
    }

    async fn parameters(&self, execution: &str) -> Result<BTreeMap<String, String>, ServiceError> {
        let request = self.sagemaker.list_pipeline_parameters_for_execution();
        let mut pages = request.pipeline_execution_arn(execution).into_paginator().send();
        let mut parameters = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let what = || format!("listing the parameters of {execution}");
            let page = page.map_err(|error| ServiceError::from_sdk(what(), error))?;
            let found = page.pipeline_parameters.unwrap_or_default().into_iter();
            parameters
                .extend(found.filter_map(|parameter| Some((parameter.name?, parameter.value?))));
        }
        Ok(parameters)
    }

    async fn get_object(&self, url: &ParameterUrl) -> Result<Vec<u8>, ServiceError> {
        Ok(self.s3.get(&object(url)?).await?)
    }

    async fn put_object(&self, url: &ParameterUrl, bytes: &[u8]) -> Result<(), ServiceError> {
        Ok(self.s3.put(&object(url)?, bytes).await?)
    }
}

fn definition(parts: &Parts) -> (Option<String>, Option<PipelineDefinitionS3Location>) {
    match &parts.definition {
        None => (None, None),
        Some(Definition::Inline(text)) => (Some(text.clone()), None),
        Some(Definition::At(url)) => {
            let at =
                PipelineDefinitionS3Location::builder().bucket(url.bucket()).object_key(url.key());
            (None, Some(at.build()))
        }
    }
}

fn parallelism(parts: &Parts) -> Option<ParallelismConfiguration> {
    let steps = i32::try_from(parts.parallelism?).unwrap_or(i32::MAX);
    Some(ParallelismConfiguration::builder().max_parallel_execution_steps(steps).build())
}

fn sdk_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(name, value)| Tag::builder().key(name).value(value).build()).collect()
}

fn text<T: ToString>(status: Option<T>) -> String {
    status.map_or_else(|| "Unknown".to_owned(), |status| status.to_string())
}

fn time(time: DateTime) -> Option<SystemTime> {
    SystemTime::try_from(time).ok()
}

/// Converts a URL. Fails if the key is too long for S3: a URL of 1,024 characters can have more bytes.
fn object(url: &ParameterUrl) -> Result<ObjectUrl, ServiceError> {
    ObjectUrl::new(url.bucket(), url.key()).map_err(|error| {
        ServiceError::new(format!("checking {url}"), ErrorClass::Refused, error.to_string())
    })
}

fn no_arn(what: String) -> ServiceError {
    ServiceError::new(what, ErrorClass::Fault, "SageMaker's response contains no ARN")
}
