//! The names in the configuration: the pipeline and its parameters.

use std::fmt;

use aws_common::names::{is_pipeline_name, name_in_sagemaker_arn};

/// Longest name or ARN, in characters (SageMaker's `PipelineNameOrArn`).
const PIPELINE_NAME_OR_ARN_MAX: usize = 2048;
/// Longest parameter name, in characters (SageMaker's `PipelineParameterName`).
const PARAMETER_NAME_MAX: usize = 256;

/// The name or the ARN of a SageMaker pipeline.
///
/// A name has 1 to 256 letters, digits and hyphens, and neither begins nor ends with a hyphen. An
/// ARN has the form `arn:<partition>:sagemaker:<region>:<account>:pipeline/<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineNameOrArn(String);

/// The text is neither the name nor the ARN of a SageMaker pipeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither a pipeline name (1 to 256 letters, digits and hyphens, no hyphen at either \
     end) nor a pipeline ARN (arn:aws:sagemaker:<region>:<account>:pipeline/<name>)"
)]
pub struct InvalidPipelineName(String);

impl PipelineNameOrArn {
    /// Checks a name or an ARN.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidPipelineName`] if `text` is neither.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidPipelineName> {
        let text = text.into();
        let name = if text.starts_with("arn:") {
            name_in_sagemaker_arn(&text, "pipeline")
        } else {
            Some(text.as_str())
        };
        if text.len() <= PIPELINE_NAME_OR_ARN_MAX && name.is_some_and(is_pipeline_name) {
            Ok(Self(text))
        } else {
            Err(InvalidPipelineName(text))
        }
    }

    /// Returns the name or ARN as configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name in lower case, as SageMaker writes it in ARNs. A name and its ARN have the
    /// same canonical name, whatever their case.
    #[must_use]
    pub fn canonical_name(&self) -> String {
        let name = self.0.rsplit('/').next().unwrap_or(&self.0);
        name.to_ascii_lowercase()
    }
}

impl fmt::Display for PipelineNameOrArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a pipeline parameter: 1 to 256 letters, digits, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterName(String);

/// The text is not a valid name for a pipeline parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a parameter name (1 to 256 letters, digits, hyphens and underscores)")]
pub struct InvalidParameterName(String);

impl ParameterName {
    /// Checks a parameter's name.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidParameterName`] if `text` is not a valid name.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidParameterName> {
        let text = text.into();
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if (1..=PARAMETER_NAME_MAX).contains(&text.len()) && text.chars().all(legal) {
            Ok(Self(text))
        } else {
            Err(InvalidParameterName(text))
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The pipeline parameters that describe the uploaded object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterNames {
    /// Receives `s3://bucket/key`.
    pub url: ParameterName,
    /// Receives the version ID, if the event has one.
    pub version: Option<ParameterName>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/ingest-p-1";

    #[test]
    fn accepts_names_and_arns_of_every_partition() {
        let longest = "a".repeat(256);
        for text in [
            "a",
            "S3-Ingest-9",
            &longest,
            ARN,
            "arn:aws-cn:sagemaker:cn-north-1:123456789012:pipeline/x",
            "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:pipeline/x",
        ] {
            assert_eq!(PipelineNameOrArn::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn rejects_names_that_sagemaker_rejects() {
        let too_long = "a".repeat(257);
        for text in [
            "",
            "-a",
            "a-",
            "a b",
            "a_b",
            "파이프라인",
            "a/b",
            " a",
            "a\n",
            &too_long,
            "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/x",
            "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/",
            "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/x/execution/y",
            "arn:aws:sagemaker:eu-west-1:12:pipeline/x",
            "arn:aws:sagemaker::123456789012:pipeline/x",
            "arn:aws:s3:::bucket",
            "arn:",
        ] {
            let error = PipelineNameOrArn::new(text).unwrap_err();
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn name_and_arn_have_the_same_canonical_name() {
        let name = PipelineNameOrArn::new("Ingest-P-1").unwrap();
        let arn = PipelineNameOrArn::new(ARN).unwrap();
        assert_eq!(name.canonical_name(), "ingest-p-1");
        assert_eq!(arn.canonical_name(), name.canonical_name());
    }

    #[test]
    fn checks_parameter_names() {
        assert!(ParameterName::new("InputDataUrl").is_ok());
        assert!(ParameterName::new("a-b_9").is_ok());
        for text in ["", "a b", "입력", "a.b", &"a".repeat(257)] {
            assert!(ParameterName::new(text).is_err(), "{text}");
        }
    }
}
