//! Types of settings. Every value of these types is one that SageMaker accepts.

use std::fmt;

use aws_common::names;

use crate::names::{is_duration, is_instance_type};

/// Families of SageMaker instances with local storage that have no `d` in their names.
const STORAGE_FAMILIES: [&str; 9] =
    ["g5", "g6", "g6e", "p5", "p5e", "p5en", "trn1", "trn1n", "trn2"];

/// The text is not a valid value. The message says what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not {expected}", .text.escape_debug())]
pub struct InvalidValue {
    text: String,
    expected: &'static str,
}

/// Defines a type for strings that `$legal` accepts.
macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $legal:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Checks the text and creates the value.
            ///
            /// # Errors
            ///
            /// [`InvalidValue`] if the text is not valid.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
                let (text, legal): (String, fn(&str) -> bool) = (text.into(), $legal);
                if legal(&text) { Ok(Self(text)) } else { Err(InvalidValue { text, expected: $expected }) }
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_value!(
    /// A SageMaker project's name: at most 32 letters, digits and hyphens.
    ProjectName,
    "a project name: 1 to 32 letters, digits and hyphens, no hyphen at either end",
    |text| names::is_separated(text, b"-", 32)
);
text_value!(
    /// A SageMaker project's id, such as `p-abcdefghijkl`: at most 20 letters, digits and hyphens.
    ProjectId,
    "a project id: 1 to 20 letters, digits and hyphens, no hyphen at either end",
    |text| names::is_separated(text, b"-", 20)
);
text_value!(
    /// The prefix of pipeline names, in lower case: `SageMaker` lower-cases ARNs, but IAM and event
    /// patterns are case-sensitive. 235 characters leave room for a hyphen and a project id.
    NamePrefix,
    "a name prefix: 1 to 235 lower-case letters, digits and hyphens, no hyphen at either end",
    |text| {
        names::is_separated(text, b"-", 235) && !text.bytes().any(|byte| byte.is_ascii_uppercase())
    }
);
text_value!(
    /// A pipeline's name: at most 256 letters, digits and hyphens.
    PipelineName,
    "a pipeline name: 1 to 256 letters, digits and hyphens, no hyphen at either end",
    names::is_pipeline_name
);
text_value!(
    /// How long the online store keeps a record, such as `30d`.
    TimeToLive,
    "a time to live: a whole number from 1 to 2147483647 and s, m, h, d or w, such as 30d",
    |text| names::time_to_live(text).is_some()
);
text_value!(
    /// A pipeline's description: one line of at most 3,072 characters.
    Description,
    "a description: one line of at most 3,072 characters",
    |text| text.chars().count() <= 3072 && !text.chars().any(|c| c.is_control() || "\u{2028}\u{2029}".contains(c))
);
text_value!(
    /// A feature group's name: at most 64 letters, digits, hyphens and underscores.
    FeatureGroupName,
    "a feature group name: 1 to 64 letters, digits, hyphens and underscores, beginning and ending \
     with a letter or digit",
    names::is_feature_group_name
);
text_value!(
    /// A processing instance's type, such as `ml.m5.4xlarge`.
    InstanceType,
    "an instance type such as ml.m5.4xlarge",
    is_instance_type
);
text_value!(
    /// A container image: `<registry>/<repository>:<tag>`, at most 255 characters.
    ImageUri,
    "a container image: at most 255 characters, no spaces, no https:// and no empty tag, such as \
     123456789012.dkr.ecr.eu-west-1.amazonaws.com/my-image:1",
    |text| {
        let whole = !text.contains("://") && !text.ends_with([':', '@', '/']) && !text.contains(":@");
        whole && (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    }
);
text_value!(
    /// A KMS key's id, alias or ARN, at most 2,048 characters.
    KmsKey,
    "a KMS key: its id, alias/<name> or ARN, at most 2,048 characters",
    |text| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte);
        (1..=2048).contains(&text.len()) && text.bytes().all(legal)
    }
);
text_value!(
    /// The id or ARN of a KMS key for volumes, at most 2,048 characters. SageMaker accepts no alias here.
    VolumeKmsKey,
    "a KMS key for volumes: its id or ARN, no alias, at most 2,048 characters",
    |text| KmsKey::new(text).is_ok() && !text.contains("alias/")
);
text_value!(
    /// A region's name, such as `eu-west-1`.
    Region,
    "a region such as eu-west-1",
    names::is_region
);
text_value!(
    /// A role's ARN.
    RoleArn,
    "a role's ARN: arn:aws:iam::<account>:role/<name>",
    |text| names::role_arn(text).is_some()
);
text_value!(
    /// A subnet's id, such as `subnet-0a1b2c3d`, at most 32 characters.
    SubnetId,
    "a subnet's id such as subnet-0a1b2c3d",
    |text| text.starts_with("subnet-") && names::is_separated(text, b"-", 32)
);
text_value!(
    /// A security group's id, such as `sg-0a1b2c3d`, at most 32 characters.
    SecurityGroupId,
    "a security group's id such as sg-0a1b2c3d",
    |text| text.starts_with("sg-") && names::is_separated(text, b"-", 32)
);
text_value!(
    /// An ISO 8601 duration, such as `P30D`.
    Duration,
    "a duration such as P30D (30 days) or PT12H (12 hours)",
    is_duration
);
text_value!(
    /// An S3 URL, `s3://<bucket>/<key or prefix>`, at most 1,024 characters: the maximum length of a
    /// pipeline parameter.
    ParameterUrl,
    "an S3 URL: s3://<bucket>/<key>, at most 1,024 characters",
    |text| {
        let bucket = text.strip_prefix("s3://").map(|rest| rest.split('/').next().unwrap_or(rest));
        bucket.is_some_and(names::is_bucket)
            && text.chars().count() <= 1024
            && !text.chars().any(char::is_control)
    }
);

impl RoleArn {
    /// Returns the partition, such as `aws` or `aws-cn`.
    #[must_use]
    pub fn partition(&self) -> &str {
        names::role_arn(&self.0).map_or("", |(partition, _)| partition)
    }

    /// Returns the account ID.
    #[must_use]
    pub fn account(&self) -> &str {
        names::role_arn(&self.0).map_or("", |(_, account)| account)
    }
}

impl InstanceType {
    /// Returns whether the instances have local storage, judged by the family's name:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/InstanceStorage.html>.
    #[must_use]
    pub fn has_local_storage(&self) -> bool {
        let family = self.0.split('.').nth(1).unwrap_or_default();
        // `d` in the attributes after the generation, as in `m5d` and `g4dn`.
        let attributes = family.trim_start_matches(|c: char| c.is_ascii_lowercase());
        attributes.contains('d') || STORAGE_FAMILIES.contains(&family)
    }
}

impl ParameterUrl {
    /// Returns the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        self.parts().0
    }

    /// Returns the key or prefix, without a leading slash; empty for a bucket.
    #[must_use]
    pub fn key(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        let path = self.0.strip_prefix("s3://").unwrap_or(&self.0);
        path.split_once('/').unwrap_or((path, ""))
    }

    /// Appends a path to the URL.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the result is too long.
    pub fn join(&self, path: &str) -> Result<Self, InvalidValue> {
        Self::new(format!("{}/{path}", self.0.trim_end_matches('/')))
    }
}
