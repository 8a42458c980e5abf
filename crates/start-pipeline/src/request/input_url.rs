//! The URL of the uploaded object.

use std::fmt;

use aws_common::names::is_any_bucket;

use crate::excerpt::excerpt;

/// Longest value of a pipeline parameter, in characters (SageMaker's `String1024`).
pub(super) const VALUE_MAX: usize = 1024;
/// Longest key, in bytes of UTF-8 (S3).
const KEY_MAX: usize = 1024;

/// `s3://bucket/key` with the key verbatim, in at most 1,024 characters: the limit of a pipeline
/// parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputUrl(String);

/// The object cannot be passed to the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// The bucket's name is not valid in S3.
    #[error("`{0}` is not a valid S3 bucket name; correct the event")]
    Bucket(String),
    /// The key is empty.
    #[error("the object's key is empty; correct the event")]
    EmptyKey,
    /// The key is longer than S3 allows.
    #[error(
        "the object's key has {0} bytes, but an S3 key has at most {KEY_MAX}; correct the event"
    )]
    KeyTooLong(usize),
    /// The URL does not fit into a pipeline parameter.
    #[error(
        "s3://bucket/key has {0} characters, but a pipeline parameter holds at most {VALUE_MAX}; \
         upload the object under a shorter key"
    )]
    UrlTooLong(usize),
    /// The version ID does not fit into a pipeline parameter.
    #[error(
        "the object's version ID has {0} characters, but a pipeline parameter holds at most \
         {VALUE_MAX}; correct the event"
    )]
    VersionTooLong(usize),
}

impl InputUrl {
    pub(super) fn new(bucket: &str, key: &str) -> Result<Self, InvalidInput> {
        if !is_any_bucket(bucket) {
            return Err(InvalidInput::Bucket(excerpt(bucket, 200).into_owned()));
        }
        if key.is_empty() {
            return Err(InvalidInput::EmptyKey);
        }
        if key.len() > KEY_MAX {
            return Err(InvalidInput::KeyTooLong(key.len()));
        }
        let url = format!("s3://{bucket}/{key}");
        match url.chars().count() {
            0..=VALUE_MAX => Ok(Self(url)),
            length => Err(InvalidInput::UrlTooLong(length)),
        }
    }

    /// Returns the URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InputUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_key_verbatim() {
        for key in ["a b+c%20d.csv", "전복/🐚", "a\nb", "//", "../..", "a?b#c"] {
            assert_eq!(
                InputUrl::new("bucket", key).unwrap().as_str(),
                format!("s3://bucket/{key}")
            );
        }
    }

    #[test]
    fn limits_url_in_characters_and_key_in_bytes() {
        // 341 Hangul syllables are 1,023 bytes but 341 characters.
        assert!(InputUrl::new("bucket", &"복".repeat(341)).is_ok());
        assert_eq!(InputUrl::new("bucket", &"복".repeat(342)), Err(InvalidInput::KeyTooLong(1026)));
        assert!(InputUrl::new("bucket", &"a".repeat(1024 - "s3://bucket/".len())).is_ok());
        assert_eq!(
            InputUrl::new("bucket", &"a".repeat(1025 - "s3://bucket/".len())),
            Err(InvalidInput::UrlTooLong(1025))
        );
    }

    #[test]
    fn rejects_invalid_bucket_names() {
        for bucket in ["", "ab", "a/b", "a b", "버킷-이름", "bucket?", &"a".repeat(256)] {
            let refused = InputUrl::new(bucket, "k");
            assert!(matches!(refused, Err(InvalidInput::Bucket(_))), "{bucket}: {refused:?}");
        }
        assert!(InputUrl::new("Legacy_Bucket.Name", "k").is_ok());
    }

    #[test]
    fn rejects_empty_key() {
        assert_eq!(InputUrl::new("bucket", ""), Err(InvalidInput::EmptyKey));
    }
}
