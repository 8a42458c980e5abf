//! S3 URLs of objects and prefixes.

use std::fmt;
use std::str::FromStr;

use crate::names::is_bucket;

/// Maximum length of a key, in bytes.
const MAX_KEY: usize = 1024;

/// An S3 URL, `s3://<bucket>/<key>`. The key is verbatim, and empty for a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectUrl {
    bucket: String,
    key: String,
}

/// The text is not an S3 URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not an S3 URL: s3://<bucket>/<key>, with a key of at most 1,024 bytes", .0.escape_debug())]
pub struct InvalidUrl(String);

impl ObjectUrl {
    /// Creates the URL of a key in a bucket.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] if the bucket or the key is invalid.
    pub fn new(bucket: &str, key: &str) -> Result<Self, InvalidUrl> {
        if is_bucket(bucket) && key.len() <= MAX_KEY && !key.contains('\0') {
            Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
        } else {
            Err(InvalidUrl(format!("s3://{bucket}/{key}")))
        }
    }

    /// Returns the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns the key or prefix, without a leading slash. Empty for a bucket.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the URL of another key in the same bucket.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] if the key is too long.
    pub fn with_key(&self, key: &str) -> Result<Self, InvalidUrl> {
        Self::new(&self.bucket, key)
    }
}

impl FromStr for ObjectUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let path = text.strip_prefix("s3://").ok_or_else(|| InvalidUrl(text.to_owned()))?;
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        Self::new(bucket, key).map_err(|_| InvalidUrl(text.to_owned()))
    }
}

impl fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_keys_verbatim() {
        for key in ["", "a.csv", "a b/ü+%20//..", "데이터.csv"] {
            let text = format!("s3://bucket-a/{key}");
            let url: ObjectUrl = text.parse().unwrap();
            assert_eq!((url.bucket(), url.key(), url.to_string()), ("bucket-a", key, text));
        }
        assert_eq!("s3://bucket-a".parse::<ObjectUrl>().unwrap().key(), "");
    }

    #[test]
    fn rejects_other_texts() {
        let long = format!("s3://bucket-a/{}", "k".repeat(1025));
        for text in ["", "bucket-a/k", "s3:/bucket-a/k", "s3://", "s3:///k", "s3://B_/k", &long] {
            assert!(text.parse::<ObjectUrl>().is_err(), "{text}");
        }
    }
}
