//! Maps an upload to a `StartPipelineExecution` request.
//!
//! Each field has a type whose constructor enforces the limits of AWS's service model, so every
//! [`StartRequest`] is one that SageMaker can accept.

mod client_request_token;
mod description;
mod display_name;
mod input_url;
mod pipeline;

pub use client_request_token::ClientRequestToken;
pub use description::ExecutionDescription;
pub use display_name::ExecutionDisplayName;
pub use input_url::{InputUrl, InvalidInput};
pub use pipeline::{InvalidParameterName, InvalidPipelineName, ParameterName, PipelineNameOrArn};

use crate::event::ObjectCreated;

/// A `StartPipelineExecution` request. It depends only on the event and the configuration: equal
/// events result in equal requests, on any machine and at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartRequest {
    /// The pipeline to start, as configured: a name or an ARN.
    pub pipeline: PipelineNameOrArn,
    /// Ensures that redeliveries of one upload start only one execution.
    pub token: ClientRequestToken,
    /// The name in Studio's list of executions.
    pub display_name: ExecutionDisplayName,
    /// The object's key in readable form.
    pub description: ExecutionDescription,
    /// The pipeline parameter that receives the URL.
    pub input_parameter: ParameterName,
    /// `s3://bucket/key`, the parameter's value.
    pub input_url: InputUrl,
}

impl StartRequest {
    /// Maps an upload to the request that starts `pipeline` on it.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInput`] if the bucket's name or the key is not valid in S3, or if the URL is
    /// too long for a pipeline parameter.
    pub fn new(
        pipeline: &PipelineNameOrArn,
        input_parameter: &ParameterName,
        upload: &ObjectCreated,
    ) -> Result<Self, InvalidInput> {
        Ok(Self {
            input_url: InputUrl::new(&upload.bucket, &upload.key)?,
            token: ClientRequestToken::new(pipeline, upload),
            display_name: ExecutionDisplayName::new(&upload.key, upload.time),
            description: ExecutionDescription::new(&upload.key),
            pipeline: pipeline.clone(),
            input_parameter: input_parameter.clone(),
        })
    }
}
