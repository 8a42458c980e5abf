//! The input's URL: the one value that reaches the pipeline.

use std::fmt;

use crate::excerpt::excerpt;

/// Longest value of a pipeline parameter, in characters (SageMaker's `String1024`).
const VALUE_MAX: usize = 1024;
/// Longest key, in bytes of UTF-8 (S3).
const KEY_MAX: usize = 1024;
/// Shortest and longest bucket name: 3 to 63 characters today, up to 255 in buckets made in
/// us-east-1 before 2018, whose names may also hold upper case and underscores.
const BUCKET_LENGTH: std::ops::RangeInclusive<usize> = 3..=255;

/// `s3://bucket/key` with the key verbatim: at most 1,024 characters, the limit of a pipeline
/// parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputUrl(String);

/// The upload cannot be named to the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// The bucket's name is not one that S3 can have.
    #[error("`{0}` is not the name of an S3 bucket; nothing can be ingested from it")]
    Bucket(String),
    /// The key has no bytes.
    #[error("the object's key is empty; S3 has no such object")]
    EmptyKey,
    /// The key is longer than S3 allows.
    #[error("the object's key has {0} bytes; an S3 key has at most {KEY_MAX}")]
    KeyTooLong(usize),
    /// The URL does not fit into a pipeline parameter.
    #[error(
        "s3://bucket/key has {0} characters, and a pipeline parameter holds at most {VALUE_MAX}; \
         upload the object under a shorter key"
    )]
    UrlTooLong(usize),
}

impl InputUrl {
    pub(super) fn new(bucket: &str, key: &str) -> Result<Self, InvalidInput> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !BUCKET_LENGTH.contains(&bucket.len()) || !bucket.chars().all(legal) {
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

    /// The URL.
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
    fn holds_the_key_verbatim() {
        for key in ["a b+c%20d.csv", "전복/🐚", "a\nb", "//", "../..", "a?b#c"] {
            assert_eq!(
                InputUrl::new("bucket", key).unwrap().as_str(),
                format!("s3://bucket/{key}")
            );
        }
    }

    #[test]
    fn counts_characters_where_the_service_does_and_bytes_where_s3_does() {
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
    fn refuses_names_that_no_bucket_has() {
        for bucket in ["", "ab", "a/b", "a b", "버킷-이름", "bucket?", &"a".repeat(256)] {
            let refused = InputUrl::new(bucket, "k");
            assert!(matches!(refused, Err(InvalidInput::Bucket(_))), "{bucket}: {refused:?}");
        }
        assert!(InputUrl::new("Legacy_Bucket.Name", "k").is_ok());
    }

    #[test]
    fn refuses_an_empty_key() {
        assert_eq!(InputUrl::new("bucket", ""), Err(InvalidInput::EmptyKey));
    }
}
