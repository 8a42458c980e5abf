//! Maps an upload to a `StartPipelineExecution` request.
//!
//! Each field has a type whose constructor enforces the limits of AWS's service model, so every
//! [`StartRequest`] is one that SageMaker can accept.

mod client_request_token;
mod description;
mod display_name;
mod input_url;
mod input_version;
mod pipeline;

pub use client_request_token::ClientRequestToken;
pub use description::ExecutionDescription;
pub use display_name::ExecutionDisplayName;
pub use input_url::{InputUrl, InvalidInput};
pub use input_version::InputVersion;
pub use pipeline::{
    InvalidParameterName, InvalidPipelineName, ParameterName, ParameterNames, PipelineNameOrArn,
};

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
    /// The pipeline parameters that receive the URL and the version ID.
    pub parameter_names: ParameterNames,
    /// `s3://bucket/key`.
    pub input_url: InputUrl,
    /// The object's version ID, if the event has one and there is a parameter for it.
    pub input_version: Option<InputVersion>,
}

impl StartRequest {
    /// Maps an upload to the request that starts `pipeline` on it.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInput`] if the bucket's name or the key is not valid in S3, or if the URL or
    /// the version ID is too long for a pipeline parameter.
    pub fn new(
        pipeline: &PipelineNameOrArn,
        parameter_names: &ParameterNames,
        upload: &ObjectCreated,
    ) -> Result<Self, InvalidInput> {
        let version_id = parameter_names.version.as_ref().and(upload.version_id.as_deref());
        Ok(Self {
            input_url: InputUrl::new(&upload.bucket, &upload.key)?,
            token: ClientRequestToken::new(pipeline, upload),
            display_name: ExecutionDisplayName::new(&upload.key, upload.time),
            description: ExecutionDescription::new(&upload.key),
            pipeline: pipeline.clone(),
            input_version: version_id.map(InputVersion::new).transpose()?,
            parameter_names: parameter_names.clone(),
        })
    }

    /// Returns the names and values of the pipeline parameters.
    pub fn parameters(&self) -> impl Iterator<Item = (&ParameterName, &str)> {
        let url = (&self.parameter_names.url, self.input_url.as_str());
        let version = self.parameter_names.version.as_ref().zip(self.input_version.as_ref());
        std::iter::once(url).chain(version.map(|(name, version)| (name, version.as_str())))
    }
}
